/** The store in Redis when Redis fails, forgets, or is not as it should be. */
import { cp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { parseStoreLocation, openStore } from '../../src/store/open.js';
import type { RedisLocation } from '../../src/store/location.js';
import type { RedisStoreOptions } from '../../src/store/redis/options.js';
import { openRedisStore } from '../../src/store/redis/store.js';
import type { Store } from '../../src/store/store.js';
import { messageOf } from '../../src/core/errors.js';
import { freePort } from '../support/ports.js';
import { startRedis, startSentinel, type RedisOptions, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import {
  apiKey,
  contents,
  creation,
  flag,
  Follower,
  recordingLog,
  settings,
  silent,
  update,
} from './fixtures.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redis(options?: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  cleanups.push(() => server.stop());
  return server;
}

async function open(url: string, options: Partial<RedisStoreOptions> = {}): Promise<Store> {
  const store = await openRedisStore(parseStoreLocation(url) as RedisLocation, { log: silent, ...options });
  cleanups.push(() => store.close());
  return store;
}

async function follow(store: Store, from?: string): Promise<Follower> {
  const follower = new Follower(store, from ?? (await store.head()));
  cleanups.push(() => follower.stop());
  return follower;
}

function client(server: RedisServer, db = 0): Redis {
  const raw = new Redis({ port: server.port, host: '127.0.0.1', db });
  cleanups.push(() => raw.disconnect());
  return raw;
}

/** An environment at version 10, and a follower that has seen how it came to that. */
async function started(store: Store): Promise<Follower> {
  await store.commit(creation(1n));
  const follower = await follow(store);
  await store.commit(update(1n, 0n, [flag(10n, 'a')]));
  await follower.reaches(10n);
  return follower;
}

const committed = (store: Store, expect: bigint, version: bigint) =>
  store.commit(update(1n, expect, [flag(version, 'a')]));

/** Repeats until the store is back. */
const eventually = (store: Store, expect: bigint, version: bigint) =>
  until('a commit is made', async () => (await committed(store, expect, version)).kind === 'committed');

async function timed(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const start = performance.now();
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - start };
}

describe('when Redis goes away', () => {
  it('an outage of Redis is reported once, fails commands within three seconds, and ends without a gap', async () => {
    const server = await redis({ appendonly: true });
    const store = await open(server.url);
    const follower = await started(store);
    await server.kill();
    const { error, ms } = await timed(committed(store, 10n, 11n));
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(ms).toBeLessThan(3_000);
    await follower.sees('away');
    const later = await timed(store.read(1n));
    expect(later.error).toMatchObject({ code: 'store_unavailable' });
    expect(later.ms).toBeLessThan(3_000);
    await server.restart();
    await eventually(store, 10n, 12n);
    await follower.reaches(12n);
    expect(follower.kinds).toEqual(['entries', 'away', 'entries']);
    expect(follower.versions).toEqual([10n, 12n]);
  });

  it('a follower gets the end of an outage, also when nothing is new', async () => {
    const server = await redis({ appendonly: true });
    const store = await open(server.url);
    const follower = await started(store);
    await server.kill();
    await follower.sees('away');
    const idle = follower.count('idle');
    await server.restart();
    await follower.sees('idle', idle + 1);
  });

  it('a commit during a short outage of Redis is made without an error', async () => {
    const server = await redis({ appendonly: true });
    const store = await open(server.url);
    const follower = await started(store);
    await server.kill();
    // A commit on a connection that is lost, and not yet known to be, may have been made: that one
    // must fail.
    await follower.sees('away');
    const [result] = await Promise.all([committed(store, 10n, 11n), server.restart()]);
    expect(result).toEqual({ kind: 'committed' });
  });

  it('a feed of an unavailable Redis ends when its signal aborts', async () => {
    const server = await redis();
    const store = await open(server.url);
    const follower = await started(store);
    await server.kill();
    await follower.sees('away');
    const { ms } = await timed(follower.stop());
    expect(ms).toBeLessThan(500);
  });

  it('a commit without an answer may have been made, and its idempotency key tells that it was', async () => {
    const server = await redis();
    const store = await open(server.url);
    const follower = await started(store);
    const commit = update(1n, 10n, [flag(11n, 'a')], {
      idempotency: { key: 'k', digest: 'd', answer: '11' },
    });
    process.kill(server.pid, 'SIGSTOP');
    const { error, ms } = await timed(store.commit(commit));
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/may or may not have been made.*same Idempotency-Key/),
    });
    expect(ms).toBeLessThan(3_000);
    await follower.sees('away');
    process.kill(server.pid, 'SIGCONT');
    const again = await until('it is back', () => store.commit(commit));
    expect(again).toEqual({ kind: 'repeated', digest: 'd', answer: '11' });
    await follower.reaches(11n);
    expect(follower.versions).toEqual([10n, 11n]);
  });
});

