import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { CursorSaver } from '../../src/leader/cursors.js';

let saved: string[];
let writes: number;
let logs: string[];
/** The store's next outcomes, one per write; afterwards it succeeds. */
let store: (() => Promise<boolean>)[];
let saver: CursorSaver;

beforeEach(() => {
  vi.useFakeTimers();
  saved = [];
  writes = 0;
  logs = [];
  store = [];
  saver = new CursorSaver(
    async (cursors) => {
      writes++;
      const written = (await store.shift()?.()) ?? true;
      for (const [proxy, position] of cursors) saved.push(`${proxy} ${position}`);
      return written;
    },
    createLog('info', { write: (line) => void logs.push(line) }),
  );
});

afterEach(() => vi.useRealTimers());

const away = () => Promise.reject(new Error('away'));

/** A write that takes until `done` is called. */
function slowly(): () => void {
  let done = (): void => undefined;
  const writing = new Promise<boolean>((resolve) => (done = () => resolve(true)));
  store.push(() => writing);
  return () => done();
}

describe('cursors', () => {
  it('cursors are written a tenth of a second after the first was noted, the newest of each proxy', async () => {
    saver.note('a', '1');
    saver.note('b', '1');
    await vi.advanceTimersByTimeAsync(99);
    saver.note('a', '2');
    expect(saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(saved).toEqual(['a 2', 'b 1']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(saved).toHaveLength(2);
  });

  it('cursors of a hundred proxies are written together, again where that failed', async () => {
    store.push(away);
    for (let proxy = 0; proxy < 100; proxy++) saver.note(`${proxy}`, '1');
    await vi.advanceTimersByTimeAsync(100);
    saver.note('7', '2');
    await vi.advanceTimersByTimeAsync(100);
    expect([writes, saved.length, saved[7]]).toEqual([2, 100, '7 2']);
  });

  it('cursors are written at the close, without waiting', async () => {
    saver.note('a', '1');
    await saver.close();
    expect(saved).toEqual(['a 1']);
  });

  it('cursors are written one after the other, so that none goes back', async () => {
    const done = slowly();
    saver.note('a', '1');
    saver.note('b', '1');
    await vi.advanceTimersByTimeAsync(100);
    saver.note('b', '2');
    const closing = saver.close();
    done();
    await closing;
    expect(saved).toEqual(['a 1', 'b 1', 'b 2']);
  });

  it('cursors that could not be written are written later, also when nothing new comes', async () => {
    store.push(away, away);
    saver.note('a', '1');
    await vi.advanceTimersByTimeAsync(300);
    expect(saved).toEqual(['a 1']);
    expect(logs).toHaveLength(1);
  });

  it('cursors that could not be written do not take the place of newer ones', async () => {
    let fail = (): void => undefined;
    store.push(() => new Promise((_, reject) => (fail = () => reject(new Error('away')))));
    saver.note('a', '1');
    await vi.advanceTimersByTimeAsync(100);
    saver.note('a', '2');
    fail();
    await vi.advanceTimersByTimeAsync(200);
    expect(saved).toEqual(['a 2']);
  });

  it('cursors are not written after the close, whatever happened to them', async () => {
    store.push(away);
    saver.note('a', '1');
    await saver.close();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(saved).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
