/** The memory that remembered requests take in a real Redis. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useBoundedStores } from './bounded-store.js';
import { creation, flag, update } from './fixtures.js';

const LIMIT = 1024 * 1024;

const openStore = useBoundedStores();

async function setUp() {
  const { store, raw, lines } = await openStore({ idempotencyBytes: LIMIT });
  await store.commit(creation(1n));
  let version = 0n;
  /** Commits changes with an idempotency key each, and an answer of that many bytes. */
  const commit = async (prefix: string, count: number, bytes: number) => {
    for (let i = 0; i < count; i++) {
      const answer = randomBytes(Math.ceil(bytes / 2)).toString('hex');
      const idempotency = { key: `${prefix} ${i}`, digest: 'd'.repeat(64), answer };
      await store.commit(update(1n, version, [flag(++version, 'a')], { idempotency }));
    }
  };
  const memory = async () => {
    const keys = await raw.keys('{holdfast}:idempotency:*');
    const sizes = await Promise.all(keys.map((key) => raw.memory('USAGE', key, 'SAMPLES', 0)));
    return sizes.reduce((sum: number, size) => sum + Number(size), 0);
  };
  return { raw, store, commit, memory, lines };
}

describe('remembered requests in Redis', () => {
  it.each([
    ['small', 4_000, 100],
    ['medium', 1_000, 3_000],
    ['large', 12, 300_000],
  ])(
    'remembered requests with %s answers take no more memory than the limit, and the newest are kept',
    async (_, count, bytes) => {
      const { store, commit, memory } = await setUp();
      await commit('first', count, bytes);
      expect(await memory()).toBeLessThan(1.1 * LIMIT);
      expect(await memory()).toBeGreaterThan(0.4 * LIMIT);
      expect(await store.repeated(1n, 'first 0')).toBeUndefined();
      expect(await store.repeated(1n, `first ${count - 1}`)).toBeDefined();
    },
  );

  it('remembered requests include the newest one, however large its answer is', async () => {
    const { store, commit, raw } = await setUp();
    await commit('small', 100, 100);
    await commit('large', 1, 3 * LIMIT);
    expect(await store.repeated(1n, 'large 0')).toBeDefined();
    expect(await store.repeated(1n, 'small 99')).toBeUndefined();
    await commit('next', 3, 100);
    expect(await store.repeated(1n, 'large 0')).toBeUndefined();
    expect(await raw.xlen('{holdfast}:idempotency:1')).toBe(3);
  });

  it('remembered requests are all kept below the limit, and those that are expired make room without taking newer ones along', async () => {
    const { store, commit, raw } = await setUp();
    await commit('first', 100, 100);
    expect(await store.repeated(1n, 'first 0')).toBeDefined();
    // As it is after a day: the records are gone, the index is old, and a key is used again.
    const index = '{holdfast}:idempotency:1';
    const entries = await raw.xrange(index, '-', '+');
    await raw.del(index, ...entries.map(([, fields]) => fields[1]!));
    for (const [i, [, fields]] of entries.entries()) await raw.xadd(index, `${i + 1}-0`, ...fields);
    await commit('first', 1, 100);
    expect(await raw.xlen(index)).toBe(1);
    expect(await store.repeated(1n, 'first 0')).toBeDefined();
  });

  it('remembered requests that are forgotten before their time are logged once for an environment', async () => {
    const { commit, lines } = await setUp();
    await commit('large', 20, 300_000);
    const warned = lines().filter(({ level }) => level === 40);
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatchObject({ environment: '1', limit: LIMIT });
  });
});
