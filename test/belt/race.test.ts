/**
 * The invariant of the belt under two writers that stop anywhere: a manifest never goes back, what
 * it names is always there and whole, and in the end it names the newest ruleset.
 */
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket, Listed, BucketRead, WriteOptions, BucketWrite } from '../../src/bucket/bucket.js';
import { FileBucket } from '../../src/bucket/file.js';
import { KeysReader } from '../../src/belt/writer/keys-reader.js';
import { upload } from '../../src/belt/writer/upload.js';
import { Keyring } from '../../src/keys/keyring.js';
import type { Store } from '../../src/store/store.js';
import {
  apiKey,
  creation,
  flag,
  removeDirectory,
  silent,
  temporaryDirectory,
  update,
} from '../store/fixtures.js';
import { copyIn, manifestIn } from '../support/belt.js';
import { openFileStore } from '../../src/store/file/store.js';

let store: Store;
let directory: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  store = await openFileStore(join(directory, 'store'), { log: silent });
});

afterEach(async () => {
  await store.close();
  await removeDirectory(directory);
});

/**
 * A bucket in memory whose every step happens when the test says so: reads and writes are one step
 * each, as in an object store.
 */
class SteppedBucket implements Bucket {
  readonly name = 'stepped';
  readonly objects: Map<string, Buffer>;
  readonly #step: () => Promise<void>;
  readonly #onWrite: (name: string) => void;

  constructor(objects: Map<string, Buffer>, step: () => Promise<void>, onWrite: (name: string) => void) {
    this.objects = objects;
    this.#step = step;
    this.#onWrite = onWrite;
  }

  async read(name: string): Promise<BucketRead> {
    await this.#step();
    const bytes = this.objects.get(name);
    return bytes === undefined ? { kind: 'absent' } : { kind: 'found', bytes, etag: etagOf(bytes) };
  }

  async write(name: string, bytes: Uint8Array, { condition }: WriteOptions): Promise<BucketWrite> {
    await this.#step();
    const present = this.objects.get(name);
    if (condition === 'absent' && present !== undefined) return { kind: 'conflict' };
    if (typeof condition === 'object' && (present === undefined || etagOf(present) !== condition.etag)) {
      return { kind: 'conflict' };
    }
    this.objects.set(name, Buffer.from(bytes));
    this.#onWrite(name);
    return { kind: 'written' };
  }

