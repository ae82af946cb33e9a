/**
 * The last good copies on disk, so that a belt server can start while every source is down. The
 * folder is a bucket like those that copies are read from, written by this server alone:
 * `writtenAt` in a manifest is when the copy was last known to be the newest.
 */
import { KeyedQueue } from '../../core/keyed-queue.js';
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { Bucket } from '../../bucket/bucket.js';
import { decodeManifest, encodeManifest, type Manifest } from '../format/manifest.js';
import {
  manifestName,
  MANIFEST_CACHE,
  MANIFEST_TYPE,
  SNAPSHOT_CACHE,
  SNAPSHOT_TYPE,
  snapshotName,
} from '../format/names.js';
import { checkSnapshot } from '../format/snapshot.js';
import { validateCopy } from './validate.js';

/** Keeps the last good copies in a folder. */
export class CopyCache {
  readonly #bucket: Bucket;
  readonly #log: Logger;
  /** The writes of each environment, one after the other. */
  readonly #writes = new KeyedQueue<bigint>();
  /** The version of each environment that is on disk, as far as is known. */
  readonly #versions = new Map<bigint, bigint>();
  #failing = false;

  constructor(bucket: Bucket, log: Logger) {
    this.#bucket = bucket;
    this.#log = log;
  }

  /**
   * The copy, checked as one from a source is. `undefined`: there is none, or it is damaged. Never
   * rejects.
   */
  async read(environment: bigint): Promise<{ manifest: Manifest; ruleset: Ruleset } | undefined> {
    try {
      const reading = await this.#bucket.read(manifestName(environment));
      if (reading.kind !== 'found') return undefined;
      const manifest = decodeManifest(reading.bytes, environment);
      const snapshot = await this.#bucket.read(manifest.object);
      if (snapshot.kind !== 'found') throw new Error(`${manifest.object} is not there`);
      const ruleset = validateCopy(manifest, snapshot.bytes);
      this.#versions.set(environment, manifest.version);
      return { manifest, ruleset };
    } catch (error) {
      this.#log.warn(
        { environment: `${environment}`, error: messageOf(error) },
        'the copy on disk cannot be used',
      );
      return undefined;
    }
  }

  /**
   * Writes a manifest, behind the snapshot of its ruleset if that is not there yet. Resolves to
   * whether that succeeded; a failure is logged.
   *
   * @param ruleset as it is now; when it is the turn of this write it may have moved on, and then a
   *   later write is for that
   */
  write(manifest: Manifest, ruleset: Ruleset): Promise<boolean> {
    return this.#writes.run(manifest.environment, () => this.#write(manifest, ruleset));
  }

  /** Resolves when everything that was to be written is. */
  async settled(): Promise<void> {
    await this.#writes.settled();
  }

  async #write(manifest: Manifest, ruleset: Ruleset): Promise<boolean> {
    try {
      await this.#writeCopy(manifest, ruleset);
      this.#failing = false;
      return true;
    } catch (error) {
      if (!this.#failing) {
        const about = { cache: this.#bucket.name, error: messageOf(error) };
        this.#log.warn(about, 'copies cannot be kept on disk');
      }
      this.#failing = true;
      return false;
    }
  }

  async #writeCopy(manifest: Manifest, ruleset: Ruleset): Promise<void> {
    const { environment, version, object } = manifest;
    const before = this.#versions.get(environment);
    if (before !== version) {
      if (ruleset.version !== version) return;
      const snapshot = ruleset.encode(0n);
      checkSnapshot(manifest, snapshot);
      await this.#bucket.write(object, snapshot, {
        contentType: SNAPSHOT_TYPE,
        cacheControl: SNAPSHOT_CACHE,
      });
    }
    const options = { contentType: MANIFEST_TYPE, cacheControl: MANIFEST_CACHE };
    await this.#bucket.write(manifestName(environment), encodeManifest(manifest), options);
    this.#versions.set(environment, version);
    if (before !== undefined && before !== version) {
      await this.#bucket.remove(snapshotName(environment, before));
    }
  }
}
