/**
 * Every name and field in Redis that scripts and readers touch, filled with what Holdfast did not
 * write: each operation works, or fails as `store_damaged` with the name, and never in part.
 */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HoldfastError } from '../../src/core/errors.js';
import { openStore } from '../../src/store/open.js';
import { names } from '../../src/store/redis/names.js';
import type { Store } from '../../src/store/store.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { apiKey, creation, flag, silent, update } from './fixtures.js';

let server: RedisServer;
let raw: Redis;
let store: Store;

beforeAll(async () => {
  server = await startRedis();
  raw = new Redis({ port: server.port, host: '127.0.0.1' });
  store = await openStore(server.url, { log: silent });
});
afterAll(async () => {
  await store.close();
  raw.disconnect();
  await server.stop();
});

const idempotency = { key: 'request', digest: 'd', answer: 'a' };
const key = apiKey('k1');
const operator = {
  name: 'op',
  role: 'viewer',
  environments: 'all',
  hash: 'h',
  createdAt: 1,
} as const;
const rejection = { code: 'field_invalid', message: 'm', field: undefined, at: 'now' } as const;

async function fill(): Promise<void> {
  await raw.flushall();
  await store.commit(creation(1n));
  await store.commit({ ...update(1n, 0n, [flag(10n, 'a')]), idempotency });
  await store.addKey(key);
  await store.operators.replace('op', undefined, operator);
  await store.audit.add({ at: 1, action: 'createKey', operator: 'op' });
  await store.inbox!.addRejected([{ name: Buffer.from('a'), value: Buffer.from('b') }], rejection);
  await store.leadership.acquire('node', 1_000);
  await store.leadership.saveCursors('node', new Map([['proxy', '1-1']]));
  await store.nodeReports.write('node', '{}', 1_000);
  await store.nodeReports.writeTimeline('[]');
  await store.keyUse.note(new Map([[key.id, 1_800_000_000_000]]));
}

/** Everything that a node asks of its store; what moves the version is last. */
const operations: Record<string, () => Promise<unknown>> = {
  read: () => store.read(1n),
  version: () => store.version(1n),
  environment: () => store.environment(1n),
  deletion: () => store.deletion(1n),
  environments: () => store.environments(),
  environmentsNamed: () => store.environmentsNamed('taken'),
  history: () => store.history(1n, { limit: 10 }),
  repeated: () => store.repeated(1n, 'request'),
  keys: () => store.keys(),
  keysOf: () => store.keysOf(key.environment),
  keyByHash: () => store.keyByHash(key.hash),
  operators: () => store.operators.all(),
  audit: () => store.audit.before(undefined, 10),
  rejected: () => store.inbox!.rejected(10),
  addRejected: () =>
    store.inbox!.addRejected([{ name: Buffer.from('c'), value: Buffer.from('d') }], rejection),
  listEnvironments: () => store.listEnvironments(),
  acquire: () => store.leadership.acquire('other', 1_000),
  release: () => store.leadership.release('other'),
  cursors: () => store.leadership.cursors(),
  saveCursors: () => store.leadership.saveCursors('node', new Map([['proxy', '1-1']])),
  reports: () => store.nodeReports.read(),
  report: () => store.nodeReports.write('other', '{}', 1_000),
  lastUses: () => store.keyUse.lastUses([key.id]),
  noteUses: () => store.keyUse.note(new Map([[key.id, 1_900_000_000_000]])),
  removeReport: () => store.nodeReports.remove('other'),
  settings: () => store.commit({ ...creation(2n, { name: 'taken' }), isNameUnique: true }),
  revokeKey: () => store.revokeKey(key.id, 5),
  repeatedCommit: () => store.commit({ ...update(1n, 10n, [flag(11n, 'a')]), idempotency }),
  commit: () =>
    store.commit({ ...update(1n, 10n, [flag(12n, 'b')]), idempotency: { ...idempotency, key: 'other' } }),
};

const TEXTS = [
  '',
  'x',
  '-1',
  '1.5',
  '1e400',
  'nan',
  '9'.repeat(26),
  '9'.repeat(400),
  '{}',
  '[]',
  '[1,2]',
  'null',
  '\0\u{1f600}',
];
const BYTES = [...TEXTS.map((text) => Buffer.from(text)), Buffer.from([0xff, 0xff, 0x01])];

