/** Reads the keys of manifests that have them in an object, and remembers the last ones. */
import type { BucketReader } from '../../bucket/bucket.js';
import { KEYS_MAX_BYTES, unpackKeys } from '../format/keys.js';
import type { Manifest } from '../format/manifest.js';

/** Environments whose keys are remembered: each takes some 30 MB for 100,000 keys. */
const REMEMBERED = 2;

/** Gives manifests of one bucket their keys. */
export class KeysReader {
  readonly #bucket: BucketReader;
  readonly #last = new Map<string, Manifest['keys']>();

  constructor(bucket: BucketReader) {
    this.#bucket = bucket;
  }

  /** @throws HoldfastError `bucket_unavailable`; `copy_damaged` */
  async unpack(manifest: Manifest, signal?: AbortSignal): Promise<Manifest> {
    const name = manifest.keysObject?.object;
    const known = name === undefined ? undefined : this.#last.get(name);
    if (known !== undefined) return { ...manifest, keys: known };
    const read = await unpackKeys(manifest, async ({ object }) => {
      const reading = await this.#bucket.read(object, { max: KEYS_MAX_BYTES, signal });
      return reading.kind === 'found' ? reading.bytes : undefined;
    });
    this.remember(read);
    return read;
  }

  /** Remembers the keys of a manifest that was written or read. */
  remember({ keysObject, keys }: Manifest): void {
    if (keysObject === undefined) return;
    this.#last.delete(keysObject.object);
    this.#last.set(keysObject.object, keys);
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= REMEMBERED) return;
      this.#last.delete(oldest);
    }
  }
}
