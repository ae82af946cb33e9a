/** Keys that anyone can make up, at a belt server: what they cost, in reads and in memory. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manifestName, snapshotName } from '../../src/belt/format/names.js';
import type { FileBucket } from '../../src/bucket/file.js';
import {
  gated,
  keyOf,
  keyText,
  newBucket,
  removeBuckets,
  startBeltServer,
  writeCopy,
  type TestBeltServer,
  type TestSource,
} from '../support/copies.js';
import { flag } from '../store/fixtures.js';

const SECOND = 1_000;
/** Lookups of unknown keys that can be made without a pause. */
const BURST = 500;
/** Lookups that are regained in a second. */
const PER_SECOND = 20;
/** No read is given up, however busy the machine is. */
const PATIENT = { manifest: 60_000, snapshot: 60_000, grace: 1_000 };
const REFUSED = 'holdfast_key_lookups_refused_total';
const servers: TestBeltServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await removeBuckets();
});

interface Setup {
  readonly env?: Record<string, string>;
  readonly cache?: FileBucket;
}

/** A server whose time stands still, so that the budget is what the test makes of it. */
async function start({ env = {}, cache }: Setup = {}): Promise<{
  server: TestBeltServer;
  source: TestSource;
}> {
  const source = gated(await newBucket());
  const sources = [source.reader];
  const server = await startBeltServer({ sources, env, cache, times: PATIENT, frozen: true });
  servers.push(server);
  return { server, source };
}

function loaded(server: TestBeltServer): number {
  return server.copies.status().environments;
}

/** Requests of so many keys, a few at a time; the number of answers by status. */
async function ask(server: TestBeltServer, keys: readonly string[]): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  const left = [...keys];
  const ask = async (): Promise<void> => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) {
      const { status } = await server.snapshot(key);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, ask));
  return statuses;
}

/** Made-up keys of so many environments from a number on. */
function madeUp(count: number, from = 1000): string[] {
  return Array.from({ length: count }, (_, i) => keyText(BigInt(from + i), 'SDK', `made up ${i}`));
}

vi.setConfig({ testTimeout: 120_000 });