describe('when the connection is cut before the answer comes', () => {
  it('a commit whose connection was cut is not sent again, which would find its own work and report a conflict', async () => {
    const server = await redis();
    const relay = await startRelay(server.port);
    const store = await open(relay.url);
    await started(store);
    relay.cutAtNextAnswer();
    const { error } = await timed(committed(store, 10n, 11n));
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('may or may not have been made'),
    });
    expect(await store.version(1n)).toBe(11n);
    expect(await committed(store, 11n, 12n)).toEqual({ kind: 'committed' });
  });
});

describe('when answers are late', () => {
  it('a commit whose script had to be sent as text says that it timed out, and does not blame this process', async () => {
    const server = await redis();
    const relay = await startRelay(server.port);
    const store = await open(relay.url);
    await started(store);
    await client(server).script('FLUSH');
    relay.fallSilent(1_000);
    const { error } = await timed(committed(store, 10n, 11n));
    expect(error).toMatchObject({ message: expect.stringContaining('Command timed out') });
    expect(messageOf(error)).not.toContain('did not run');
  });
});

describe('when Redis lost data', () => {
  it('the feed of a wiped Redis has a gap, and goes on with later changes', async () => {
    const server = await redis();
    const store = await open(server.url);
    const follower = await started(store);
    await client(server).flushall();
    await follower.sees('gap');
    await store.commit(creation(1n));
    await committed(store, 0n, 12n);
    await follower.reaches(12n);
    expect(follower.kinds).toEqual(['entries', 'gap', 'entries']);
  });

  it('the feed of a Redis that was restarted empty has a gap', async () => {
    const server = await redis();
    const store = await open(server.url);
    const follower = await started(store);
    await server.kill();
    await server.restart();
    await follower.sees('gap');
    expect(follower.signals).toContainEqual({ kind: 'gap', position: '0-0' });
  });

  /** Restarts Redis with the data it had at version 10, after a follower has seen version 11. */
  async function rollBack() {
    const server = await redis({ appendonly: true });
    const store = await open(server.url);
    const follower = await started(store);
    const copy = `${server.dir}-copy`;
    cleanups.push(() => rm(copy, { recursive: true, force: true }));
    await cp(`${server.dir}/appendonlydir`, copy, { recursive: true });
    await committed(store, 10n, 11n);
    await follower.reaches(11n);
    await server.kill();
    await rm(`${server.dir}/appendonlydir`, { recursive: true });
    await cp(copy, `${server.dir}/appendonlydir`, { recursive: true });
    return { server, store, follower };
  }

  it('the feed of a Redis that went back to an older state has a gap, although nothing is written', async () => {
    const { server, store, follower } = await rollBack();
    await server.restart();
    await follower.sees('gap');
    expect(follower.signals).toContainEqual({ kind: 'gap', position: await store.head() });
    expect(await store.version(1n)).toBe(10n);
  });

  it('the feed of a Redis that went back to an older state has a gap, also when a commit came before the follower', async () => {
    const { server, store, follower } = await rollBack();
    await follower.stop();
    const position = follower.entries.at(-1)!.position;
    await server.restart();
    await eventually(store, 10n, 12n);
    const resumed = await follow(store, position);
    await resumed.sees('gap');
    await committed(store, 12n, 13n);
    await resumed.reaches(13n);
    expect(resumed.kinds).toEqual(['gap', 'entries']);
    expect(resumed.versions).toEqual([13n]);
  });

  it('the feed has a gap after a position that was trimmed away, and none after one that was not', async () => {
    const server = await redis();
    const store = await open(server.url);
    const follower = await started(store);
    for (let version = 11n; version <= 20n; version++) await committed(store, version - 1n, version);
    await follower.reaches(20n);
    await client(server).xtrim('{holdfast}:feed', 'MAXLEN', 3);
    const late = await follow(store, follower.entries[0]!.position);
    await late.sees('gap');
    const early = await follow(store, follower.entries.at(-4)!.position);
    await early.reaches(20n);
    expect(early.kinds).toEqual(['entries']);
    expect(early.versions).toEqual([18n, 19n, 20n]);
  });

  it('the feed has a gap when everything was trimmed away', async () => {
    const server = await redis();
    const store = await open(server.url);
    const follower = await started(store);
    await committed(store, 10n, 11n);
    await follower.reaches(11n);
    await client(server).xtrim('{holdfast}:feed', 'MAXLEN', 0);
    const late = await follow(store, follower.entries[0]!.position);
    await late.sees('gap');
    expect(late.signals).toContainEqual({ kind: 'gap', position: follower.entries.at(-1)!.position });
  });

  it('the feed keeps about as many entries as it is set to', async () => {
    const server = await redis({ args: ['--stream-node-max-entries', '10'] });
    const store = await open(server.url, { feedLength: 20 });
    await store.commit(creation(1n));
    for (let version = 1n; version <= 100n; version++) await committed(store, version - 1n, version);
    const length = await client(server).xlen('{holdfast}:feed');
    expect(length).toBeGreaterThanOrEqual(20);
    expect(length).toBeLessThan(40);
  });

  it('the feed has a gap and logs an error when an entry cannot be read', async () => {
    const server = await redis();
    const { log, lines } = recordingLog();
    const store = await open(server.url, { log });
    const follower = await started(store);
    const raw = client(server);
    const [milliseconds] = (await store.head()).split('-');
    const id = `${Number(milliseconds) + 1}-0`;
    const fields = ['after', await store.head(), 'kind', 'change', 'environment', 'x'];
    await raw
      .multi()
      .xadd('{holdfast}:feed', id, ...fields)
      .set('{holdfast}:feed:head', id)
      .exec();
    await follower.sees('gap');
    await committed(store, 10n, 11n);
    await follower.reaches(11n);
    expect(follower.kinds).toEqual(['entries', 'gap', 'entries']);
    expect(lines()).toContainEqual(expect.objectContaining({ level: 50, entry: id }));
  });
});

