/** Comparing the pointers of a bucket with the store: the cheap form, which reads no snapshot. */
import { HoldfastError } from '../../core/errors.js';
import type { Key, StoredEnvironment } from '../../store/store.js';
import type { BucketReader } from '../../bucket/bucket.js';
import { copiedKeys, decodeManifest, lacksKeys, manifestName, type Manifest } from '../format.js';

/** What a bucket has of an environment, beside what the store has. */
export type ManifestComparison =
  | { readonly kind: 'equal'; readonly pointer: Manifest }
  /** The store has a newer version, or a key or a revocation that the copy lacks. */
  | { readonly kind: 'behind'; readonly pointer: Manifest }
  | { readonly kind: 'absent' }
  /** The copy is newer than the store. */
  | { readonly kind: 'ahead'; readonly pointer: Manifest }
  | { readonly kind: 'damaged'; readonly error: HoldfastError };

/** Pointers that were read, so that what has not changed is not sent again. */
export class ManifestCache {
  readonly #bucket: BucketReader;
  readonly #read = new Map<bigint, { etag: string; pointer: Manifest }>();

  constructor(bucket: BucketReader) {
    this.#bucket = bucket;
  }

  /** The version that the pointer had when it was read last; `undefined` when it was not read. */
  version(environment: bigint): bigint | undefined {
    return this.#read.get(environment)?.pointer.version;
  }

  /** @throws HoldfastError `bucket_unavailable`; `copy_damaged` */
  async read(environment: bigint, signal: AbortSignal): Promise<Manifest | undefined> {
    const known = this.#read.get(environment);
    const reading = await this.#bucket.read(manifestName(environment), { unless: known?.etag, signal });
    if (reading.kind === 'unchanged') return known?.pointer;
    this.#read.delete(environment);
    if (reading.kind === 'absent') return undefined;
    const pointer = decodeManifest(reading.bytes, environment);
    this.#read.set(environment, { etag: reading.etag, pointer });
    return pointer;
  }
}

/** @throws HoldfastError `bucket_unavailable` */
export async function compareManifest(
  pointers: ManifestCache,
  stored: StoredEnvironment,
  keys: readonly Key[],
  signal: AbortSignal,
): Promise<ManifestComparison> {
  try {
    const pointer = await pointers.read(stored.id, signal);
    if (pointer === undefined) return { kind: 'absent' };
    if (pointer.version > stored.version) return { kind: 'ahead', pointer };
    // The same version of another time is another commit: only a transfer, which reads the ruleset, tells what that means.
    const another = pointer.version === stored.version && pointer.committedAt !== stored.at;
    const behind = pointer.version < stored.version || another || lacksKeys(pointer.keys, copiedKeys(keys));
    return { kind: behind ? 'behind' : 'equal', pointer };
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'copy_damaged') return { kind: 'damaged', error };
    throw error;
  }
}

/** Runs `work` for each item, at most that many at a time. Stops at the first that rejects, and rejects with it. */
export async function inParallel<T>(
  items: Iterable<T>,
  atATime: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && !failed; next = iterator.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, lane));
}
