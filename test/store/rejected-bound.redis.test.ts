/** The memory that rejected inbox events take in a real Redis. */
import { afterEach, describe, expect, it } from 'vitest';
import { useBoundedStores } from './bounded-store.js';

const LIMIT = 1024 * 1024;
const INBOX = '{holdfast}:inbox';
const REJECTED = '{holdfast}:rejected';
const rejection = { code: 'body_invalid', message: 'm', field: undefined, at: '2026-01-01T00:00:00Z' };

const openStore = useBoundedStores();
const following: AbortController[] = [];
afterEach(() => {
  for (const abort of following.splice(0)) abort.abort();
});

async function setUp() {
  const { store, raw, lines } = await openStore({ rejectedBytes: LIMIT });
  const inbox = store.inbox!;
  const reader = { consumer: 'test', maxBytes: 10_000_000, after: () => undefined };
  const abort = new AbortController();
  following.push(abort);
  const signals = inbox.follow(reader, abort.signal)[Symbol.asyncIterator]();
  /** Adds events of a size, and rejects all that are undecided. */
  const rejectAll = async (count: number, bytes: number) => {
    for (let i = 0; i < count; i++) await raw.xadd(INBOX, '*', 'change', 'x'.repeat(bytes));
    for (;;) {
      const { value } = await signals.next();
      if (value?.kind !== 'events') continue;
      if (value.events.length === 0) return;
      for (const { id } of value.events) expect(await inbox.reject(id, rejection)).toBe('rejected');
    }
  };
  const memory = async () => Number(/used_memory:(\d+)/.exec(await raw.info('memory'))?.[1]);
  return { raw, inbox, rejectAll, memory, lines };
}

describe('rejected events', () => {
  it('rejected events take no more memory than the limit, however many there are: the oldest are removed, and the log says so', async () => {
    const { raw, rejectAll, memory, lines } = await setUp();
    const before = await memory();
    await rejectAll(400, 16_000);
    expect((await memory()) - before).toBeLessThan(2 * LIMIT);
    const count = await raw.xlen(REJECTED);
    expect(count).toBeGreaterThan(LIMIT / 16_000 - 3);
    expect(count).toBeLessThan(LIMIT / 16_000 + 1);
    const removed = lines().filter(({ level }) => level === 50);
    expect(removed.reduce((sum, line) => sum + Number(line.removed), 0)).toBe(400 - count);
    const [newest] = await raw.xrevrange(REJECTED, '+', '-', 'COUNT', 1);
    expect(newest![1]).toContain('holdfast-code');
  });

  it('rejected events are all kept below the limit, also when others were retried, dropped or deleted by hand', async () => {
    const { raw, inbox, rejectAll, lines } = await setUp();
    await rejectAll(40, 16_000);
    for (const { id } of (await inbox.rejected(30)).events) expect(await inbox.drop(id)).toBe(true);
    const [one] = (await inbox.rejected(1)).events;
    expect(await inbox.retry(one!.id)).toMatchObject({ kind: 'retried' });
    await rejectAll(40, 16_000);
    expect(await raw.xlen(REJECTED)).toBe(50);
    await raw.xtrim(REJECTED, 'MAXLEN', 0);
    await rejectAll(50, 16_000);
    expect(await raw.xlen(REJECTED)).toBe(50);
    expect(lines().filter(({ level }) => level === 50)).toEqual([]);
  });

  it('rejected events include the newest one, however large it is', async () => {
    const { raw, rejectAll } = await setUp();
    await rejectAll(3, 100);
    await rejectAll(1, 3 * LIMIT);
    expect(await raw.xlen(REJECTED)).toBe(1);
    await rejectAll(1, 100);
    expect(await raw.xlen(REJECTED)).toBe(1);
  });
});
