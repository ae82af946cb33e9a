import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { clientPosition } from '../../src/ruleset/client-position.js';
import { Outbox } from '../../src/publish/outbox/outbox.js';
import type { Item } from '../../src/publish/outbox/items.js';
import type { PublishResult } from '../../src/publish/proxy-client.js';
import { ProxyWorker } from '../../src/publish/proxy-worker.js';
import { until } from '../support/until.js';
import { changeEntry, closeEntry, nameOf, silentEntry, tellEntry } from './arbitrary.js';

const accepted: PublishResult = { kind: 'accepted' };
const failed = (retryAfterMs?: number): PublishResult => ({ kind: 'failed', reason: '503', retryAfterMs });
const refused: PublishResult = { kind: 'refused', reason: '400 no' };

type Answer = PublishResult | Promise<PublishResult> | undefined;

interface Script {
  /** The proxy's answer; `undefined`: accepts. */
  readonly answer?: (names: string[], request: number) => Answer;
  readonly entries?: number;
  readonly random?: number;
  /** Between requests. Waiting for it takes as long by the clock. */
  readonly interval?: number;
  /** Waits for the test instead of going on at once. */
  readonly manualSleep?: boolean;
}

let controller: AbortController;
let running: Promise<void>;

afterEach(async () => {
  controller.abort();
  await running;
});

/** A worker whose proxy is a script, and whose waits are a list. */
function start(script: Script = {}) {
  const outbox = new Outbox({ entries: script.entries ?? 1_000, bytes: 1e6 });
  const cursor = outbox.cursorAtEnd('0');
  const requests: string[][] = [];
  const sleeps: number[] = [];
  const events: string[] = [];
  const logs: string[] = [];
  let endSleep = (): void => undefined;
  let clock = 1_000;
  controller = new AbortController();
  const worker = new ProxyWorker({
    name: 'proxy',
    cursor: cursor,
    maxBody: 10_000,
    interval: script.interval ?? 0,
    publish: async (items: readonly Item[]) => {
      const names = items.map(nameOf);
      requests.push(names);
      return (await script.answer?.(names, requests.length)) ?? accepted;
    },
    events: {
      accepted: (items) => events.push(`accepted ${items}`),
      failed: () => events.push('failed'),
      lag: (milliseconds) => events.push(`lag ${milliseconds}`),
      resynced: (items) => events.push(`resynced ${items}`),
      traced: ({ parent }) => events.push(`traced ${parent}`),
      refetched: (items) => events.push(`refetched ${items}`),
      cursor: (position) => events.push(`cursor ${position}`),
    },
    log: createLog('info', { write: (line) => void logs.push(line) }),
    clock: {
      now: () => clock,
      monotonic: () => clock,
      random: () => script.random ?? 1,
      sleep: async (milliseconds, signal) => {
        sleeps.push(milliseconds);
        if (script.interval !== undefined) clock += milliseconds;
        if (script.manualSleep !== true) return;
        await new Promise<void>((resolve) => {
          endSleep = resolve;
          signal.addEventListener('abort', () => resolve());
        });
      },
    },
  });
  running = worker.run(controller.signal);
  const push = (...entries: Parameters<Outbox['push']>[0][]): void => {
    for (const entry of entries) outbox.push(entry);
    worker.wake();
  };
  const idle = () => until('the worker to have nothing to do', () => cursor.waiting === 0 && cursor.complete);
  return { worker, cursor, push, idle, requests, sleeps, events, logs, endSleep: () => endSleep() };
}

