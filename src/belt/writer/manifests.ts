/** Comparing the manifests of a bucket with the store: the cheap form, which reads no snapshot. */
import { HoldfastError } from '../../core/errors.js';
import type { Key, StoredEnvironment } from '../../store/store.js';
import type { BucketReader } from '../../bucket/bucket.js';
import { decodeManifest, type Manifest } from '../format/manifest.js';
import { manifestName } from '../format/names.js';
import { runSoon } from '../../core/steps.js';
import { isPacked } from '../format/keys.js';
import { copiedKeysSteps, lacksKeys } from '../format/order.js';
import { KeysReader } from './keys-reader.js';

/** A bucket's manifest of an environment, compared with the store's version. */
export type ManifestComparison =
  | { readonly kind: 'equal'; readonly manifest: Manifest }
  /** The store has a newer version, or a key or a revocation that the copy lacks. */
  | { readonly kind: 'behind'; readonly manifest: Manifest }
  | { readonly kind: 'absent' }
  /** The copy is newer than the store. */
  | { readonly kind: 'ahead'; readonly manifest: Manifest }
  | { readonly kind: 'damaged'; readonly error: HoldfastError };

/** Manifests that were read, so that what has not changed is not sent again. */
export class ManifestCache {
  readonly #bucket: BucketReader;
  readonly #keys: KeysReader;
  readonly #read = new Map<bigint, { etag: string; manifest: Manifest }>();

  constructor(bucket: BucketReader) {
    this.#bucket = bucket;
    this.#keys = new KeysReader(bucket);
  }

  /** The manifest as it was read last, without keys in an object; `undefined` when it was not. */
  known(environment: bigint): Manifest | undefined {
    return this.#read.get(environment)?.manifest;
  }

  /** @throws HoldfastError `bucket_unavailable`; `copy_damaged` */
  async withKeys(manifest: Manifest, signal: AbortSignal): Promise<Manifest> {
    return this.#keys.unpack(manifest, signal);
  }

  /**
   * Reads a manifest, without keys in an object.
   *
   * @throws HoldfastError `bucket_unavailable`; `copy_damaged`
   */
  async read(environment: bigint, signal: AbortSignal): Promise<Manifest | undefined> {
    const known = this.#read.get(environment);
    const reading = await this.#bucket.read(manifestName(environment), { unless: known?.etag, signal });
    if (reading.kind === 'unchanged') return known?.manifest;
    this.#read.delete(environment);
    if (reading.kind === 'absent') return undefined;
    const manifest = decodeManifest(reading.bytes, environment);
    this.#read.set(environment, { etag: reading.etag, manifest });
    return manifest;
  }
}

/** @throws HoldfastError `bucket_unavailable` */
export async function compareManifest(
  manifests: ManifestCache,
  stored: StoredEnvironment,
  keys: readonly Key[],
  signal: AbortSignal,
): Promise<ManifestComparison> {
  try {
    const manifest = await manifests.read(stored.id, signal);
    if (manifest === undefined) return { kind: 'absent' };
    if (manifest.version > stored.version) return { kind: 'ahead', manifest };
    // The same version of another time is another commit: only a transfer, which reads the ruleset,
    // tells what that means.
    const another = manifest.version === stored.version && manifest.committedAt !== stored.at;
    const behind = manifest.version < stored.version || another || !isPacked(manifest);
    if (behind) return { kind: 'behind', manifest };
    const [copied, { keys: there }] = [
      await runSoon(copiedKeysSteps(keys)),
      await manifests.withKeys(manifest, signal),
    ];
    return { kind: lacksKeys(there, copied) ? 'behind' : 'equal', manifest };
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'copy_damaged') return { kind: 'damaged', error };
    throw error;
  }
}

/**
 * Runs `work` for each item, at most that many at a time. Stops at the first that rejects, and
 * rejects with it.
 */
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