describe('what a node wrote that knew of no client versions', () => {
  it('a change without client versions counts as seen by clients, in an environment and in the feed', async () => {
    const server = await redis();
    const store = await open(server.url);
    await started(store);
    const raw = client(server);
    await raw.hdel('{holdfast}:environment:1', 'clients');
    expect(await store.environment(1n)).toMatchObject({ version: 10n, clientVersion: 10n });
    const follower = await follow(store);
    const id = '99999999999999-0';
    const change = { environment: '1', previous: '10', version: '11', at: '11', envelope: '', configs: '' };
    await raw
      .multi()
      .xadd(
        '{holdfast}:feed',
        id,
        'after',
        await store.head(),
        'kind',
        'change',
        ...Object.entries(change).flat(),
      )
      .set('{holdfast}:feed:head', id)
      .exec();
    await follower.reaches(11n);
    expect(follower.entries).toMatchObject([{ change: { clientPrevious: 10n, clientVersion: 11n } }]);
  });

  it('a change without client versions counts as seen also in an environment that had one', async () => {
    const server = await redis();
    const store = await open(server.url);
    await started(store);
    await client(server).hset('{holdfast}:environment:1', 'version', '11');
    expect(await store.environment(1n)).toMatchObject({ version: 11n, clientVersion: 11n });
  });
});