describe('an unknown key at a belt server', () => {
  it('an unknown key of an environment that is not in memory reads its manifest, and loads nothing', async () => {
    const { server, source } = await start();
    await writeCopy(source.bucket);
    await server.snapshot(keyText(1n, 'SDK', 'made up')).expect(401);
    expect(source.asked).toEqual([manifestName(1n)]);
    expect(loaded(server)).toBe(0);
    await server.snapshot().expect(200);
    expect(source.asked).toEqual([manifestName(1n), snapshotName(1n, 5n)]);
  });

  it('an unknown key costs one read for all requests of a second that name one environment', async () => {
    const { server, source } = await start();
    for (const environment of [1n, 2n, 3n]) await writeCopy(source.bucket, { environment });
    const keys = Array.from({ length: 300 }, (_, i) => keyText(BigInt(1 + (i % 3)), 'SDK', `made up ${i}`));
    expect(await ask(server, keys)).toEqual({ 401: 300 });
    expect([...source.asked].sort()).toEqual([1n, 2n, 3n].map(manifestName));
    expect(loaded(server)).toBe(0);
  });

  it('an unknown key is answered 503 when too many name environments that do not exist, and reads nothing then', async () => {
    const { server, source } = await start();
    await writeCopy(source.bucket);
    await server.snapshot().expect(200);
    const before = source.asked.length;
    expect(await ask(server, madeUp(BURST + 100))).toEqual({ 401: BURST, 503: 100 });
    expect(source.asked.length - before).toBe(BURST);
    const refused = await server.snapshot(keyText(9999n)).expect(503);
    expect(refused.body.error.code).toBe('busy');
    expect(refused.headers['retry-after']).toBe('1');
    expect(await server.metric(REFUSED)).toBe(101);
    expect(server.logs.filter(({ msg }) => String(msg).startsWith('too many unknown API keys'))).toHaveLength(
      1,
    );
    // Those who have a key that is known are answered as before.
    await server.snapshot().expect(200);
    expect((await server.http.get('/readyz')).body.status).toBe('ready');
  });

  it('an unknown key is looked up again as time goes on, at a bounded rate', async () => {
    const { server } = await start();
    await ask(server, madeUp(BURST));
    server.clock.ahead += 2 * SECOND;
    expect(await ask(server, madeUp(100, 5000))).toEqual({ 401: 2 * PER_SECOND, 503: 100 - 2 * PER_SECOND });
  });

  it('an unknown key of environments in memory is looked up within the same budget', async () => {
    const { server, source } = await start({ env: { HOLDFAST_REVALIDATE: '3600' } });
    const environments = Array.from({ length: 40 }, (_, i) => BigInt(i + 1));
    for (const environment of environments) await writeCopy(source.bucket, { environment });
    const good = environments.map((each) => keyText(each));
    expect(await ask(server, good)).toEqual({ 200: 40 });
    await ask(server, madeUp(BURST));
    // One second later each of them may be looked at again.
    server.clock.ahead += SECOND;
    const before = source.asked.length;
    const unknown = environments.map((each) => keyText(each, 'SDK', 'made up'));
    expect(await ask(server, unknown)).toEqual({ 401: PER_SECOND, 503: 40 - PER_SECOND });
    expect(source.asked.length - before).toBe(PER_SECOND);
    expect(await ask(server, good)).toEqual({ 200: 40 });
  });

  it('an unknown key neither keeps an environment in memory, nor makes its ruleset be read', async () => {
    const { server, source } = await start({ env: { HOLDFAST_IN_MEMORY: '1' } });
    for (const environment of [1n, 2n]) await writeCopy(source.bucket, { environment });
    await server.snapshot(keyText(1n)).expect(200);
    for (let minute = 0; minute < 11; minute++) {
      server.clock.ahead += 60 * SECOND;
      await server.snapshot(keyText(1n, 'SDK', 'made up')).expect(401);
    }
    await server.snapshot(keyText(2n)).expect(200);
    expect(loaded(server)).toBe(1);
    expect((await server.http.get('/readyz')).body.environments).toBe(1);
    expect(await server.metric('holdfast_copies_dropped_total')).toBe(1);
  });

  it('an unknown key is not refused while lookups hang, and these are bounded too', async () => {
    const { server, source } = await start();
    source.fault = () => 'hang';
    const waiting = madeUp(BURST).map((key) => server.copies.keyring.find(key).catch(() => 'failed'));
    // Enough for 200 more, if lookups that have not ended did not count.
    server.clock.ahead += 10 * SECOND;
    await expect(server.copies.keyring.find(keyText(9999n))).rejects.toMatchObject({ code: 'busy' });
    expect(waiting).toHaveLength(BURST);
  });
});

describe('an environment in memory at a belt server', () => {
  /** Resolves when the server serves these configs of environment 1. */
  async function serves(server: TestBeltServer, configs: readonly string[]): Promise<void> {
    await vi.waitFor(async () => expect(await server.served()).toEqual(configs), { timeout: 30_000 });
  }

  it('an environment in memory is refreshed while lookups of unknown keys take all the reads that they may make', async () => {
    const { server, source } = await start();
    await writeCopy(source.bucket);
    await serves(server, ['flag.a']);
    source.fault = (name) => (name === manifestName(1n) || name.includes('/1/') ? undefined : 'hang');
    const waiting = madeUp(BURST).map((key) => server.copies.keyring.find(key).catch(() => 'failed'));
    await vi.waitFor(() => expect(source.asked.length).toBeGreaterThanOrEqual(32));
    await writeCopy(source.bucket, { configs: [flag(9n, 'flag.b')] });
    server.clock.ahead += 30 * SECOND;
    await serves(server, ['flag.b']);
    expect(waiting).toHaveLength(BURST);
  });

  it('learns of a revocation while snapshots of other environments hang', async () => {
    const { server, source } = await start();
    const environments = Array.from({ length: 40 }, (_, i) => BigInt(100 + i));
    for (const environment of [1n, ...environments]) await writeCopy(source.bucket, { environment });
    await serves(server, ['flag.a']);
    source.fault = (name) => (name.endsWith('.binpb') && !name.includes('/1/') ? 'hang' : undefined);
    const waiting = environments.map((each) => server.copies.ruleset(each).catch(() => 'failed'));
    await vi.waitFor(() => expect(source.asked.filter((name) => name.endsWith('.binpb')).length).toBe(33));
    await writeCopy(source.bucket, { keys: [keyOf(keyText(), 1_700_000_000_001)] });
    server.clock.ahead += 30 * SECOND;
    await vi.waitFor(async () => expect((await server.snapshot()).status).toBe(401), { timeout: 30_000 });
    expect(waiting).toHaveLength(40);
  });

  it('an environment in memory is refreshed in its own turn after a made-up key named it, not behind other unknown keys', async () => {
    const { server, source } = await start();
    await writeCopy(source.bucket);
    await serves(server, ['flag.a']);
    source.fault = (name) => (name.includes('/1/') ? undefined : 'hang');
    const waiting = madeUp(BURST - 1).map((key) => server.copies.keyring.find(key).catch(() => 'failed'));
    await vi.waitFor(() => expect(source.asked.length).toBeGreaterThanOrEqual(32));
    await writeCopy(source.bucket, { configs: [flag(9n, 'flag.b')] });
    server.clock.ahead += 2 * SECOND;
    await server.snapshot(keyText(1n, 'SDK', 'made up')).expect(401);
    server.clock.ahead += 30 * SECOND;
    await serves(server, ['flag.b']);
    expect(waiting).toHaveLength(BURST - 1);
  });
});

