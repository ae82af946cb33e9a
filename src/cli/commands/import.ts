/** `import`: commits a datafile. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../core/errors.js';
import type { Configs } from '../../ruleset/model.js';
import type { Api } from '../api.js';
import { planImport, readDatafile, type ImportOptions } from '../datafile.js';
import { UsageError, type CommandIO } from '../io.js';
import { count } from '../format.js';

/** @param file a path, or `-` for standard input */
export async function importFile(
  api: Api,
  around: CommandIO,
  file: string,
  options: ImportOptions,
): Promise<void> {
  await importDatafile(api, around, await readFileOf(around, file), options);
}

/** Commits what was read of a datafile. */
export async function importDatafile(
  api: Api,
  around: CommandIO,
  datafile: Configs,
  options: ImportOptions,
): Promise<void> {
  const plan = planImport(datafile, options);
  let configs = 0;
  let first: string | undefined;
  let last: string | undefined;
  for (const [i, change] of plan.changes.entries()) {
    try {
      const committed = await api.commit(options.environment, change.body);
      first ??= committed.previous;
      last = committed.version;
      configs += change.configs;
    } catch (error) {
      if (i > 0) {
        around.stderr.write(
          `${i} of ${count(plan.changes.length, 'change')} (${count(configs, 'config')}) are committed; then one failed. The same import can be repeated.\n`,
        );
      }
      throw error;
    }
  }
  const versions = first === undefined || last === undefined ? '' : `: version ${first} → ${last}`;
  around.stdout.write(
    `Imported ${count(configs, 'config')} into environment ${options.environment} in ${count(plan.changes.length, 'change')}${versions}\n`,
  );
  if (plan.skipped.length > 0) {
    around.stderr.write(
      `${count(plan.skipped.length, 'deletion')} in the file left out: without --keep-ids an import deletes nothing.\n`,
    );
  }
  if (plan.hasDefaultContext) {
    around.stderr.write(
      'The default context in the file is not imported; it is a setting of the environment.\n',
    );
  }
}

/** Reads a datafile; `-` is standard input. */
export async function readFileOf(around: CommandIO, file: string): Promise<Configs> {
  return file === '-'
    ? readDatafile('Standard input', await readAll(around.stdin))
    : readDatafile(file, await readPath(file));
}

async function readPath(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

async function readAll(stream: CommandIO['stdin']): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
