/** Keys that anyone can make up, at a belt server: what they cost, in reads and in memory. */
import { afterEach, describe, expect, it } from 'vitest';
import { manifestName, snapshotName } from '../../src/belt/format/names.js';
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
const REFUSED = 'holdfast_key_lookups_refused_total';
const servers: TestBeltServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await removeBuckets();
});

async function start(
  env: Record<string, string> = {},
): Promise<{ server: TestBeltServer; source: TestSource }> {
  const source = gated(await newBucket());
  const server = await startBeltServer({ sources: [source.reader], env });
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

function madeUp(count: number, environment: (i: number) => bigint): string[] {
  return Array.from({ length: count }, (_, i) => keyText(environment(i), 'SDK', `made up ${i}`));
}

describe('an unknown key at a belt server', () => {
  it('of an environment that is not in memory reads its manifest, and loads nothing', async () => {
    const { server, source } = await start();
    await writeCopy(source.bucket);
    await server.snapshot(keyText(1n, 'SDK', 'made up')).expect(401);
    expect(source.asked).toEqual([manifestName(1n)]);
    expect(loaded(server)).toBe(0);
    await server.snapshot().expect(200);
    expect(source.asked).toEqual([manifestName(1n), snapshotName(1n, 5n)]);
  });

  it('costs one read for all requests of a second that name one environment', async () => {
    const { server, source } = await start();
    for (const environment of [1n, 2n, 3n]) await writeCopy(source.bucket, { environment });
    const begun = Date.now();
    expect(
      await ask(
        server,
        madeUp(300, (i) => BigInt(1 + (i % 3))),
      ),
    ).toEqual({ 401: 300 });
    const seconds = Math.ceil((Date.now() - begun) / SECOND);
    expect(source.asked.length).toBeLessThanOrEqual(3 * (seconds + 1));
    expect(source.asked.filter((name) => name.endsWith('.binpb'))).toEqual([]);
    expect(loaded(server)).toBe(0);
  });

  it('is answered 503 when too many name environments that do not exist, and reads nothing then', async () => {
    const { server, source } = await start();
    await writeCopy(source.bucket);
    await server.snapshot().expect(200);
    const begun = Date.now();
    const statuses = await ask(
      server,
      madeUp(900, (i) => BigInt(1000 + i)),
    );
    const earned = 20 * Math.ceil((Date.now() - begun) / SECOND);
    expect(statuses[401]! + statuses[503]!).toBe(900);
    expect(statuses[401]).toBeGreaterThanOrEqual(BURST);
    expect(source.asked.length - 2).toBeLessThanOrEqual(BURST + earned);
    expect(await server.metric(REFUSED)).toBe(statuses[503]);
    expect(server.logs.filter(({ msg }) => String(msg).startsWith('too many unknown API keys'))).toHaveLength(
      1,
    );
    // Those who have a key that is known are answered as before.
    await server.snapshot().expect(200);
    expect((await server.http.get('/readyz')).body.status).toBe('ready');
  });

  it('of environments in memory is looked up within the same budget', async () => {
    const { server, source } = await start({ HOLDFAST_REVALIDATE: '3600' });
    const environments = Array.from({ length: 40 }, (_, i) => BigInt(i + 1));
    for (const environment of environments) await writeCopy(source.bucket, { environment });
    await ask(
      server,
      environments.map((each) => keyText(each)),
    );
    // One second later each of them may be looked at again, and the budget has 20 more.
    await ask(
      server,
      madeUp(BURST + 200, (i) => BigInt(1000 + i)),
    );
    server.clock.ahead += SECOND;
    const before = source.asked.length;
    const begun = Date.now();
    const statuses = await ask(
      server,
      environments.map((each) => keyText(each, 'SDK', 'made up')),
    );
    const earned = 20 * (1 + Math.ceil((Date.now() - begun) / SECOND));
    expect(statuses[503]).toBeGreaterThan(0);
    expect(source.asked.length - before).toBeLessThanOrEqual(earned);
    expect(
      await ask(
        server,
        environments.map((each) => keyText(each)),
      ),
    ).toEqual({ 200: 40 });
  });

  it('neither keeps an environment in memory, nor makes its copy be looked at', async () => {
    const { server, source } = await start({ HOLDFAST_IN_MEMORY: '1' });
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
});

describe('a key at a belt server', () => {
  it('that is revoked loads nothing', async () => {
    const { server, source } = await start();
    const revoked = keyText(1n, 'SDK', 'revoked');
    await writeCopy(source.bucket, { keys: [keyOf(keyText()), keyOf(revoked, 1_700_000_000_001)] });
    await server.snapshot(revoked).expect(401);
    expect(loaded(server)).toBe(0);
    expect(source.asked).toEqual([manifestName(1n)]);
  });

  it('that is good takes nothing of the budget of unknown ones', async () => {
    const { server, source } = await start();
    const environments = Array.from({ length: BURST + 200 }, (_, i) => BigInt(i + 1));
    const copy = { configs: [flag(5n, 'flag.a')] };
    for (const environment of environments) await writeCopy(source.bucket, { ...copy, environment });
    expect(
      await ask(
        server,
        environments.map((each) => keyText(each)),
      ),
    ).toEqual({ 200: BURST + 200 });
    expect(loaded(server)).toBe(BURST + 200);
    expect(await server.metric(REFUSED)).toBe(0);
  });

  it('that is on disk loads its environment when the budget is used up', async () => {
    const source = gated(await newBucket());
    const cache = await newBucket();
    await writeCopy(source.bucket);
    await writeCopy(cache);
    const server = await startBeltServer({ sources: [source.reader], cache });
    servers.push(server);
    await ask(
      server,
      madeUp(BURST + 300, (i) => BigInt(1000 + i)),
    );
    expect(await server.metric(REFUSED)).toBeGreaterThan(0);
    await server.snapshot().expect(200);
  });

  it('that was made after its environment was asked for is found a second later', async () => {
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
