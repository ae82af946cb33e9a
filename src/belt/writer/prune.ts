/** Going through all names of a bucket: removes old snapshots, and finds copies that the store knows nothing of. */
import { HoldfastError } from '../../core/errors.js';
import type { Bucket } from '../../bucket/bucket.js';
import { ENVIRONMENTS_PREFIX, obsolete, parseName, snapshotName, type ListedSnapshot } from '../format.js';
import type { ManifestCache } from './manifests.js';

/**
 * How long a snapshot stays after it was superseded, milliseconds. A reader fetches it right after its pointer; caches on the way may
 * have kept that for a while.
 */
export const GRACE_MS = 10 * 60 * 1000;

export interface PruneParts {
  readonly bucket: Bucket;
  readonly pointers: ManifestCache;
  /** How many snapshots of an environment stay, the current one included. */
  readonly keep: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export interface Pruned {
  /** Environments that have a copy. */
  readonly environments: ReadonlySet<bigint>;
  /** Environments whose snapshot is not there, although the pointer names it: somebody or something removed it. */
  readonly incomplete: readonly bigint[];
  readonly removed: number;
}

/** @throws HoldfastError `bucket_unavailable` */
export async function prune(parts: PruneParts): Promise<Pruned> {
  const environments = new Set<bigint>();
  const incomplete: bigint[] = [];
  let removed = 0;
  for await (const { environment, snapshots } of folders(parts)) {
    environments.add(environment);
    // As it was read before the listing began: what it names is in the listing, or gone.
    const named = parts.pointers.version(environment);
    if (named !== undefined && !snapshots.some(({ version }) => version >= named))
      incomplete.push(environment);
    removed += await pruneEnvironment(environment, snapshots, parts);
  }
  return { environments, incomplete, removed };
}

/** What there is, by environment: names come in order, so those of an environment come together. */
async function* folders({
  bucket,
  signal,
}: PruneParts): AsyncGenerator<{ environment: bigint; snapshots: ListedSnapshot[] }, void, void> {
  let current: { environment: bigint; snapshots: ListedSnapshot[] } | undefined;
  for await (const { name, writtenAt } of bucket.list(ENVIRONMENTS_PREFIX, signal)) {
    const parsed = parseName(name);
    if (parsed === undefined) continue;
    if (current?.environment !== parsed.environment) {
      if (current !== undefined) yield current;
      current = { environment: parsed.environment, snapshots: [] };
    }
    if (parsed.kind === 'snapshot') current.snapshots.push({ version: parsed.version, writtenAt });
  }
  if (current !== undefined) yield current;
}

async function pruneEnvironment(
  environment: bigint,
  snapshots: ListedSnapshot[],
  parts: PruneParts,
): Promise<number> {
  const { bucket, pointers, keep, now, signal } = parts;
  if (snapshots.length <= keep) return 0;
  const pointer = await pointers.read(environment, signal).catch(unreadable);
  // Without a pointer nobody knows which of them a reader may want.
  if (pointer === undefined) return 0;
  const old = obsolete(snapshots, pointer.version, { keep, grace: GRACE_MS, now: now() });
  for (const version of old) await bucket.remove(snapshotName(environment, version), signal);
  return old.length;
}

function unreadable(error: unknown): undefined {
  if (!(error instanceof HoldfastError && error.code === 'copy_damaged')) throw error;
}