describe('an environment whose lookup waits behind unknown keys', () => {
  it('an environment whose lookup waits is read in the turn of known ones as soon as a good key of the disk asks for it', async () => {
    const cache = await newBucket();
    await writeCopy(cache);
    const { server, source } = await start({ cache });
    await writeCopy(source.bucket, { configs: [flag(9n, 'flag.b')] });
    source.fault = (name) => (name.includes('/1/') ? undefined : 'hang');
    const waiting = madeUp(BURST - 1).map((key) => server.copies.keyring.find(key).catch(() => 'failed'));
    await vi.waitFor(() => expect(source.asked.length).toBeGreaterThanOrEqual(32));
    const madeUpKey = server.copies.keyring.find(keyText(1n, 'SDK', 'made up')).catch(() => 'failed');
    expect(await server.served()).toEqual(['flag.b']);
    expect(await madeUpKey).toBeUndefined();
    expect(waiting).toHaveLength(BURST - 1);
  });
});

describe('a key at a belt server', () => {
  it('a key that is revoked loads nothing', async () => {
    const { server, source } = await start();
    const revoked = keyText(1n, 'SDK', 'revoked');
    await writeCopy(source.bucket, { keys: [keyOf(keyText()), keyOf(revoked, 1_700_000_000_001)] });
    await server.snapshot(revoked).expect(401);
    expect(loaded(server)).toBe(0);
    expect(source.asked).toEqual([manifestName(1n)]);
  });

  it('a key that is good takes nothing of the budget of unknown ones', async () => {
    const { server, source } = await start();
    const environments = Array.from({ length: 30 }, (_, i) => BigInt(i + 1));
    for (const environment of environments) await writeCopy(source.bucket, { environment });
    await ask(server, madeUp(BURST - 10));
    const good = environments.map((each) => keyText(each));
    expect(await ask(server, good)).toEqual({ 200: 30 });
    expect(loaded(server)).toBe(30);
    expect(await server.metric(REFUSED)).toBe(0);
  });

  it('a key that is on disk loads its environment when the budget is used up', async () => {
    const cache = await newBucket();
    await writeCopy(cache);
    const { server, source } = await start({ cache });
    await writeCopy(source.bucket);
    await ask(server, madeUp(BURST + 1));
    expect(await server.metric(REFUSED)).toBe(1);
    await server.snapshot().expect(200);
  });

  it('a key that was made after its environment was asked for is found a second later', async () => {
    const { server, source } = await start();
    const fresh = keyText(1n, 'SDK', 'fresh');
    await writeCopy(source.bucket);
    await server.snapshot(fresh).expect(401);
    await writeCopy(source.bucket, { keys: [keyOf(keyText()), keyOf(fresh)] });
    await server.snapshot(fresh).expect(401);
    server.clock.ahead += SECOND;
    await server.snapshot(fresh).expect(200);
  });
});