describe('a script that fails', () => {
  /** Everything in Redis, in a form that can be compared. */
  async function dump(raw: Redis): Promise<Record<string, string>> {
    const names = (await raw.keys('*')).sort();
    const values = await Promise.all(names.map((name) => raw.dumpBuffer(name)));
    return Object.fromEntries(names.map((name, i) => [name, values[i]!.toString('hex')]));
  }

  const whole = {
    ...update(1n, 10n, [flag(11n, 'a'), flag(12n, 'b')]),
    settings: settings(1n, { name: 'new' }),
    idempotency: { key: 'k', digest: 'd', answer: 'a' },
  };

  it('a commit leaves nothing behind when Redis is out of memory', async () => {
    const server = await redis();
    const store = await open(server.url);
    await started(store);
    const raw = client(server);
    const before = await dump(raw);
    await raw.config('SET', 'maxmemory', '1');
    await expect(store.commit(whole)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/nothing was changed.*OOM/),
    });
    await expect(store.addKey(apiKey('a'))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await dump(raw)).toEqual(before);
    await raw.config('SET', 'maxmemory', '0');
    expect(await store.commit(whole)).toEqual({ kind: 'committed' });
  });

  it.each([
    ['{holdfast}:configs:1', 'commit'],
    ['{holdfast}:environments', 'commit'],
    ['{holdfast}:feed', 'commit'],
    ['{holdfast}:feed:head', 'commit'],
    ['{holdfast}:idempotency:1:k', 'commit'],
    ['{holdfast}:environment:1', 'commit'],
    ['{holdfast}:keys', 'key'],
    ['{holdfast}:key-hashes', 'key'],
    ['{holdfast}:feed', 'key'],
    ['{holdfast}:feed:head', 'key'],
  ])('a script leaves nothing behind when %s is of another type (%s)', async (name, kind) => {
    const server = await redis();
    const store = await open(server.url);
    await started(store);
    const raw = client(server);
    await raw.del(name);
    await raw.zadd(name, 1, 'x');
    const before = await dump(raw);
    const failing = kind === 'commit' ? store.commit(whole) : store.addKey(apiKey('a'));
    await expect(failing).rejects.toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining(name),
    });
    expect(await dump(raw)).toEqual(before);
  });

  it('a commit leaves nothing behind when Redis is a replica', async () => {
    const server = await redis();
    const store = await open(server.url);
    await started(store);
    const raw = client(server);
    const before = await dump(raw);
    await raw.replicaof('127.0.0.1', await freePort());
    await expect(store.commit(whole)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('READONLY'),
    });
    await raw.replicaof('NO', 'ONE');
    expect(await dump(raw)).toEqual(before);
  });

  it('a ruleset with a config in another form is refused as damaged', async () => {
    const server = await redis();
    const store = await open(server.url);
    await started(store);
    await client(server).hset('{holdfast}:configs:1', 'a', 'garbage');
    await expect(store.read(1n)).rejects.toMatchObject({ code: 'store_damaged' });
  });
});

