/**
 * `belt verify` and `restore --from`: commands that work on the buckets and the store themselves,
 * and need no server.
 */
import type { Bucket } from '../../bucket/bucket.js';
import { openBucket } from '../../bucket/open.js';
import { verifyBucket, type VerifiedCopy } from '../../belt/writer/verify.js';
import { restoreCopies } from '../../recovery/restore-from-belt.js';
import { openBuckets } from '../../app/build/belt-writer.js';
import { readBeltWriterSettings } from '../../config/belt-writer.js';
import type { EnvironmentVariables } from '../../config/option.js';
import { awsOf } from '../../config/read.js';
import { createLog } from '../../observe/log.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { UsageError, type CommandIO } from '../io.js';
import { columns, count, plain } from '../format.js';

/** Says nothing but errors: the output is the command's. */
const LOG_LEVEL = 'silent';

/** The options of `belt verify`. */
export interface VerifyOptions {
  /** Seconds: a copy may be behind by a change that is younger. */
  readonly within: string;
  /** Also those that are equal. */
  readonly all: boolean;
}

/**
 * Prints what differs between the store and each bucket. Throws when something does, but for
 * changes that are younger than `within`, and when a bucket cannot be read; after all buckets.
 */
export async function verifyBelt(
  env: EnvironmentVariables,
  around: CommandIO,
  { within, all }: VerifyOptions,
): Promise<void> {
  if (!/^\d{1,6}$/.test(within)) throw new UsageError('--within must be a number of seconds.');
  const settings = readBeltWriterSettings(env);
  const buckets = await openBuckets(settings);
  const rows: string[][] = [];
  const problems: string[] = [];
  await withStore(settings.store, async (store) => {
    for (const bucket of buckets) {
      try {
        const verified = await verifyBucket(bucket, store, around.signal);
        const differing = verified.filter((each) => !isFine(each, Number(within) * 1000, around.now()));
        const shown = all ? verified : verified.filter(({ state }) => state !== 'equal');
        rows.push(...shown.map((each) => rowOf(bucket, each, around.now())));
        around.stderr.write(`${bucket.name}: ${summaryOf(verified)}\n`);
        problems.push(...differing.map(({ problem }) => problem).filter((text) => text !== undefined));
        if (differing.length > 0) {
          problems.push(`Of the copies in ${bucket.name}, ${differing.length} are not what the store has.`);
        }
      } catch (error) {
        if (around.signal.aborted) throw error;
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
  });
  if (rows.length > 0) {
    around.stdout.write(columns([['BUCKET', 'ENVIRONMENT', 'STATE', 'COPY', 'STORE', 'WRITTEN'], ...rows]));
  }
  if (problems.length > 0) throw new Error(problems.join(' '));
}

/** Writes back what the store lost from the copies in a bucket. */
export async function restoreFrom(env: EnvironmentVariables, around: CommandIO, url: string): Promise<void> {
  // The bucket is the one that is named, and need not be one that is written to.
  const settings = readBeltWriterSettings({ ...env, HOLDFAST_BELT: url });
  const bucket = await openBucket(url, awsOf(settings));
  await withStore(settings.store, async (store) => {
    const { environments, older, keys } = await restoreCopies(store, bucket, around.signal);
    for (const { id, version } of environments) {
      around.stdout.write(`Environment ${id} is back at version ${version}\n`);
    }
    for (const id of older) {
      around.stderr.write(
        `Environment ${id} is newer in the bucket than in the store, which is left alone: it has gone on since.\n`,
      );
    }
    around.stdout.write(`Restored ${count(environments.length, 'environment')} and ${count(keys, 'key')}\n`);
  });
}

async function withStore(location: string, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(location, { log: createLog(LOG_LEVEL) });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

function isFine({ state, committedAt }: VerifiedCopy, within: number, now: number): boolean {
  if (state === 'equal') return true;
  const passing = state === 'behind' || state === 'absent';
  return passing && committedAt !== undefined && now - committedAt < within;
}

function rowOf(bucket: Bucket, each: VerifiedCopy, now: number): string[] {
  const { environment, state, copy, stored, writtenAt } = each;
  const age = writtenAt === undefined ? '-' : `${Math.max(0, Math.round((now - writtenAt) / 1000))} s ago`;
  return [bucket.name, `${environment}`, state, `${copy ?? '-'}`, `${stored ?? '-'}`, age].map(plain);
}

function summaryOf(verified: readonly VerifiedCopy[]): string {
  const counts = new Map<string, number>();
  for (const { state } of verified) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, number]) => `${number} ${state}`);
  return parts.length === 0 ? 'no environments' : parts.join(', ');
}