describe('a worker', () => {
  it('a worker sends what is pushed, in order, in one request for what came together', async () => {
    const { push, idle, requests } = start();
    push(changeEntry(1, 7n, 0, 1), changeEntry(2, 8n, 0, 1));
    await idle();
    push(changeEntry(3, 7n, 1, 2));
    await idle();
    expect(requests).toEqual([['7: 0→1', '8: 0→1'], ['7: 1→2']]);
  });

  it('a worker has one request under way at a time, and hears what is pushed in the meantime', async () => {
    let release = (): void => undefined;
    const first = new Promise<PublishResult>((resolve) => (release = () => resolve(accepted)));
    const { push, idle, requests } = start({ answer: (_, n) => (n === 1 ? first : undefined) });
    push(changeEntry(1, 7n, 0, 1));
    await until('the first request', () => requests.length === 1);
    push(changeEntry(2, 7n, 1, 2));
    push(changeEntry(3, 7n, 2, 3));
    await new Promise((resolve) => setImmediate(resolve));
    expect(requests).toHaveLength(1);
    release();
    await idle();
    expect(requests).toEqual([['7: 0→1'], ['7: 1→2', '7: 2→3']]);
  });

  it('a worker sends a change after a pause immediately, and what comes within the interval after it together', async () => {
    const { push, idle, requests, sleeps, endSleep } = start({ interval: 100, manualSleep: true });
    push(changeEntry(1, 7n, 0, 1));
    await idle();
    expect(sleeps).toEqual([]);
    push(changeEntry(2, 7n, 1, 2));
    await until('it waits', () => sleeps.length === 1);
    push(changeEntry(3, 8n, 0, 1), changeEntry(4, 7n, 2, 3));
    endSleep();
    await idle();
    expect(sleeps).toEqual([100]);
    expect(requests).toEqual([['7: 0→1'], ['7: 1→2', '8: 0→1', '7: 2→3']]);
  });

  it('a worker never sleeps through a wake-up, however often it is woken', async () => {
    const { push, idle, requests } = start();
    for (let i = 1; i <= 200; i++) {
      push(changeEntry(i, 7n, i - 1, i));
      // A few turns, so that pushes meet it in every state: idle, sending, about to be idle.
      for (let turn = 0; turn < i % 7; turn++) await Promise.resolve();
    }
    await idle();
    expect(requests.flat()).toHaveLength(200);
  });

  it('a worker tells where it is: accepted, lag from the commit, and the cursor', async () => {
    const { push, idle, events } = start();
    push({ ...changeEntry(1, 7n, 0, 1), at: 900 }, silentEntry(2));
    await idle();
    expect(events).toEqual(['accepted 1', 'lag 100', 'cursor 2']);
  });

  it('a worker counts notifications of clients, and not their delay as lag: they are late on purpose', async () => {
    const { push, idle, events } = start();
    const subject = { kind: 'clients', environment: 7n, shard: 0, position: clientPosition(1n, 0) } as const;
    push(changeEntry(1, 7n, 0, 1), tellEntry(2, subject, 0));
    await idle();
    expect(events).toEqual(['accepted 2', 'lag 999', 'refetched 1', 'cursor 2']);
  });

  it('a worker moves the cursor past entries that need no item', async () => {
    const { push, idle, events, requests } = start();
    push(silentEntry(1));
    await idle();
    expect(events).toEqual(['cursor 1']);
    expect(requests).toEqual([]);
  });

  it('a worker never reports a negative lag, whatever the store’s clock says', async () => {
    const { push, idle, events } = start();
    push({ ...changeEntry(1, 7n, 0, 1), at: 5_000 });
    await idle();
    expect(events).toContain('lag 0');
  });
});

describe('a proxy that fails', () => {
  it('a proxy that fails is tried again with the same items, after waits that double from 0.1 s to 10 s', async () => {
    const { push, idle, requests, sleeps } = start({ answer: (_, n) => (n <= 9 ? failed() : undefined) });
    push(changeEntry(1, 7n, 0, 1));
    await idle();
    expect(sleeps).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(requests).toEqual(Array.from({ length: 10 }, () => ['7: 0→1']));
  });

  it('a proxy that fails begins with the short wait again once it has accepted something', async () => {
    const { push, idle, sleeps } = start({ answer: (_, n) => (n !== 3 && n < 5 ? failed() : undefined) });
    push(changeEntry(1, 7n, 0, 1));
    await idle();
    push(changeEntry(2, 7n, 1, 2));
    await idle();
    expect(sleeps).toEqual([100, 200, 100]);
  });

  it('a proxy that fails is given the time that it asks for', async () => {
    const { push, idle, sleeps } = start({ answer: (_, n) => (n === 1 ? failed(7_000) : undefined) });
    push(changeEntry(1, 7n, 0, 1));
    await idle();
    expect(sleeps).toEqual([7_000]);
  });

  it('a proxy that fails gets what was pushed during the wait in one request after it', async () => {
    const script = {
      answer: (_: string[], n: number) => (n === 1 ? failed() : undefined),
      manualSleep: true,
    };
    const { push, idle, requests, sleeps, endSleep } = start(script);
    push(changeEntry(1, 7n, 0, 1));
    await until('the wait', () => sleeps.length === 1);
    push(changeEntry(2, 7n, 1, 2));
    await new Promise((resolve) => setImmediate(resolve));
    expect(requests).toHaveLength(1);
    endSleep();
    await idle();
    expect(requests[1]).toEqual(['7: 0→1', '7: 1→2']);
  });

  it('a proxy that fails is shown as failing with the reason, and as well afterwards; said once in the log', async () => {
    const script = { answer: (_: string[], n: number) => (n <= 2 ? failed() : undefined), manualSleep: true };
    const { worker, push, idle, sleeps, logs, endSleep } = start(script);
    push(changeEntry(1, 7n, 0, 1));
    await until('the wait', () => sleeps.length === 1);
    expect(worker.status()).toEqual({
      proxy: 'proxy',
      state: 'failing',
      waiting: 1,
      missed: 0,
      error: '503',
    });
    endSleep();
    await until('the second wait', () => sleeps.length === 2);
    endSleep();
    await idle();
    expect(worker.status()).toEqual({ proxy: 'proxy', state: 'ok', waiting: 0, missed: 0 });
    expect(logs).toHaveLength(2);
  });

  it('a proxy that fails that was overtaken by the ring gets a resync, and no cursor before that', async () => {
    const script = {
      answer: (_: string[], n: number) => (n === 1 ? failed() : undefined),
      manualSleep: true,
    };
    const { push, idle, requests, sleeps, events, endSleep } = start({ ...script, entries: 2 });
    push(changeEntry(1, 7n, 0, 1));
    await until('the wait', () => sleeps.length === 1);
    push(changeEntry(2, 7n, 1, 2), closeEntry(3, 'a'), changeEntry(4, 8n, 0, 1), changeEntry(5, 7n, 2, 3));
    endSleep();
    await idle();
    expect(requests.slice(1)).toEqual([
      ['key-a close', '7: →2'],
      ['8: 0→1', '7: 2→3'],
    ]);
    expect(events.filter((event) => !event.startsWith('lag'))).toEqual([
      'failed',
      'accepted 2',
      'resynced 2',
      'cursor 3',
      'accepted 2',
      'cursor 5',
    ]);
  });
});

