/**
 * The last good copies on disk, so that a belt server can start while every source is down. The
 * folder is a bucket like those that copies are read from, written by this server alone:
 * `writtenAt` in a manifest is when the copy was last known to be the newest.
 *
 * The folder is bounded: beyond its size, the environments that were used longest ago are removed.
 * A crash may leave a snapshot without its manifest, or a temporary file; both go at the start.
 */
import type { Logger } from 'pino';
import type { FileBucket } from '../../bucket/file.js';
import { messageOf } from '../../core/errors.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import { packKeys, unpackKeys } from '../format/keys.js';
import { decodeManifest, encodeManifest, type Manifest } from '../format/manifest.js';
import {
  ENVIRONMENTS_PREFIX,
  folderName,
  KEYS_TYPE,
  manifestName,
  MANIFEST_CACHE,
  MANIFEST_TYPE,
  parseName,
  SNAPSHOT_CACHE,
  SNAPSHOT_TYPE,
} from '../format/names.js';
import { checkSnapshot } from '../format/snapshot.js';
import { CacheIndex } from './cache-index.js';
import { validateCopy } from './validate.js';

/** The collaborators of a cache. */
export interface CopyCacheOptions {
  readonly bucket: FileBucket;
  /** The size beyond which environments are removed, bytes. */
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly monotonic: () => number;
  readonly log: Logger;
  /** Told of each environment that is removed for lack of room. */
  readonly onRemoved: () => void;
}

/** The state of the cache, for readiness and metrics. */
export interface CacheStatus {
  /** `failing`: the last write failed. */
  readonly state: 'ok' | 'failing';
  /** Why it is failing. */
  readonly error: string | undefined;
  readonly bytes: number;
  readonly environments: number;
}

/** After a failed write, none is tried for so long, milliseconds: a full disk stays full a while. */
const PAUSE_MS = 10_000;
/** The object that shows at the start whether the folder can be written to. */
const PROBE_NAME = 'writable';
const PROBE_OPTIONS = { contentType: 'text/plain', cacheControl: 'no-store' };

/** Keeps the last good copies in a folder. */
export class CopyCache {
  readonly #options: CopyCacheOptions;
  /** The writes of each environment, one after the other. */
  readonly #writes = new KeyedQueue<bigint>();
  readonly #index = new CacheIndex();
  #starting: Promise<void> | undefined;
  /** Until then nothing is written: its temporary file would be taken for one that a crash left. */
  #cleaned: Promise<unknown> = Promise.resolve();
  #error: string | undefined;
  #failedAt = -Infinity;

  constructor(options: CopyCacheOptions) {
    this.#options = options;
  }

  /**
   * Tries to write, removes what a crash left, and counts what is there. Copies can be read in the
   * meantime. Never rejects.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  status(): CacheStatus {
    const { bytes, size } = this.#index;
    return {
      state: this.#error === undefined ? 'ok' : 'failing',
      error: this.#error,
      bytes,
      environments: size,
    };
  }

  /** Returns the manifest of an environment; `undefined`: none, or it is damaged. Never rejects. */
  async manifest(environment: bigint): Promise<Manifest | undefined> {
    try {
      const reading = await this.#options.bucket.read(manifestName(environment));
      if (reading.kind !== 'found') return undefined;
      return await unpackKeys(decodeManifest(reading.bytes, environment), async ({ object, bytes: max }) => {
        const keys = await this.#options.bucket.read(object, { max });
        return keys.kind === 'found' ? keys.bytes : undefined;
      });
    } catch (error) {
      this.#warn(environment, error);
      return undefined;
    }
  }

  /**
   * Returns the ruleset of a manifest, checked as one from a source is; `undefined`: there is none,
   * or it is damaged. Never rejects.
   */
  async ruleset(manifest: Manifest): Promise<Ruleset | undefined> {
    const { environment, version, object } = manifest;
    try {
      const snapshot = await this.#options.bucket.read(object);
      if (snapshot.kind !== 'found') throw new Error(`${object} is not there`);
      const ruleset = validateCopy(manifest, snapshot.bytes);
      const bytes = manifest.bytes + (manifest.keysObject?.bytes ?? 0);
      this.#index.set(environment, { bytes, version });
      return ruleset;
    } catch (error) {
      this.#warn(environment, error);
      return undefined;
    }
  }