describe('replication', () => {
  it('a change that too few replicas confirm is reported as made', async () => {
    const server = await redis();
    const store = await open(`${server.url}?wait=1`);
    const failing = store.commit({ ...creation(1n), idempotency: { key: 'k', digest: 'd', answer: 'a' } });
    await expect(failing).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/was made, but only 0 of the 1 replicas/),
    });
    expect(await store.version(1n)).toBe(0n);
    // A repeat must not pass it off as replicated.
    await expect(store.repeated(1n, 'k')).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(
      store.commit({ ...creation(1n), idempotency: { key: 'k', digest: 'd', answer: 'a' } }),
    ).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });

  it('commits that come while another waits for replicas are confirmed together', async () => {
    const server = await redis();
    const raw = client(server);
    const store = await open(`${server.url}?wait=1`);
    const waits = async () =>
      Number(/cmdstat_wait:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0);
    const commits = Array.from({ length: 20 }, (_, index) => store.commit(creation(BigInt(index + 1))));
    const results = await Promise.allSettled(commits);
    const reasons = results.map((result) => result.status === 'rejected' && messageOf(result.reason));
    expect(reasons).toEqual(Array(20).fill(expect.stringMatching(/only 0 of the 1 replicas/)));
    expect((await store.environments()).map(({ id }) => id)).toHaveLength(20);
    // Two, and those of probes whether writes are confirmed again.
    expect(await waits()).toBeLessThan(10);
  });

  it('a commit that conflicts fails alone among those that are confirmed together', async () => {
    const setup = await startSentinel();
    cleanups.push(() => setup.stop());
    const store = await open(`${setup.url}?wait=1`);
    await store.commit(creation(1n));
    const kinds = await Promise.all([
      committed(store, 0n, 10n),
      committed(store, 7n, 11n),
      store.commit(creation(2n)),
      committed(store, 7n, 12n),
    ]);
    expect(kinds.map(({ kind }) => kind)).toEqual(['committed', 'conflict', 'committed', 'conflict']);
    expect(await store.version(1n)).toBe(10n);
  });

  it('commits are made once, and confirmed, when the server has lost the scripts', async () => {
    const setup = await startSentinel();
    cleanups.push(() => setup.stop());
    const store = await open(`${setup.url}?wait=1`);
    await store.commit(creation(1n));
    await client(setup.master).script('FLUSH');
    const kinds = await Promise.all([
      committed(store, 0n, 10n),
      committed(store, 0n, 11n),
      store.commit(creation(2n)),
    ]);
    expect(kinds.map(({ kind }) => kind)).toEqual(['committed', 'conflict', 'committed']);
    expect(await store.version(1n)).toBe(10n);
  });

  it('reads do not wait while a commit waits for replicas', async () => {
    const server = await redis();
    const store = await open(`${server.url}?wait=1`);
    const failing = timed(store.commit(creation(1n)));
    await until('the commit is made', async () => (await store.version(1n)) === 0n);
    expect((await timed(store.read(1n))).ms).toBeLessThan(500);
    expect((await failing).ms).toBeGreaterThan(900);
  });

  it('a store goes on without a gap with the replica that a Sentinel makes master', async () => {
    const setup = await startSentinel();
    cleanups.push(() => setup.stop());
    const store = await open(`${setup.url}?wait=1`);
    const follower = await started(store);
    await setup.master.kill();
    await follower.sees('away');
    const plain = await open(setup.url);
    await eventually(plain, 10n, 11n);
    await follower.reaches(11n);
    expect(follower.kinds).not.toContain('gap');
    await until('the first store is back too', async () => (await store.version(1n)) === 11n);
  });
});