describe('many resync items', () => {
  it('many resync items go in several requests, and the cursor waits for the last', async () => {
    const script = {
      answer: (_: string[], n: number) => (n === 1 ? failed() : undefined),
      manualSleep: true,
    };
    const { push, idle, requests, sleeps, events, endSleep } = start({ ...script, entries: 1 });
    push(changeEntry(1, 1n, 0, 1));
    await until('the wait', () => sleeps.length === 1);
    push(...Array.from({ length: 250 }, (_, i) => changeEntry(i + 2, BigInt(i + 2), 0, 1)));
    endSleep();
    await idle();
    expect(requests.length).toBeGreaterThan(3);
    expect(events.filter((event) => event.startsWith('cursor'))).toEqual(['cursor 250', 'cursor 251']);
  });
});

describe('a proxy that refuses', () => {
  const six = () => Array.from({ length: 6 }, (_, i) => changeEntry(i + 1, BigInt(i), 0, 1));

  it('one item gets a resync for that one, and all others as they are, in order', async () => {
    const { push, idle, requests, sleeps, logs } = start({
      answer: (names) => (names.includes('3: 0→1') ? refused : undefined),
    });
    push(...six());
    await idle();
    const taken = requests.filter((names) => !names.includes('3: 0→1')).flat();
    expect(taken).toEqual(['0: 0→1', '1: 0→1', '2: 0→1', '3: →1', '4: 0→1', '5: 0→1']);
    expect(sleeps).toEqual([]);
    expect(logs.filter((line) => line.includes('refused'))).toHaveLength(1);
  });

  it('large bodies is sent small ones, and nothing is resynced', async () => {
    const { push, idle, requests } = start({ answer: (names) => (names.length > 2 ? refused : undefined) });
    push(...six());
    await idle();
    const taken = requests.filter((names) => names.length <= 2).flat();
    expect(taken).toEqual(['0: 0→1', '1: 0→1', '2: 0→1', '3: 0→1', '4: 0→1', '5: 0→1']);
  });

  it('one item of a hundred costs few requests', async () => {
    const { push, idle, requests } = start({
      answer: (names) => (names.includes('63: 0→1') ? refused : undefined),
    });
    push(...Array.from({ length: 100 }, (_, i) => changeEntry(i + 1, BigInt(i), 0, 1)));
    await idle();
    expect(requests.length).toBeLessThan(35);
  });

  it('even the resync item is left to the link, and the cursor goes on', async () => {
    const { push, idle, requests, events } = start({
      answer: (names) => (names.some((name) => name.startsWith('7:')) ? refused : undefined),
    });
    push(changeEntry(1, 7n, 0, 1), changeEntry(2, 8n, 0, 1));
    await idle();
    expect(requests.at(-1)).toEqual(['8: 0→1']);
    expect(events.at(-1)).toBe('cursor 2');
  });

  it('an item of a chain gets a resync for the whole change', async () => {
    const { push, idle, requests } = start({
      answer: (names) => (names.includes('7: 2→4') ? refused : undefined),
    });
    push(changeEntry(1, 7n, 0, 6, { pieces: 3 }), changeEntry(2, 7n, 6, 7));
    await idle();
    expect(requests.filter((names) => !names.includes('7: 2→4')).flat()).toEqual([
      '7: 0→2',
      '7: →6',
      '7: 6→7',
    ]);
  });
});

describe('an abort', () => {
  it('an abort ends a worker that has nothing to do', async () => {
    start();
    controller.abort();
    await running;
  });

  it('an abort ends a wait', async () => {
    const { push, sleeps } = start({ answer: () => failed(), manualSleep: true });
    push(changeEntry(1, 7n, 0, 1));
    await until('the wait', () => sleeps.length === 1);
    controller.abort();
    await running;
  });

  it('an abort waits for the request under way, and takes its answer', async () => {
    let release = (): void => undefined;
    const answer = new Promise<PublishResult>((resolve) => (release = () => resolve(accepted)));
    const { push, requests, events } = start({ answer: () => answer });
    let ended = false;
    push(changeEntry(1, 7n, 0, 1), changeEntry(2, 7n, 1, 2));
    await until('the request', () => requests.length === 1);
    void running.then(() => (ended = true));
    controller.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    release();
    await running;
    expect(events.at(-1)).toBe('cursor 2');
    expect(requests).toHaveLength(1);
  });
});