  async *list(): AsyncGenerator<Listed, void, void> {
    // Nothing here lists.
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  conditions(): Promise<'kept'> {
    return Promise.resolve('kept');
  }
}

const etagOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('two writers that stop anywhere', () => {
  it('two writers that stop anywhere never take a manifest back, and never leave it naming what is not there', async () => {
    const choices = fc.array(fc.nat({ max: 4 }), { minLength: 20, maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(choices, async (schedule) => {
        const environment = BigInt(fresh++);
        await run(environment, schedule);
      }),
      { numRuns: 60 },
    );
  });

  let fresh = 1;

  async function run(environment: bigint, schedule: readonly number[]): Promise<void> {
    const objects = new Map<string, Buffer>();
    const seen: { version: bigint; revoked: boolean }[] = [];
    const look = async (): Promise<void> => {
      // As a reader: whatever the moment, the manifest and what it names belong together.
      const copy = await copyIn(
        new SteppedBucket(
          objects,
          () => Promise.resolve(),
          () => undefined,
        ),
        environment,
      );
      if (copy === undefined) return;
      const revoked = copy.manifest.keys.some(({ revokedAt }) => revokedAt !== undefined);
      seen.push({ version: copy.manifest.version, revoked });
    };
    await store.commit(creation(environment));
    const key = apiKey(`key-${environment}`, { environment, hash: `hash ${environment}` });
    await store.addKey(key);

    const writers = [0, 1].map(() => new SteppedWriter(environment, objects));
    let version = 0n;
    for (const choice of schedule) {
      if (choice <= 1) await writers[choice]!.step();
      else if (choice === 2) {
        await store.commit(update(environment, version, [flag(version + 1n, 'a', version % 2n === 0n)]));
        version++;
      } else if (choice === 3) await store.revokeKey(key.id, 7);
      else await writers[seen.length % 2]!.step();
      await look();
    }
    for (const writer of writers) await writer.finish();
    // The writer that goes on from the cursor.
    await new SteppedWriter(environment, objects).finish();
    await look();

    for (const [i, { version: later, revoked }] of seen.entries()) {
      const earlier = seen[i - 1];
      if (earlier === undefined) continue;
      expect(later).toBeGreaterThanOrEqual(earlier.version);
      if (earlier.revoked) expect(revoked).toBe(true);
    }
    expect(seen.at(-1)?.version).toBe(version);
  }

  /**
   * Copies the environment again and again, one access to the bucket per step, and stands still in
   * between.
   */
  class SteppedWriter {
    #go: () => void = () => undefined;
    #reached: () => void = () => undefined;
    #running: Promise<unknown> | undefined;
    readonly #bucket: SteppedBucket;
    readonly #environment: bigint;

    constructor(environment: bigint, objects: Map<string, Buffer>) {
      this.#environment = environment;
      this.#bucket = new SteppedBucket(
        objects,
        () =>
          new Promise<void>((resolve) => {
            this.#go = resolve;
            this.#reached();
          }),
        () => undefined,
      );
    }

    /**
     * Lets the access happen that it stands before, and comes back when it stands before the next,
     * or is done.
     */
    async step(): Promise<void> {
      const next = new Promise<void>((resolve) => (this.#reached = resolve));
      this.#running ??= this.#transfer().finally(() => {
        this.#running = undefined;
        this.#reached();
      });
      this.#go();
      this.#go = () => undefined;
      await next;
    }

    /** Finishes what it is doing, and copies once more. */
    async finish(): Promise<void> {
      const busy = (): boolean => this.#running !== undefined;
      while (busy()) await this.step();
      do await this.step();
      while (busy());
    }

    async #transfer(): Promise<void> {
      const keyring = new Keyring(store);
      await keyring.load();
      await upload(this.#environment, {
        store,
        bucket: this.#bucket,
        conditions: 'kept',
        keysReader: new KeysReader(this.#bucket),
        keys: () => keyring.of(this.#environment),
        now: () => 0,
        signal: new AbortController().signal,
      });
    }
  }
});

describe('a copy that is newer than the ruleset that was read', () => {
  it('a copy that is newer than the ruleset that was read is no loss when what it is of was committed, and copied by another writer, in between', async () => {
    await store.commit(creation(1n));
    const objects = new Map<string, Buffer>();
    const at = () => Promise.resolve();
    const { signal } = new AbortController();
    const into = (bucket: Bucket) =>
      upload(1n, {
        ...{ store, bucket, conditions: 'kept', keysReader: new KeysReader(bucket) },
        ...{ keys: () => [], now: () => 0, signal },
      });
    let accesses = 0;
    const slow = new SteppedBucket(
      objects,
      async () => {
        if (accesses++ > 0) return;
        await store.commit(update(1n, 0n, [flag(1n, 'a')]));
        await into(new SteppedBucket(objects, at, () => undefined));
      },
      () => undefined,
    );
    expect(await into(slow)).toEqual({ kind: 'same', version: 1n });
  });
});

describe('a bucket that ignores conditions', () => {
  it('a bucket that ignores conditions has the newest ruleset in the end when another writer sets the manifest back while it is written', async () => {
    await store.commit(creation(1n));
    await store.commit(update(1n, 0n, [flag(1n, 'a')]));
    const objects = new Map<string, Buffer>();
    const { signal } = new AbortController();
    const at = () => Promise.resolve();
    const name = 'environments/1/latest.json';
    const into = (bucket: Bucket) =>
      upload(1n, {
        ...{ store, bucket, conditions: 'ignored', keysReader: new KeysReader(bucket) },
        ...{ keys: () => [], now: () => 0, signal },
      });
    await into(new SteppedBucket(objects, at, () => undefined));
    const old = objects.get(name)!;
    await store.commit(update(1n, 1n, [flag(2n, 'a')]));
    let again = 2;
    await into(
      new SteppedBucket(objects, at, (written) => {
        if (written === name && again-- > 0) objects.set(name, old);
      }),
    );
    expect(again).toBe(-1);
    expect((await copyIn(new SteppedBucket(objects, at, () => undefined)))?.manifest.version).toBe(2n);
  });
});

describe('many writers on one folder, while changes go on', () => {
  it('many writers on one folder, while changes go on never take a manifest back, and end with the newest ruleset', async () => {
    await store.commit(creation(1n));
    const folder = join(directory, 'bucket');
    const until = new AbortController();
    const keyring = new Keyring(store);
    const write = async (): Promise<void> => {
      const bucket = new FileBucket(folder);
      const { signal } = new AbortController();
      const parts = {
        store,
        bucket,
        conditions: 'kept',
        keysReader: new KeysReader(bucket),
        keys: () => keyring.of(1n),
        now: Date.now,
        signal,
      } as const;
      while (!until.signal.aborted) await upload(1n, parts);
      await upload(1n, parts);
    };
    const read = async (): Promise<bigint[]> => {
      const seen: bigint[] = [];
      const bucket = new FileBucket(folder);
      while (!until.signal.aborted) {
        const copy = await copyIn(bucket);
        if (copy !== undefined) seen.push(copy.manifest.version);
      }
      return seen;
    };
    const works = Promise.all([write(), write(), write()]);
    const reading = read();
    for (let version = 0n; version < 60n; version++) {
      await store.commit(update(1n, version, [flag(version + 1n, 'a')]));
    }
    until.abort();
    await works;
    const seen = await reading;
    expect(seen.length).toBeGreaterThan(5);
    expect(seen).toEqual([...seen].sort((a, b) => (a < b ? -1 : 1)));
    expect((await manifestIn(new FileBucket(folder)))?.version).toBe(60n);
  });
});
