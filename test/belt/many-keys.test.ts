/** Environments with very many API keys: from the store to a belt server, its cache, and back. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { INLINE_KEYS, packKeys, unpackKeys } from '../../src/belt/format/keys.js';
import { encodeManifest, MANIFEST_MAX_BYTES } from '../../src/belt/format/manifest.js';
import { manifestName } from '../../src/belt/format/names.js';
import { FileBucket } from '../../src/bucket/file.js';
import { restoreCopies } from '../../src/recovery/restore-from-belt.js';
import { creation, flag, removeDirectory, temporaryDirectory, update } from '../store/fixtures.js';
import { manifestIn, namesIn, startWriter, versionIn, type RunningWriter } from '../support/belt.js';
import {
  gated,
  keyOf,
  keyText,
  newBucket,
  removeBuckets,
  startBeltServer,
  writeBytes,
  writeCopy,
  type TestBeltServer,
} from '../support/copies.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

const MANY = 100_000;
/** No read is given up, however busy the machine is. */
const PATIENT = { manifest: 60_000, snapshot: 60_000, grace: 60_000 };
const REVOKED_AT = 1_700_000_000_001;

let directory: string;
let bucket: FileBucket;
let stores: SlowStore[];
let servers: TestBeltServer[];
let writers: RunningWriter[];

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 });

beforeEach(async () => {
  directory = await temporaryDirectory();
  bucket = new FileBucket(join(directory, 'bucket'));
  stores = [];
  servers = [];
  writers = [];
});

afterEach(async () => {
  await Promise.all(servers.map((each) => each.close()));
  await Promise.all(writers.map((each) => each.stop()));
  await Promise.all(stores.map((each) => each.close()));
  await removeDirectory(directory);
  await removeBuckets();
});

const texts = (count: number) => Array.from({ length: count }, (_, i) => keyText(1n, 'SDK', `key ${i}`));

/** A store with environment 1, and these keys. */
async function storeWith(keys: readonly string[]): Promise<SlowStore> {
  const opened = await openSlowStore();
  stores.push(opened);
  await opened.direct.commit(creation(1n));
  await opened.direct.commit(update(1n, 0n, [flag(5n, 'flag.a')]));
  await opened.direct.addMissingKeys(keys.map((text) => keyOf(text)));
  return opened;
}

async function write({ store }: SlowStore): Promise<RunningWriter> {
  const writer = await startWriter(store, [bucket]);
  writers.push(writer);
  await until('it is copied', async () => (await versionIn(bucket)) === 5n);
  return writer;
}

async function serve(cache?: FileBucket, sources = [bucket]): Promise<TestBeltServer> {
  const readers = sources.map((each) => gated(each).reader);
  const server = await startBeltServer({ sources: readers, cache, times: PATIENT });
  servers.push(server);
  return server;
}

const keyObjects = async (of: FileBucket) => (await namesIn(of)).filter((name) => name.includes('/keys-'));

describe('an environment with 100,000 API keys', () => {
  it('an environment with 100,000 API keys is copied, served, cached and restored with all of them', async () => {
    const keys = texts(MANY);
    const [first = '', last = ''] = [keys[0], keys.at(-1)];
    const source = await storeWith(keys);
    await write(source);
    const manifest = await bucket.read(manifestName(1n));
    expect(manifest.kind === 'found' && manifest.bytes.length).toBeLessThan(1_000);

    const cache = new FileBucket(join(directory, 'cache'));
    const server = await serve(cache);
    expect(await server.served(first)).toEqual(['flag.a']);
    expect(await server.served(last)).toEqual(['flag.a']);
    await server.snapshot(keyText(1n, 'SDK', 'made up')).expect(401);
    await server.close();
    servers = [];

    const alone = await serve(cache, [await newBucket()]);
    expect(await alone.served(last)).toEqual(['flag.a']);

    const empty = await openSlowStore();
    stores.push(empty);
    const restored = await restoreCopies(empty.direct, bucket, new AbortController().signal);
    expect(restored.keys).toBe(MANY);
    expect(await empty.direct.keyByHash(keyOf(last).hash)).toMatchObject({ id: keyOf(last).id });
  });
});

