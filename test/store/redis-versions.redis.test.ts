/**
 * The oldest, the installed and the newest server that Holdfast promises to work with: each passes
 * the whole contract, by a user with the least permissions, and each refusal of it is recognised.
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { historyLimits } from '../../src/store/history.js';
import type { RedisLocation } from '../../src/store/location.js';
import { parseStoreLocation } from '../../src/store/open.js';
import { openRedisStore } from '../../src/store/redis/store.js';
import type { Store } from '../../src/store/store.js';
import { ask, REDIS_PROGRAMS, startRedis, type RedisOptions, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { storeContract } from './contract.js';
import { creation, flag, Follower, recordingLog, settings, silent, update } from './fixtures.js';
import { leastAcl } from './least-acl.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redis(options: RedisOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  cleanups.push(() => server.stop());
  return server;
}

async function open(url: string, log = silent): Promise<Store> {
  const store = await openRedisStore(parseStoreLocation(url) as RedisLocation, { log });
  cleanups.push(() => store.close());
  return store;
}

function client(port: number): Redis {
  const raw = new Redis({ port, host: '127.0.0.1' });
  raw.on('error', () => undefined);
  cleanups.push(() => raw.disconnect());
  return raw;
}

/** An environment at version 10, and a follower that has seen how it came to that. */
async function started(store: Store): Promise<Follower> {
  await store.commit(creation(1n));
  const follower = new Follower(store, await store.head());
  cleanups.push(() => follower.stop());
  await store.commit(update(1n, 0n, [flag(10n, 'a')]));
  await follower.reaches(10n);
  return follower;
}

const next = (expect: bigint, version: bigint) => update(1n, expect, [flag(version, 'a')]);

/** One address behind which the server can change, as a VIP or the endpoint of a managed Redis. */
async function startAddress(port: number): Promise<{ url: string; leadTo: (port: number) => void }> {
  let target = port;
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    socket.pipe(upstream);
    upstream.pipe(socket);
    socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, leadTo: (to) => (target = to) };
}

/** A master and a replica in step, behind one address that leads to the master. */
async function startPair(program: string) {
  const master = await redis({ program });
  const replica = await redis({ program, args: ['--replicaof', '127.0.0.1', `${master.port}`] });
  const [one, two] = [client(master.port), client(replica.port)];
  await until('the replica is in step', async () =>
    (await two.info('replication')).includes('master_link_status:up'),
  );
  const address = await startAddress(master.port);
  const failOver = async () => {
    await until('the replica has everything', async () => {
      const [, offset] = /master_repl_offset:(\d+)/.exec(await one.info('replication')) ?? [];
      return (await two.info('replication')).includes(`slave_repl_offset:${offset}`);
    });
    await two.replicaof('NO', 'ONE');
    await one.replicaof('127.0.0.1', replica.port);
  };
  return { master, replica, address, failOver };
}

