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
}

/** Everything that a node asks of its store; what moves the version is last. */
const operations: Record<string, () => Promise<unknown>> = {
  read: () => store.read(1n),
  version: () => store.version(1n),
  environment: () => store.environment(1n),
  deletion: () => store.deletion(1n),
  environments: () => store.environments(),
  history: () => store.history(1n, { limit: 10 }),
  repeated: () => store.repeated(1n, 'request'),
  keys: () => store.keys(),
  keyByHash: () => store.keyByHash(key.hash),
  operators: () => store.operators.all(),
  audit: () => store.audit.before(undefined, 10),
  rejected: () => store.inbox!.rejected(10),
  addRejected: () =>
    store.inbox!.addRejected([{ name: Buffer.from('c'), value: Buffer.from('d') }], rejection),
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