describe('an environment whose keys are an object of their own', () => {
  const keys = texts(INLINE_KEYS + 1);
  const [first = '', second = ''] = keys;

  it('a revocation among keys in an object reaches copies and belt servers, and the old object is not left in a cache', async () => {
    const source = await storeWith(keys);
    await write(source);
    const cache = new FileBucket(join(directory, 'cache'));
    const server = await serve(cache);
    expect(await server.served(first)).toEqual(['flag.a']);
    const [before] = await keyObjects(bucket);
    await source.direct.revokeKey(keyOf(first).id, REVOKED_AT);
    await until('its copy names other keys', async () => {
      const object = (await manifestIn(bucket))?.keysObject?.object;
      return object !== undefined && object !== before;
    });
    server.clock.ahead += 30_000;
    await until('it is refused', async () => (await server.snapshot(first)).status === 401);
    expect(await server.served(second)).toEqual(['flag.a']);
    await server.copies.stop();
    expect(await keyObjects(cache)).toEqual([(await manifestIn(bucket))?.keysObject?.object]);
  });

  it('keys in an object are read once from sources that have the same, and not again while they are named', async () => {
    const [a, b] = [gated(await newBucket()), gated(await newBucket())];
    const given = { keys: keys.map((text) => keyOf(text)) };
    for (const { bucket } of [a, b]) await writeCopy(bucket, given);
    const server = await startBeltServer({ sources: [a.reader, b.reader], times: PATIENT });
    servers.push(server);
    expect(await server.served(first)).toEqual(['flag.a']);
    for (const { bucket } of [a, b]) await writeCopy(bucket, { ...given, configs: [flag(9n, 'flag.b')] });
    server.clock.ahead += 30_000;
    await until('it is refreshed', async () => (await server.served(first)).includes('flag.b'));
    const reads = [...a.asked, ...b.asked].filter((name) => name.includes('/keys-'));
    expect(reads.length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['missing', undefined],
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, -10)],
    ['of other keys', (bytes: Uint8Array) => Buffer.from(bytes).fill('x', 20, 24)],
  ])('a copy whose keys are %s is refused, and written again by the writer', async (_, damage) => {
    const source = await storeWith(keys);
    const writer = await write(source);
    await writer.stop();
    writers = [];
    const [name = ''] = await keyObjects(bucket);
    const reading = await bucket.read(name);
    if (reading.kind !== 'found') throw new Error('there are no keys');
    if (damage === undefined) await bucket.remove(name);
    else await writeBytes(bucket, name, damage(reading.bytes));
    const server = await serve();
    await server.snapshot(first).expect(503);
    expect(await server.metric('holdfast_copies_refused_total{reason="manifest"}')).toBe(1);
    writers.push(await startWriter(source.store, [bucket]));
    await until('it is served', async () => (await server.snapshot(first)).status === 200);
  });

  it('a manifest that has more keys itself than it should is written again with an object', async () => {
    const source = await storeWith(keys);
    const writer = await write(source);
    await writer.stop();
    writers = [];
    const inline = { ...(await manifestIn(bucket))!, keysObject: undefined };
    const all = keys.map((text) => keyOf(text)).sort((a, b) => (a.id < b.id ? -1 : 1));
    const copied = all.map(({ id, kind, hash, createdAt }) => ({ id, kind, hash, createdAt }));
    await writeBytes(bucket, manifestName(1n), encodeManifest({ ...inline, keys: copied }));
    writers.push(await startWriter(source.store, [bucket]));
    await until('it has an object', async () => (await manifestIn(bucket))?.keysObject !== undefined);
  });
});

describe('what no reader would take', () => {
  it('a manifest that no reader would take is not written, whether its name or its keys are too many', async () => {
    const manifest = await writeCopy(await newBucket());
    expect(() => encodeManifest({ ...manifest, name: 'x'.repeat(MANIFEST_MAX_BYTES) })).toThrow(
      /no reader of copies takes more/,
    );
    const key = { id: '0', kind: 'server', hash: 'x'.repeat(40_000), createdAt: 1 } as const;
    const keys = Array.from({ length: INLINE_KEYS + 1 }, (_, i) => ({ ...key, id: `${10_000 + i}` }));
    await expect(packKeys({ ...manifest, keys })).rejects.toMatchObject({ code: 'copy_too_large' });
  });

  it('keys whose manifest says that they are too large are not read', async () => {
    const manifest = await writeCopy(await newBucket(), {
      keys: texts(INLINE_KEYS + 1).map((t) => keyOf(t)),
    });
    const packed = await packKeys(manifest);
    const keysObject = { ...packed.manifest.keysObject!, bytes: 2 ** 40 };
    const read = vi.fn();
    await expect(unpackKeys({ ...manifest, keysObject }, read)).rejects.toMatchObject({
      code: 'copy_damaged',
    });
    expect(read).not.toHaveBeenCalled();
  });
});
