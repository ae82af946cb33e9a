/** The belt writer on a store that speaks S3, when requests, answers and writers are lost. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.js';
import { openBucket } from '../../src/bucket/open.js';
import { openFileStore } from '../../src/store/file/store.js';
import type { Store } from '../../src/store/store.js';
import { creation, flag, removeDirectory, silent, temporaryDirectory, update } from '../store/fixtures.js';
import {
  copyIn,
  namesIn,
  startWriter,
  versionIn,
  type RunningWriter,
  type WriterSetup,
} from '../support/belt.js';
import { startS3, type Asked, type S3Setup } from '../support/s3.js';
import { until } from '../support/until.js';

const NO_AWS = {
  accessKeyId: undefined,
  secretAccessKey: undefined,
  sessionToken: undefined,
  region: undefined,
};
const POINTER = /latest\.json$/;
const SNAPSHOT = /\.binpb$/;

let s3: S3Setup;
let bucket: Bucket;
let store: Store;
let directory: string;
let running: RunningWriter[] = [];

async function begin(conditions: boolean): Promise<void> {
  s3 = await startS3({ conditions });
  bucket = await openBucket(s3.url, NO_AWS);
  directory = await temporaryDirectory();
  store = await openFileStore(join(directory, 'store'), { log: silent });
  await store.commit(creation(1n));
  await commit(1n);
}

async function end(): Promise<void> {
  s3.fault(() => undefined);
  await Promise.all(running.map((each) => each.stop()));
  running = [];
  await store.close();
  await s3.stop();
  await removeDirectory(directory);
}

async function start(setup: WriterSetup = {}): Promise<RunningWriter> {
  const writer = await startWriter(store, [await openBucket(s3.url, NO_AWS)], setup);
  running.push(writer);
  return writer;
}

async function commit(id: bigint): Promise<void> {
  const version = (await store.version(1n)) ?? 0n;
  const result = await store.commit(update(1n, version, [flag(id, `flag.${id}`)]));
  expect(result).toEqual({ kind: 'committed' });
}

const reaches = (version: bigint) =>
  until(`version ${version} is there`, async () => (await versionIn(bucket)) === version, {
    timeout: 20_000,
  });

/** True for a write of a name that the expression matches. */
const writes = (what: RegExp) => (asked: Asked) => asked.method === 'PUT' && what.test(asked.name);

describe('a bucket in an object store', () => {
  beforeEach(() => begin(true));
  afterEach(end);

  it('a bucket in an object store gets everything when it comes back, and is left alone more and more while it fails', async () => {
    const { writer, events } = await start();
    await reaches(1n);
    s3.fault(() => ({ status: 503 }));
    await commit(2n);
    await until('it has failed three times', () => events.failed >= 3);
    expect(writer.status().buckets[0]).toMatchObject({
      state: 'failing',
      behind: 1,
      error: expect.stringContaining('503') as string,
    });
    await commit(3n);
    s3.fault(() => undefined);
    await reaches(3n);
    expect((await copyIn(bucket))?.configs).toEqual(['flag.1', 'flag.2', 'flag.3']);
  });

  it.each([
    ['before the snapshot', 'reset', SNAPSHOT],
    ['after the snapshot', 'swallow', SNAPSHOT],
    ['before the manifest', 'reset', POINTER],
    ['after the manifest', 'swallow', POINTER],
  ] as const)(
    'a bucket in an object store is written to again when the connection is lost %s',
    async (_when, fault, what) => {
      const { events } = await start();
      await reaches(1n);
      let times = 0;
      s3.fault((asked) => (writes(what)(asked) && times++ < 2 ? fault : undefined));
      await commit(2n);
      await until('it failed', () => events.failed > 0);
      await reaches(2n);
      await until('it is known to be there', () => running[0]!.writer.status().buckets[0]?.behind === 0);
      expect((await copyIn(bucket))?.configs).toEqual(['flag.1', 'flag.2']);
    },
  );

  it('a bucket in an object store never has a manifest to a snapshot that is not there, also when its writer dies in between', async () => {
    const writer = await start({ drain: 0 });
    await reaches(1n);
    s3.fault((asked) => (writes(POINTER)(asked) ? 'hang' : undefined));
    await commit(2n);
    await until('the snapshot is there', async () =>
      (await namesIn(bucket)).includes('environments/1/2.binpb'),
    );
    expect(await copyIn(bucket)).toMatchObject({ manifest: { version: 1n } });
    await writer.stop();
    running = [];
    s3.fault(() => undefined);
    await start();
    await reaches(2n);
    expect((await copyIn(bucket))?.configs).toEqual(['flag.1', 'flag.2']);
  });

  it('a bucket in an object store is not taken back by a writer that slept with an old manifest in its hand', async () => {
    let wake: () => void = () => undefined;
    const sleeping = new Promise<void>((resolve) => (wake = resolve));
    let slept = false;
    s3.fault((asked) => {
      if (slept || !writes(POINTER)(asked)) return undefined;
      slept = true;
      return sleeping;
    });
    const sleeper = await start();
    await until('it sleeps', () => slept);
    const seen: bigint[] = [];
    const watching = new AbortController();
    const watched = (async () => {
      while (!watching.signal.aborted) seen.push((await versionIn(bucket)) ?? 0n);
    })();
    // A failed read ends the test, not the process.
    watched.catch(() => watching.abort());
    try {
      // Another writer takes over, as when the lease ran out.
      await store.beltLeadership.release('nobody');
      const other = await startOther();
      await commit(2n);
      await reaches(2n);
      wake();
      await until('the sleeper is through', () => sleeper.writer.status().buckets[0]?.behind === 0);
      expect(await versionIn(bucket)).toBe(2n);
      await other.stop();
    } finally {
      watching.abort();
      await watched;
    }
    expect(seen).toEqual([...seen].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('a bucket in an object store does not hold up a stop when it never answers, and the next writer goes on from there', async () => {
    const writer = await start({ drain: 300 });
    await reaches(1n);
    await until('its cursor is saved', async () => (await store.beltLeadership.cursors()).size === 1);
    s3.fault(() => 'hang');
    await commit(2n);
    await until('it is asked', () => s3.asked.length > 0);
    const began = performance.now();
    await writer.stop();
    expect(performance.now() - began).toBeLessThan(3_000);
    running = [];
    s3.fault(() => undefined);
    const next = await start();
    await reaches(2n);
    expect(next.events.written).toBe(1);
  });
});

describe('a bucket that ignores conditions', () => {
  beforeEach(() => begin(false));
  afterEach(end);

  it('a bucket that ignores conditions is brought back by the next comparison when a writer that slept has taken it back', async () => {
    let wake: () => void = () => undefined;
    const sleeping = new Promise<void>((resolve) => (wake = resolve));
    let slept = false;
    s3.fault((asked) => {
      if (slept || !writes(POINTER)(asked)) return undefined;
      slept = true;
      return sleeping;
    });
    await start();
    await until('it sleeps', () => slept);
    const other = await startOther({ times: { check: 1_500 } });
    await commit(2n);
    await reaches(2n);
    wake();
    await reaches(1n);
    await reaches(2n);
    await other.stop();
  });
});

/** A second writer on the same store and bucket; the lease is not its matter. */
async function startOther(setup: WriterSetup = {}): Promise<RunningWriter> {
  return startWriter(store, [await openBucket(s3.url, NO_AWS)], setup);
}
