/**
 * The last good copies on disk, so that a belt server can start while every source is down. The folder is a bucket like those that copies
 * are read from, written by this server alone: `writtenAt` in a pointer is when the copy was last known to be the newest.
 */
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import type { Bucket } from '../../bucket/bucket.js';
import {
  checkSnapshot,
  decodeManifest,
  encodeManifest,
  manifestName,
  MANIFEST_CACHE,
  MANIFEST_TYPE,
  SNAPSHOT_CACHE,
  SNAPSHOT_TYPE,
  snapshotName,
  type Manifest,
} from '../format.js';
import { validateCopy } from './validate.js';

export class CopyCache {
  readonly #bucket: Bucket;
  readonly #log: Logger;
  /** The writes of each environment that are under way, one after the other. */
  readonly #writing = new Map<bigint, Promise<boolean>>();
  /** The version of each environment that is on disk, as far as is known. */
  readonly #versions = new Map<bigint, bigint>();
  #failing = false;

  constructor(bucket: Bucket, log: Logger) {
    this.#bucket = bucket;
    this.#log = log;
  }

  /** The copy, checked as one from a source is. `undefined`: there is none, or it is damaged. Never rejects. */
  async read(environment: bigint): Promise<{ pointer: Manifest; ruleset: Ruleset } | undefined> {
    try {
      const reading = await this.#bucket.read(manifestName(environment));
      if (reading.kind !== 'found') return undefined;
      const pointer = decodeManifest(reading.bytes, environment);
      const snapshot = await this.#bucket.read(pointer.object);
      if (snapshot.kind !== 'found') throw new Error(`${pointer.object} is not there`);
      const ruleset = validateCopy(pointer, snapshot.bytes);
      this.#versions.set(environment, pointer.version);
      return { pointer, ruleset };
    } catch (error) {
      this.#log.warn(
        { environment: `${environment}`, error: messageOf(error) },
        'the copy on disk cannot be used',
      );
      return undefined;
    }
  }

  /**
   * Writes a pointer, behind the snapshot of its ruleset if that is not there yet. Resolves to whether that succeeded; a failure is logged.
   *
   * @param ruleset as it is now; when it is the turn of this write it may have moved on, and then a later write is for that
   */
  write(pointer: Manifest, ruleset: Ruleset): Promise<boolean> {
    const { environment } = pointer;
    const before = this.#writing.get(environment) ?? Promise.resolve(true);
    const writing = before.then(() => this.#write(pointer, ruleset));
    this.#writing.set(environment, writing);
    void writing.then(() => {
      if (this.#writing.get(environment) === writing) this.#writing.delete(environment);
    });
    return writing;
  }

  /** Resolves when everything that was to be written is. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing.values());
  }

  async #write(pointer: Manifest, ruleset: Ruleset): Promise<boolean> {
    try {
      await this.#writeCopy(pointer, ruleset);
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

  async #writeCopy(pointer: Manifest, ruleset: Ruleset): Promise<void> {
    const { environment, version, object } = pointer;
    const before = this.#versions.get(environment);
    if (before !== version) {
      if (ruleset.version !== version) return;
      const snapshot = ruleset.encode(0n);
      checkSnapshot(pointer, snapshot);
      await this.#bucket.write(object, snapshot, {
        contentType: SNAPSHOT_TYPE,
        cacheControl: SNAPSHOT_CACHE,
      });
    }
    const options = { contentType: MANIFEST_TYPE, cacheControl: MANIFEST_CACHE };
    await this.#bucket.write(manifestName(environment), encodeManifest(pointer), options);
    this.#versions.set(environment, version);
    if (before !== undefined && before !== version) {
      await this.#bucket.remove(snapshotName(environment, before));
    }
  }
}
