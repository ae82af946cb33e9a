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
import { withVariable } from '../../config/option.js';
import { awsOf } from '../../config/read.js';
import { createLog } from '../../observe/log.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import { count } from '../format.js';

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
export async function verifyBelt(context: CommandContext, { within, all }: VerifyOptions): Promise<void> {
  const { env, around } = context;
  if (!/^\d{1,6}$/.test(within)) throw new UsageError('--within must be a number of seconds.');
  const settings = readBeltWriterSettings(env);
  const buckets = await openBuckets(settings);
  const copies: ShownCopy[] = [];
  const problems: string[] = [];
  await withStore(settings.store, async (store) => {
    for (const bucket of buckets) {
      try {
        const verified = await verifyBucket(bucket, store, around.signal);
        const differing = verified.filter((each) => !isFine(each, Number(within) * 1000, around.now()));
        const shown = all ? verified : verified.filter(({ state }) => state !== 'equal');
        copies.push(...shown.map((each) => shownCopy(bucket, each)));
        context.err.line(`${bucket.name}: ${summaryOf(verified)}`);
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
  answer(context, { copies }, (out) => {
    const rows = copies.map((copy) => rowOf(copy, around.now()));
    if (rows.length > 0) {
      out.table([['BUCKET', 'ENVIRONMENT', 'STATE', 'COPY', 'STORE', 'WRITTEN'], ...rows], 'BUCKET');
    }
  });
  if (problems.length > 0) throw new Error(problems.join(' '));
}

/** Writes back what the store lost from the copies in a bucket. */
export async function restoreFrom(context: CommandContext, url: string): Promise<void> {
  const { env, around } = context;
  // The bucket is the one that is named, and need not be one that is written to.
  const settings = readBeltWriterSettings(withVariable(env, 'HOLDFAST_BELT', url));
  const bucket = await openBucket(url, awsOf(settings));
  await withStore(settings.store, async (store) => {
    const { environments, older, keys } = await restoreCopies(store, bucket, around.signal);
    const restored = environments.map(({ id, version }) => ({ id: `${id}`, version: `${version}` }));
    answer(context, { environments: restored, keys }, (out) => {
      for (const { id, version } of restored) out.line(`Environment ${id} is back at version ${version}`);
      out.line(`Restored ${count(environments.length, 'environment')} and ${count(keys, 'key')}`);
    });
    for (const id of older) {
      context.err.line(
        `Environment ${id} is newer in the bucket than in the store, which is left alone: it has gone on since.`,
      );
    }
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

/** A copy as it is printed; versions are decimal text, absent ones null. */
interface ShownCopy {
  readonly bucket: string;
  readonly environment: string;
  readonly state: string;
  readonly copy: string | null;
  readonly stored: string | null;
  /** ISO 8601. */
  readonly writtenAt: string | null;
}

function shownCopy(bucket: Bucket, each: VerifiedCopy): ShownCopy {
  const { environment, state, copy, stored, writtenAt } = each;
  return {
    bucket: bucket.name,
    environment: `${environment}`,
    state,
    copy: copy === undefined ? null : `${copy}`,
    stored: stored === undefined ? null : `${stored}`,
    writtenAt: writtenAt === undefined ? null : new Date(writtenAt).toISOString(),
  };
}

function rowOf(shown: ShownCopy, now: number): string[] {
  const { bucket, environment, state, copy, stored, writtenAt } = shown;
  const age =
    writtenAt === null ? '-' : `${Math.max(0, Math.round((now - Date.parse(writtenAt)) / 1000))} s ago`;
  return [bucket, environment, state, copy ?? '-', stored ?? '-', age];
}

function summaryOf(verified: readonly VerifiedCopy[]): string {
  const counts = new Map<string, number>();
  for (const { state } of verified) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, number]) => `${number} ${state}`);
  return parts.length === 0 ? 'no environments' : parts.join(', ');
}
