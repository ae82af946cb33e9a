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
  type ImportPlan,
  type PlannedChange,
} from '../datafile.js';
import type { ImportTarget } from '../early-segments.js';
import type { Present } from '../api.js';
import { UsageError, type CommandIO } from '../io.js';
import { count } from '../format.js';
import { Progress } from '../progress.js';

/**
 * Commits a datafile; `import`.
 *
 * @param file a path, or `-` for standard input
 */
export async function importFile(
  context: CommandContext,
  file: string,
  options: Pick<ImportOptions, 'keepIds' | 'remap'> & CommitReason,
): Promise<void> {
  const datafile = await readFileOf(context.around, file);
  const api = await context.api();
  const environment = await api.environmentId(context.environment());
  const { keepIds, remap, message } = options;
  const target = keepIds ? { target: targetOf(await api.present(environment)) } : {};
  const plan = planImport(datafile, { environment, keepIds, remap, changeBytes: CHANGE_BYTES, ...target });
  await commitImport(context, environment, plan, { message });
}

/** Returns what an import with kept ids has to know of an environment. */
export function targetOf({ configs, etag }: Present): ImportTarget {
  const segments = configs.filter(({ configType }) => configType === 'SEGMENT');
  return {
    version: BigInt(etag?.replaceAll('"', '') ?? 0),
    segments: new Set(segments.map(({ key = '' }) => key)),
  };
}

/** The reason for changes. */
export interface CommitReason {
  readonly message: string | undefined;
}

/** Commits what is planned of a datafile, and says so. */
export async function commitImport(
  context: CommandContext,
  environment: string,
  { changes, skipped, hasDefaultContext }: ImportPlan,
  reason: CommitReason,
): Promise<void> {
  const { configs, previous, version } = await commitChanges(context, environment, changes, reason);
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
 * @param options.etag the version that the first is based on
 */
export async function commitChanges(
  context: CommandContext,
  environment: string,
  changes: readonly PlannedChange[],
  { etag, message }: CommitReason & { readonly etag?: string | undefined },
): Promise<CommittedChanges> {
  const api = await context.api();
  const progress = new Progress(context);
  const total = changes.reduce((all, change) => all + change.configs, 0);
  let sum: CommittedChanges = { configs: 0, previous: null, version: null };
  for (const [i, change] of changes.entries()) {
    progress.tell(`Importing: ${sum.configs} of ${count(total, 'config')} committed`);
    try {
      const { previous, version } = await api.commit(
        environment,
        change.body,
        i === 0 ? etag : undefined,
        message,
      );
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
