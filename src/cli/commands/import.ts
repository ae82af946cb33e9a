/** `import`: commits a datafile. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../core/errors.js';
import type { Configs } from '../../ruleset/model.js';
import { answer, type CommandContext } from '../context.js';
import {
  CHANGE_BYTES,
  planImport,
  readDatafile,
  type ImportOptions,
  type PlannedChange,
} from '../datafile.js';
import { UsageError, type CommandIO } from '../io.js';
import { count } from '../format.js';
import { Progress } from '../progress.js';

/** @param file a path, or `-` for standard input */
export async function importFile(
  context: CommandContext,
  file: string,
  options: Pick<ImportOptions, 'keepIds' | 'remap'>,
): Promise<void> {
  const datafile = await readFileOf(context.around, file);
  const environment = await (await context.api()).environmentId(context.environment());
  await importDatafile(context, datafile, { ...options, environment, changeBytes: CHANGE_BYTES });
}

/** Commits what was read of a datafile. */
export async function importDatafile(
  context: CommandContext,
  datafile: Configs,
  options: ImportOptions,
): Promise<void> {
  const { environment } = options;
  const { changes, skipped, hasDefaultContext } = planImport(datafile, options);
  const { configs, previous, version } = await commitChanges(context, environment, changes);
  const result = { environment, configs, changes: changes.length, previous, version, skipped };
  answer(context, result, (out) => {
    const versions = version === null ? '' : `: version ${previous} → ${version}`;
    out.line(
      `Imported ${count(configs, 'config')} into environment ${environment} in ${count(changes.length, 'change')}${versions}`,
    );
  });
  if (skipped.length > 0) {
    context.err.line(
      `${count(skipped.length, 'deletion')} in the file left out: without --keep-ids an import deletes nothing.`,
    );
  }
  if (hasDefaultContext) {
    context.err.line('The default context in the file is not imported; it is a setting of the environment.');
  }
}

/** The sum of the changes that were committed; versions are null when there were none. */
export interface CommittedChanges {
  readonly configs: number;
  readonly previous: string | null;
  readonly version: string | null;
}

/**
 * Commits changes one after the other.
 *
 * @param etag the version that the first is based on
 */
export async function commitChanges(
  context: CommandContext,
  environment: string,
  changes: readonly PlannedChange[],
  etag?: string,
): Promise<CommittedChanges> {
  const api = await context.api();
  const progress = new Progress(context);
  const total = changes.reduce((all, change) => all + change.configs, 0);
  let sum: CommittedChanges = { configs: 0, previous: null, version: null };
  for (const [i, change] of changes.entries()) {
    progress.tell(`Importing: ${sum.configs} of ${count(total, 'config')} committed`);
    try {
      const { previous, version } = await api.commit(environment, change.body, i === 0 ? etag : undefined);
      sum = { configs: sum.configs + change.configs, previous: sum.previous ?? previous, version };
    } catch (error) {
      progress.end();
      if (i > 0) {
        context.err.line(
          `${i} of ${count(changes.length, 'change')} (${count(sum.configs, 'config')}) are committed; then one failed. The same import can be repeated.`,
        );
      }
      throw error;
    }
  }
  progress.end();
  return sum;
}

/** Reads a datafile; `-` is standard input. */
export async function readFileOf(around: CommandIO, file: string): Promise<Configs> {
  return readDatafile(file === '-' ? 'Standard input' : file, await readTextOf(around, file));
}

/** Reads the text of a file; `-` is standard input. */
export async function readTextOf(around: CommandIO, file: string): Promise<string> {
  return file === '-' ? readAll(around.stdin) : readPath(file);
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