describe.each(REDIS_PROGRAMS)('%s', (name, program) => {
  storeContract(`${name}, by a user with the least permissions`, async () => {
    const server = await startRedis({ program });
    const admin = new Redis({ port: server.port, host: '127.0.0.1' });
    await admin.call('ACL', 'SETUSER', 'holdfast', 'on', '>secret', ...leastAcl());
    const url = server.url.replace('redis://', 'redis://holdfast:secret@');
    return {
      open: async (changes) => {
        await admin.flushall();
        return openRedisStore(parseStoreLocation(`${url}?wait=0`) as RedisLocation, {
          log: silent,
          history: historyLimits(changes),
        });
      },
      stop: async () => {
        admin.disconnect();
        await server.stop();
      },
    };
  });

  it('fails over behind one address without an error, a gap or a restart', async () => {
    const { replica, address, failOver } = await startPair(program);
    const { log, lines } = recordingLog();
    const store = await open(address.url, log);
    const follower = await started(store);
    await failOver();
    address.leadTo(replica.port);
    expect(await store.commit(next(10n, 11n))).toEqual({ kind: 'committed' });
    expect(await store.leadership.acquire('me', 10_000)).toBe(true);
    await follower.reaches(11n);
    expect(follower.kinds).toEqual(['entries', 'entries']);
    expect(store.writable()).toEqual({ state: 'ok' });
    expect(lines().filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('refuses writes while its address leads to a replica, says so, and takes them when it leads to the master', async () => {
    const { replica, address, failOver } = await startPair(program);
    const { log, lines } = recordingLog();
    const store = await open(address.url, log);
    const follower = await started(store);
    const head = await store.head();
    await failOver();
    await expect(store.commit(next(10n, 11n))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/nothing was changed: READONLY .*replica/),
    });
    expect(store.writable()).toMatchObject({
      state: 'refusing',
      reason: expect.stringContaining('READONLY'),
    });
    expect(await store.head()).toBe(head);
    address.leadTo(replica.port);
    // No further commit is needed to notice.
    await until('writes are taken', () => store.writable().state === 'ok');
    expect(await store.commit(next(10n, 12n))).toEqual({ kind: 'committed' });
    await follower.reaches(12n);
    const told = lines().map(({ msg }) => msg);
    expect(told.filter((msg) => msg === 'the store refuses writes')).toHaveLength(1);
    expect(told.filter((msg) => msg === 'the store takes writes again')).toHaveLength(1);
    expect(told).not.toContain('the store is unavailable');
  });

  it.each<[code: string, begin: (raw: Redis) => unknown, end: (raw: Redis) => unknown]>([
    ['OOM', (raw) => raw.config('SET', 'maxmemory', '1'), (raw) => raw.config('SET', 'maxmemory', '0')],
    [
      'NOREPLICAS',
      (raw) => raw.config('SET', 'min-replicas-to-write', '1'),
      (raw) => raw.config('SET', 'min-replicas-to-write', '0'),
    ],
    [
      'MISCONF',
      failSave,
      async (raw) => {
        await raw.config('SET', 'stop-writes-on-bgsave-error', 'no');
      },
    ],
    [
      'MASTERDOWN',
      async (raw) => {
        await raw.config('SET', 'replica-serve-stale-data', 'no');
        await raw.replicaof('127.0.0.1', 1);
      },
      (raw) => raw.replicaof('NO', 'ONE'),
    ],
    [
      'NOPERM',
      (raw) => raw.call('ACL', 'SETUSER', 'default', '-eval', '-evalsha'),
      (raw) => raw.call('ACL', 'SETUSER', 'default', '+eval', '+evalsha'),
    ],
  ])('says %s of a refused commit, that nothing was changed, and recovers', async (code, begin, end) => {
    const server = await redis({ program });
    const store = await open(server.url);
    await started(store);
    const raw = client(server.port);
    await begin(raw);
    await expect(store.commit(next(10n, 11n))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(new RegExp(`nothing was changed: ${code} `)),
    });
    expect(store.writable()).toMatchObject({ state: 'refusing', reason: expect.stringContaining(code) });
    await end(raw);
    expect(await until('a commit', () => store.commit(next(10n, 12n)))).toEqual({ kind: 'committed' });
    await until('writes are taken', () => store.writable().state === 'ok');
  });

  it('waits for a server that is loading its data', async () => {
    const server = await redis({ program });
    const raw = client(server.port);
    for (let i = 0; i < 60; i++) await raw.set(`filler ${i}`, randomBytes(100_000));
    await raw.save();
    await server.kill();
    // A server processes commands now and then while it loads; each key takes 20 ms.
    const args = ['--key-load-delay', '20000'];
    const starting = redis({ program, port: server.port, dir: server.dir, args });
    await until('it is loading', async () => (await ask(server.port, 'PING')).startsWith('-LOADING'));
    const store = await open(server.url);
    expect(await store.commit(creation(1n))).toEqual({ kind: 'committed' });
    await starting;
  });

  it('a Redis is refused when its user may not run a command of the scripts, before half of a commit is made', async () => {
    const server = await redis({ program });
    const raw = client(server.port);
    await raw.call('ACL', 'SETUSER', 'holdfast', 'on', '>secret', ...leastAcl(), '-hset', '-xdel');
    await expect(open(server.url.replace('//', '//holdfast:secret@'))).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/may not run HSET, XDEL .*docs\/how-to\/redis\.md/),
    });
  });

  it('says of a commit that an ACL stopped half way that a part of it may have been made', async () => {
    const server = await redis({ program });
    const store = await open(server.url);
    await started(store);
    await client(server.port).call('ACL', 'SETUSER', 'default', '-hset');
    await expect(
      store.commit({ ...next(10n, 11n), settings: settings(1n, { name: 'new' }) }),
    ).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringMatching(/stopped a script.*may have been made, or a part of it/),
    });
    expect(store.writable()).toMatchObject({ state: 'refusing' });
  });

  it('gets the text of a script once, and again when it lost it', async () => {
    const server = await redis({ program });
    const store = await open(server.url);
    const raw = client(server.port);
    await started(store);
    await raw.config('RESETSTAT');
    expect(await store.commit(next(10n, 11n))).toEqual({ kind: 'committed' });
    expect(await calls(raw)).toEqual({ evalsha: 1 });
    await raw.script('FLUSH');
    await raw.config('RESETSTAT');
    expect(await store.commit(next(11n, 12n))).toEqual({ kind: 'committed' });
    expect(await store.commit(next(12n, 13n))).toEqual({ kind: 'committed' });
    expect(await calls(raw)).toEqual({ evalsha: 2, eval: 1 });
  });

  it('gets the texts of scripts each time from a user who may not run them by digest', async () => {
    const server = await redis({ program });
    const raw = client(server.port);
    await raw.call('ACL', 'SETUSER', 'holdfast', 'on', '>secret', ...leastAcl(), '-evalsha');
    const store = await open(server.url.replace('//', '//holdfast:secret@'));
    await started(store);
    await raw.config('RESETSTAT');
    expect(await store.commit(next(10n, 11n))).toEqual({ kind: 'committed' });
    expect(await calls(raw)).toEqual({ eval: 1 });
    expect(store.writable()).toEqual({ state: 'ok' });
  });

  it('a Redis is served, with a warning, to a user without INFO', async () => {
    const server = await redis({ program });
    await client(server.port).call('ACL', 'SETUSER', 'holdfast', 'on', '>secret', ...leastAcl());
    const { log, lines } = recordingLog();
    const store = await open(server.url.replace('//', '//holdfast:secret@'), log);
    expect(await store.commit(creation(1n))).toEqual({ kind: 'committed' });
    expect(lines()).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringContaining('may not run INFO') }),
    );
  });
});

/** The runs of scripts since the statistics of a server were reset, by command; refused ones count too. */
async function calls(raw: Redis): Promise<Record<string, number>> {
  const stats = (await raw.info('commandstats')).matchAll(/^cmdstat_(eval\w*):calls=(\d+)/gm);
  return Object.fromEntries([...stats].map(([, name = '', count]) => [name, Number(count)]));
}

/** Lets a server find that it cannot save. */
async function failSave(raw: Redis): Promise<void> {
  await raw.config('SET', 'save', '3600 1');
  await raw.config('SET', 'stop-writes-on-bgsave-error', 'yes');
  await raw.config('SET', 'rdbcompression', 'no');
  // The name of a directory that exists: the file cannot be put in its place.
  const [, dir = ''] = await raw.config('GET', 'dir');
  await mkdir(`${dir}/dump.rdb/x`, { recursive: true });
  await raw.bgsave();
  await until('a save has failed', async () =>
    (await raw.info('persistence')).includes('rdb_last_bgsave_status:err'),
  );
}
