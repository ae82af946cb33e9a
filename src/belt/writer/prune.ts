/**
 * Prunes a bucket: goes through all its names, removes old snapshots, and finds copies that the
 * store knows nothing of.
 */
import { HoldfastError } from '../../core/errors.js';
import type { Bucket } from '../../bucket/bucket.js';
import { ENVIRONMENTS_PREFIX, parseName, snapshotName } from '../format/names.js';
import type { Manifest } from '../format/manifest.js';
import { obsolete, type ListedSnapshot } from '../format/snapshot.js';
import type { ManifestCache } from './manifests.js';

/**
 * The time that a snapshot stays after it was superseded, milliseconds. A reader fetches it right
 * after its manifest; caches on the way may have kept that for a while.
 */
const GRACE_MS = 10 * 60 * 1000;

/** The parts and settings of a pruning. */
export interface PruneParts {
  readonly bucket: Bucket;
  readonly manifests: ManifestCache;
  /** The number of snapshots of an environment that stay, the current one included. */
  readonly keep: number;
  /** The environments that the store has. */
  readonly stored: ReadonlySet<bigint>;
  readonly seen: SeenSnapshots;
  readonly signal: AbortSignal;
}

/** The results of a pruning. */
export interface Pruned {
  /** Environments that have a copy. */
  readonly environments: ReadonlySet<bigint>;
  /**
   * Environments whose snapshot or keys are missing although the manifest names them: they were
   * removed from outside.
   */
  readonly incomplete: readonly bigint[];
  readonly removed: number;
}

/**
 * SeenSnapshots remembers since when snapshots and objects of keys are there, by a monotonic clock: the times that a
 * bucket says are of clocks that may be off. After a start nothing is known, so that what could go
 * stays for one pruning longer.
 */
export class SeenSnapshots {
  readonly #monotonic: () => number;
  #since = new Map<string, number>();
  #found = new Map<string, number>();

  /** @param monotonic milliseconds */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Notes that an object is there. Returns the milliseconds since it was first seen. */
  see(name: string): number {
    const now = this.#monotonic();
    const since = this.#since.get(name) ?? now;
    this.#found.set(name, since);
    return now - since;
  }

  /** Forgets those that were not seen since the last time. */
  settle(): void {
    this.#since = this.#found;
    this.#found = new Map();
  }
}

/** @throws HoldfastError `bucket_unavailable` */
export async function prune(parts: PruneParts): Promise<Pruned> {
  const environments = new Set<bigint>();
  const incomplete: bigint[] = [];
  let removed = 0;
  for await (const folder of folders(parts)) {
    const { environment } = folder;
    environments.add(environment);
    // As it was read before the listing began: what it names is in the listing, or gone.
    const known = parts.manifests.known(environment);
    if (known !== undefined && lacksObjects(folder, known)) incomplete.push(environment);
    removed += await pruneEnvironment(folder, parts);
  }
  parts.seen.settle();
  return { environments, incomplete, removed };
}

/** The objects of one environment that a bucket lists. */
interface Folder {
  readonly environment: bigint;
  readonly snapshots: ListedSnapshot[];
  /** The objects of keys, with the milliseconds since each was first seen. */
  readonly keys: { readonly name: string; readonly knownFor: number }[];
}

/** True when what a manifest names is not there, nor a newer snapshot. */
function lacksObjects({ snapshots, keys }: Folder, { version, keysObject }: Manifest): boolean {
  if (!snapshots.some((each) => each.version >= version)) return true;
  return keysObject !== undefined && !keys.some(({ name }) => name === keysObject.object);
}

/**
 * Groups the names by environment: they come in order, so those of an environment come together.
 */
async function* folders({ bucket, seen, signal }: PruneParts): AsyncGenerator<Folder, void, void> {
  let current: Folder | undefined;
  for await (const { name } of bucket.list(ENVIRONMENTS_PREFIX, signal)) {
    const parsed = parseName(name);
    if (parsed === undefined) continue;
    if (current?.environment !== parsed.environment) {
      if (current !== undefined) yield current;
      current = { environment: parsed.environment, snapshots: [], keys: [] };
    }
    const { kind } = parsed;
    if (kind === 'snapshot') current.snapshots.push({ version: parsed.version, knownFor: seen.see(name) });
    else if (kind === 'keys') current.keys.push({ name, knownFor: seen.see(name) });
  }
  if (current !== undefined) yield current;
}

async function pruneEnvironment(
  { environment, snapshots, keys }: Folder,
  { bucket, manifests, signal, ...parts }: PruneParts,
): Promise<number> {
  // No client needs what a deleted environment was.
  const keep = parts.stored.has(environment) ? parts.keep : 1;
  if (snapshots.length <= keep && keys.length <= 1) return 0;
  const manifest = await manifests.read(environment, signal).catch(unreadable);
  // Without a manifest it is not known which of them a reader may want.
  if (manifest === undefined) return 0;
  const oldKeys = keys.filter(
    ({ name, knownFor }) => name !== manifest.keysObject?.object && knownFor >= GRACE_MS,
  );
  // The store may have lost it: then its copies are all there is.
  const isLost = !parts.stored.has(environment) && manifest.deleted !== true;
  const old = isLost ? [] : obsolete(snapshots, manifest.version, { keep, grace: GRACE_MS });
  for (const version of old) await bucket.remove(snapshotName(environment, version), signal);
  for (const { name } of isLost ? [] : oldKeys) await bucket.remove(name, signal);
  return old.length;
}

function unreadable(error: unknown): undefined {
  if (!(error instanceof HoldfastError && error.code === 'copy_damaged')) throw error;
}