describe('opening', () => {
  it('a store finds its master by Sentinels that want a user and a password', async () => {
    const users = ['requirepass other', 'user holdfast on >s/ecret% ~* &* +@all'];
    const setup = await startSentinel(users);
    cleanups.push(() => setup.stop());
    const store = await open(`${setup.url}?sentinel=holdfast:s%2Fecret%25`);
    expect(await store.commit(creation(1n))).toEqual({ kind: 'committed' });
    const byPassword = await open(`${setup.url}?sentinel=:other&wait=1`);
    expect(await byPassword.version(1n)).toBe(0n);
    const { error } = await timed(open(`${setup.url}?sentinel=:wrong`, { connectWithin: 500 }));
    expect(error).toMatchObject({ code: 'store_unavailable' });
    expect(String(error)).not.toContain('wrong');
  });

  it('opening fails in time when Redis cannot be reached, and names the place and no password', async () => {
    const port = await freePort();
    const url = `redis://user:secret@127.0.0.1:${port}`;
    const { error, ms } = await timed(open(url, { connectWithin: 300 }));
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    expect(String(error)).not.toContain('secret');
    expect(ms).toBeLessThan(2_000);
  });

  it('opening waits for a Redis that is starting', async () => {
    const port = await freePort();
    const opening = open(`redis://127.0.0.1:${port}`);
    await redis({ port });
    expect(await (await opening).head()).toBe('0-0');
  });

  it('opening with a wrong password fails with WRONGPASS', async () => {
    const server = await redis({ args: ['--requirepass', 'p@ss word/%'] });
    const wrong = `redis://:wrong@127.0.0.1:${server.port}`;
    await expect(open(wrong, { connectWithin: 500 })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('WRONGPASS'),
    });
    const right = await open(`redis://:p%40ss%20word%2F%25@127.0.0.1:${server.port}`);
    const follower = await started(right);
    expect(follower.versions).toEqual([10n]);
    expect(right.name).toBe(`redis 127.0.0.1:${server.port}`);
  });

  it('opening refuses a Redis before 6.2', async () => {
    const url = await oldRedis();
    await expect(open(url)).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/is Redis 6\.0\.16; Holdfast needs Redis 6\.2/),
    });
  });

  it('two databases of one Redis are two stores', async () => {
    const server = await redis();
    const [one, two] = [await open(`${server.url}/1`), await open(`${server.url}/2`)];
    const follower = await follow(two);
    await one.commit(creation(1n));
    await two.commit({ ...creation(1n), ...update(1n, 0n, [flag(20n, 'b')]), expect: undefined });
    await follower.reaches(20n);
    expect(await one.version(1n)).toBe(0n);
    expect(contents((await two.read(1n))!.configs)).toEqual(contents([flag(20n, 'b')]));
  });

  it('opening warns of a Redis that may evict data', async () => {
    const server = await redis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { log, lines } = recordingLog();
    await open(server.url, { log });
    expect(lines()).toContainEqual(expect.objectContaining({ level: 40, policy: 'allkeys-lru' }));
  });

  it('a location opens the store that it names', async () => {
    const server = await redis();
    const store = await openStore(server.url, { log: silent });
    cleanups.push(() => store.close());
    expect(store.name).toBe(`redis 127.0.0.1:${server.port}`);
    await expect(openStore('nowhere', { log: silent })).rejects.toMatchObject({ field: 'HOLDFAST_STORE' });
  });
});

/** A relay between the store and Redis. */
interface Relay {
  readonly url: string;
  /** Cuts the connection at the moment when the answer to a commit comes back. */
  cutAtNextAnswer(): void;
  /** Passes on the next answer after that many milliseconds, and none after it. */
  fallSilent(milliseconds: number): void;
}

async function startRelay(port: number): Promise<Relay> {
  let armed = false;
  let silence: { readonly after: number; begun: boolean } | undefined;
  const server = createServer((socket) => {
    const upstream = connect(port, '127.0.0.1');
    let cut = false;
    socket.on('data', (data) => {
      if (armed && data.includes('EVALSHA') && data.includes('{holdfast}:history'))
        [cut, armed] = [true, false];
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (cut) socket.destroy();
      else if (silence === undefined) socket.write(data);
      else if (!silence.begun && data.includes('NOSCRIPT')) {
        silence.begun = true;
        setTimeout(() => socket.write(data), silence.after);
      }
    });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  const url = await listen(server);
  return {
    url,
    cutAtNextAnswer: () => (armed = true),
    fallSilent: (after) => (silence = { after, begun: false }),
  };
}

/**
 * Answers as a Redis of a version that is not installed would: the one thing that a real server
 * cannot be made to say.
 */
async function oldRedis(): Promise<string> {
  const info = 'redis_version:6.0.16\r\n';
  const server = createServer((socket) => {
    socket.on('data', (data) => {
      for (const command of data.toString().match(/\$\d+\r\n(info|client|hello|select|auth|evalsha)\r/gi) ??
        []) {
        socket.write(/info\r$/i.test(command) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
    socket.on('error', () => socket.destroy());
  });
  return listen(server);
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