type Spoil = (value: Buffer) => Promise<unknown>;
const places: [string, string, Spoil][] = [
  ...['version', 'at', 'clients', 'live', 'project', 'name', 'context', 'history', 'deleted'].map(
    (field): [string, string, Spoil] => [
      `${field} of an environment`,
      names.environment(1n),
      (value) => raw.hset(names.environment(1n), field, value),
    ],
  ),
  ['a config', names.configs(1n), (value) => raw.hset(names.configs(1n), 'a', value)],
  ['the list of environments', names.environments, (value) => raw.sadd(names.environments, value)],
  ['the bytes of histories', names.historyBytes, (value) => raw.set(names.historyBytes, value)],
  [
    'an entry of the history',
    names.history(1n),
    async (value) => {
      await raw.del(names.history(1n));
      await raw.xadd(names.history(1n), '11-1', 'previous', value);
    },
  ],
  [
    'a remembered request',
    names.idempotency(1n, 'request'),
    (value) => raw.set(names.idempotency(1n, 'request'), value),
  ],
  [
    'the index of remembered requests',
    names.remembered(1n),
    (value) => raw.xadd(names.remembered(1n), '*', 'key', value, 'bytes', value, 'total', value),
  ],
  ['an API key', names.keys, (value) => raw.hset(names.keys, key.id, value)],
  ['the hash of an API key', names.keyHashes, (value) => raw.hset(names.keyHashes, key.hash, value)],
  ['an operator', names.operators, (value) => raw.hset(names.operators, 'op', value)],
  ['the audit trail', names.audit, (value) => raw.xadd(names.audit, '*', 'entry', value)],
  ['the bytes of rejected events', names.rejectedBytes, (value) => raw.set(names.rejectedBytes, value)],
  [
    'the environment of a name',
    names.environmentNames,
    async (value) => {
      // What counts is the name in the hash, so the hash is made to agree.
      await raw.hset(names.environmentNames, 'taken', value);
      const hash = Buffer.concat([Buffer.from('{holdfast}:environment:'), value]);
      await raw.hset(hash, 'version', '1', 'name', 'taken');
    },
  ],
  ['the lease', names.lease, (value) => raw.set(names.lease, value)],
  ['a cursor', names.cursors, (value) => raw.hset(names.cursors, 'proxy', value)],
  ['the report of a node', names.reports, (value) => raw.hset(names.reports, 'node', value)],
  ['the times of a report', names.reportTimes, (value) => raw.hset(names.reportTimes, 'node', value)],
  ['the time line', names.timeline, (value) => raw.set(names.timeline, value)],
  ['a rejected event', names.rejected, (value) => raw.xadd(names.rejected, '*', 'holdfast-event', value)],
];

it.each(places)(
  'garbage in place of %s leaves each operation whole, or fails it as store_damaged with the name',
  async (_, name, spoil) => {
    for (const value of BYTES) {
      await fill();
      for (const [operation, run] of Object.entries(operations)) {
        const what = `${operation} with ${JSON.stringify(value.toString('latin1').slice(0, 20))}`;
        await spoil(value);
        const [feed, version] = [
          await raw.xlen(names.feed),
          await raw.hget(names.environment(1n), 'version'),
        ];
        const error: unknown = await run().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error === undefined) continue;
        expect(error, what).toBeInstanceOf(HoldfastError);
        const { code, message } = error as HoldfastError;
        expect([code, message], what).toEqual(['store_damaged', expect.stringContaining(name)]);
        // Nothing was done in part.
        expect(await raw.xlen(names.feed), what).toBe(feed);
        expect(await raw.hget(names.environment(1n), 'version'), what).toBe(version);
      }
    }
  },
  60_000,
);

it.each([
  names.environment(1n),
  names.environments,
  names.environmentNames,
  names.configs(1n),
  names.history(1n),
  names.keys,
  names.keyHashes,
  names.operators,
  names.audit,
  names.lease,
  names.cursors,
  names.reports,
  names.reportTimes,
  names.timeline,
  names.rejected,
])(
  'a value of another type at %s leaves each operation whole, or fails it as store_damaged',
  async (name) => {
    for (const [operation, run] of Object.entries(operations)) {
      await fill();
      await raw.del(name);
      await raw.lpush(name, 'what is no value of ours');
      const feed = await raw.xlen(names.feed);
      const error: unknown = await run().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      expect([operation, (error as HoldfastError).code]).toEqual([operation, 'store_damaged']);
      expect(await raw.xlen(names.feed), operation).toBe(feed);
    }
  },
);

it('a damaged environment is listed with its name and the remedy, and the others as they are', async () => {
  await fill();
  await store.commit(creation(2n));
  await store.commit(creation(3n, { name: 'production' }));
  await raw.hset(names.environment(3n), 'version', 'x');
  await raw.del(names.environment(2n));
  await raw.lpush(names.environment(2n), 'a list');
  await raw.sadd(names.environments, '01', 'x');
  const { environments, damaged } = await store.listEnvironments();
  expect(environments.map(({ id }) => id)).toEqual([1n]);
  expect((await store.environments()).map(({ id }) => id)).toEqual([1n]);
  const shown = damaged.map(({ id, name }) => [id, name]);
  expect(shown).toHaveLength(4);
  expect(shown).toEqual(
    expect.arrayContaining([
      [undefined, '01'],
      [undefined, 'x'],
      [2n, ''],
      [3n, 'production'],
    ]),
  );
  for (const { problem } of damaged)
    expect(problem).toMatch(/\{holdfast\}:environment\S* .* (Restore|Remove) /);
  await expect(store.read(3n)).rejects.toMatchObject({ code: 'store_damaged' });
  expect((await store.read(1n))?.configs).toHaveLength(1);
});

it('a lease that ends later than any holder made it, or never, is cut to the time of a renewal', async () => {
  for (const set of [
    () => raw.set(names.lease, 'by hand'),
    () => raw.set(names.lease, 'a dead node before the clock was set back', 'PX', 3_600_000),
  ]) {
    await raw.flushall();
    await set();
    expect(await store.leadership.acquire('node', 500)).toBe(false);
    expect(await raw.pttl(names.lease)).toBeLessThanOrEqual(500);
    await until('it is over', () => store.leadership.acquire('node', 500));
  }
});