  /**
   * Writes a manifest, behind the snapshot of its ruleset if that is not there yet. Resolves to
   * whether that succeeded; the first failure is logged, and nothing is tried for a while then.
   *
   * @param ruleset as it is now; when it is the turn of this write it may have moved on, and then a
   *   later write is for that
   */
  write(manifest: Manifest, ruleset: Ruleset): Promise<boolean> {
    return this.#writes.run(manifest.environment, async () => {
      await this.#cleaned;
      if (this.#error !== undefined && this.#options.monotonic() - this.#failedAt < PAUSE_MS) return false;
      return this.#noting(() => this.#writeCopy(manifest, ruleset));
    });
  }

  /** Resolves when everything that was to be written is. */
  async settled(): Promise<void> {
    await this.#starting;
    await this.#writes.settled();
  }

  async #start(): Promise<void> {
    const { bucket, log } = this.#options;
    this.#cleaned = this.#noting(async () => {
      await bucket.write(PROBE_NAME, new Uint8Array(), PROBE_OPTIONS);
      await bucket.remove(PROBE_NAME);
      await bucket.removeTemporary();
    });
    await this.#cleaned;
    await this.#noting(() => this.#count());
    const { bytes, environments } = this.status();
    log.info({ cache: bucket.name, environments, bytes }, 'copies on disk');
    this.#makeRoom();
  }

  /** Counts what is there, by age, and tidies up the environments that are not as they should be. */
  async #count(): Promise<void> {
    const found = new Map<bigint, Record<'bytes' | 'at' | 'manifest' | 'snapshot' | 'keys', number>>();
    for await (const { name, bytes, writtenAt } of this.#options.bucket.list(ENVIRONMENTS_PREFIX)) {
      const parsed = parseName(name);
      if (parsed === undefined) continue;
      const each = found.get(parsed.environment) ?? { bytes: 0, at: 0, manifest: 0, snapshot: 0, keys: 0 };
      each[parsed.kind]++;
      const at = parsed.kind === 'manifest' ? writtenAt : each.at;
      found.set(parsed.environment, { ...each, bytes: each.bytes + bytes, at });
    }
    this.#index.addOlder([...found].sort(([, a], [, b]) => a.at - b.at));
    for (const [environment, { manifest, snapshot, keys }] of found) {
      if (manifest !== 1 || snapshot !== 1 || keys > 1)
        await this.#writes.run(environment, () => this.#tidy(environment));
    }
  }

  async #tidy(environment: bigint): Promise<void> {
    const manifest = await this.manifest(environment);
    if (manifest === undefined) {
      await this.#options.bucket.removeFolder(folderName(environment));
      this.#index.delete(environment);
    } else {
      await this.#removeOthers(manifest);
    }
  }

  async #writeCopy(served: Manifest, ruleset: Ruleset): Promise<void> {
    const { bucket } = this.#options;
    const { manifest, keys } = await packKeys(served);
    const { environment, version, object } = manifest;
    const isThere = this.#index.get(environment)?.version === version;
    if (!isThere) {
      if (ruleset.version !== version) return;
      const snapshot = ruleset.encode(0n);
      checkSnapshot(manifest, snapshot);
      await bucket.write(object, snapshot, { contentType: SNAPSHOT_TYPE, cacheControl: SNAPSHOT_CACHE });
    }
    const immutable = { contentType: KEYS_TYPE, cacheControl: SNAPSHOT_CACHE, condition: 'absent' } as const;
    if (keys !== undefined) await bucket.write(keys.name, keys.content, immutable);
    const encoded = encodeManifest(manifest);
    const options = { contentType: MANIFEST_TYPE, cacheControl: MANIFEST_CACHE };
    await bucket.write(manifestName(environment), encoded, options);
    const bytes = manifest.bytes + encoded.length + (keys?.content.length ?? 0);
    this.#index.set(environment, { version, bytes });
    if (!isThere || keys !== undefined) await this.#removeOthers(manifest);
    this.#makeRoom();
  }

  /** Removes the snapshots and the keys that a manifest does not name. */
  async #removeOthers({ environment, object, keysObject }: Manifest): Promise<void> {
    const { bucket } = this.#options;
    for await (const { name } of bucket.list(folderName(environment))) {
      const kind = parseName(name)?.kind;
      const named = kind === 'keys' ? keysObject?.object : object;
      if (kind !== undefined && kind !== 'manifest' && name !== named) await bucket.remove(name);
    }
  }

  #makeRoom(): void {
    const { bucket, maxBytes, log, onRemoved } = this.#options;
    for (const environment of this.#index.takeOldest(maxBytes)) {
      onRemoved();
      log.debug({ environment: `${environment}` }, 'a copy is removed from disk: there is no room');
      void this.#writes.run(environment, () =>
        this.#noting(async () => {
          // It may have been written again since.
          if (!this.#index.has(environment)) await bucket.removeFolder(folderName(environment));
        }),
      );
    }
  }

  async #noting(work: () => Promise<void>): Promise<boolean> {
    const { bucket, log, monotonic } = this.#options;
    try {
      await work();
      if (this.#error !== undefined) log.info({ cache: bucket.name }, 'copies are kept on disk again');
      this.#error = undefined;
      return true;
    } catch (error) {
      const isNew = this.#error === undefined;
      this.#error = messageOf(error);
      this.#failedAt = monotonic();
      if (isNew) log.warn({ cache: bucket.name, error: this.#error }, 'copies cannot be kept on disk');
      return false;
    }
  }

  #warn(environment: bigint, error: unknown): void {
    const about = { environment: `${environment}`, error: messageOf(error) };
    this.#options.log.warn(about, 'the copy on disk cannot be used');
  }
}
