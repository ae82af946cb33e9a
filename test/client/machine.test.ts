import { describe, expect, it } from 'vitest';
import type { Action, Answer, Failure, Saved } from '../../src/client/events.js';
import { SETTLED_AFTER } from '../../src/client/machine.js';
import { ABSENT_FOR, MAX_RETRY_AFTER } from '../../src/client/sources.js';
import { machineOf } from './held-machine.js';

const FAILED: Failure = { kind: 'failed', why: 'connection refused' };
const ABSENT: Failure = { kind: 'absent', why: 'answered 501' };
const REFUSED: Failure = { kind: 'refused', why: 'answered 401' };
const SAVED: Saved = { environment: 7n, version: 5n, age: 3_600_000 };

function snapshot(version: bigint | undefined, environment: bigint | undefined = 7n, age = 0): Answer {
  return { kind: 'snapshot', environment, version, age };
}

function kinds(actions: readonly Action[]): string[] {
  return actions.map(({ kind }) => kind);
}

/** A machine that has version 5 of its first source, and its stream open. */
function streaming(streams: readonly boolean[] = [true]) {
  const held = machineOf(streams);
  held.start();
  held.answer(snapshot(5n));
  held.open();
  return held;
}

describe('the start', () => {
  it('the start asks the first source for everything', () => {
    expect(machineOf([true, true]).start()).toEqual([
      { kind: 'fetch', attempt: 1, source: 0, from: 0n, known: undefined },
    ]);
  });

  it('the start is ready with the first answer, and then subscribes from there', () => {
    const held = machineOf([true]);
    held.start();
    expect(held.answer(snapshot(5n))).toEqual([
      { kind: 'merge' },
      { kind: 'ready' },
      { kind: 'subscribe', attempt: 2, source: 0, from: 5n },
    ]);
  });

  it('the start asks the next source when one fails', () => {
    const held = machineOf([true, true]);
    held.start();
    expect(held.answer(FAILED)).toMatchObject([{ kind: 'fetch', source: 1 }]);
  });

  it('the start asks the next source when one does not answer in time, and does not listen to it any more', () => {
    const held = machineOf([true, true]);
    held.start();
    expect(held.pass(4_999)).toEqual([]);
    expect(held.pass(1)).toMatchObject([
      { kind: 'abort', attempt: 1 },
      { kind: 'fetch', attempt: 2, source: 1 },
    ]);
    expect(held.answer(snapshot(5n), 1)).toEqual([]);
  });

  it('the start subscribes although every snapshot failed: the stream may be what works', () => {
    const held = machineOf([true]);
    held.start();
    expect(held.answer(FAILED)).toMatchObject([{ kind: 'subscribe', from: 0n }]);
  });

  it('the start is ready from a stream alone when its catch-up has come to rest', () => {
    const held = machineOf([true]);
    held.start();
    held.answer(FAILED);
    held.open();
    expect(kinds(held.message(5n))).toEqual(['merge']);
    held.pass(SETTLED_AFTER - 1);
    expect(kinds(held.message(6n))).toEqual(['merge']);
    expect(kinds(held.pass(SETTLED_AFTER - 1))).not.toContain('ready');
    expect(kinds(held.pass(1))).toContain('ready');
  });

  it('the start tries all sources again, each after its own wait, until one answers', () => {
    const held = machineOf([false, false]);
    held.start();
    held.answer(FAILED);
    held.chance = 0.9;
    held.answer(FAILED);
    expect(held.pass(499)).toEqual([]);
    expect(held.pass(1)).toMatchObject([{ kind: 'fetch', source: 0 }]);
    held.answer(FAILED);
    expect(held.pass(400)).toMatchObject([{ kind: 'fetch', source: 1 }]);
  });

  it('the start is ready in an environment that has no config yet', () => {
    const held = machineOf([false]);
    held.start();
    expect(kinds(held.answer(snapshot(0n)))).toEqual(['merge', 'ready']);
  });
});

describe('hedging', () => {
  it('asks the next source too after the delay, and takes the first answer', () => {
    const held = machineOf([false, false], { hedge: 2_000 });
    held.start();
    expect(held.pass(1_999)).toEqual([]);
    expect(held.pass(1)).toMatchObject([{ kind: 'fetch', attempt: 2, source: 1 }]);
    expect(held.answer(snapshot(5n), 2)).toMatchObject([
      { kind: 'merge' },
      { kind: 'abort', attempt: 1 },
      { kind: 'ready' },
    ]);
  });

  it('hedging still takes the answer of the first', () => {
    const held = machineOf([false, false], { hedge: 2_000 });
    held.start();
    held.pass(2_000);
    expect(kinds(held.answer(snapshot(5n), 1))).toContain('ready');
    expect(held.answer(snapshot(9n), 2)).toEqual([]);
  });

  it('hedging does not happen when it is off', () => {
    const held = machineOf([false, false]);
    held.start();
    expect(held.pass(4_999)).toEqual([]);
  });
});

describe('a saved copy', () => {
  it('a saved copy is the cursor of the first request', () => {
    expect(machineOf([true]).start(SAVED)).toMatchObject([
      { from: 5n, known: { environment: 7n, version: 5n } },
    ]);
  });

  it('a saved copy is what there is when every source is down, immediately', () => {
    const held = machineOf([false, false]);
    held.start(SAVED);
    held.answer(FAILED);
    expect(kinds(held.answer(FAILED))).toEqual(['ready']);
    expect(held.machine.cursor).toMatchObject({ basis: 'saved', version: 5n, confirmedAt: -3_600_000 });
  });

  it('a saved copy is what there is when no source answers within the time of one attempt', () => {
    const held = machineOf([false, false, false]);
    held.start(SAVED);
    expect(kinds(held.pass(4_999))).not.toContain('ready');
    expect(kinds(held.pass(1))).toContain('ready');
  });

  it('a saved copy is confirmed by a source that has nothing newer', () => {
    const held = machineOf([false]);
    held.start(SAVED);
    expect(held.answer({ kind: 'unchanged', age: 2_000 })).toEqual([{ kind: 'ready' }]);
    expect(held.machine.cursor).toMatchObject({ basis: 'source', source: 0, confirmedAt: -2_000 });
  });

  it('a saved copy of another environment is forgotten, and the same source asked for everything', () => {
    const held = machineOf([false, false]);
    held.start(SAVED);
    expect(held.answer(snapshot(3n, 8n))).toMatchObject([
      { kind: 'forget' },
      { kind: 'fetch', source: 0, from: 0n, known: undefined },
    ]);
    expect(kinds(held.answer(snapshot(3n, 8n)))).toEqual(['merge', 'ready']);
  });

  it('a saved copy of another environment is forgotten when only the stream tells', () => {
    const held = machineOf([true]);
    held.start(SAVED);
    held.answer(FAILED);
    held.open();
    expect(held.message(3n, 8n)).toMatchObject([
      { kind: 'abort' },
      { kind: 'forget' },
      { kind: 'subscribe', from: 0n },
    ]);
  });
});

describe('one cursor', () => {
  it('one cursor passes a source over that is older than what we have, and notes it', () => {
    const held = machineOf([false, false]);
    held.start(SAVED);
    expect(held.answer(snapshot(4n))).toMatchObject([{ kind: 'fetch', source: 1, from: 5n }]);
    expect(held.machine.sources[0]!.behind).toBe(4n);
    expect(kinds(held.answer(snapshot(6n)))).toEqual(['merge', 'ready']);
    expect(held.machine.cursor.version).toBe(6n);
  });

  it('one cursor is ready with the saved copy when every source is older', () => {
    const held = machineOf([false]);
    held.start(SAVED);
    expect(kinds(held.answer(snapshot(4n)))).toEqual(['ready']);
    expect(held.machine.cursor).toMatchObject({ version: 5n, basis: 'saved' });
  });

  it('one cursor reads everything from a source that was older once it is not any more, for it may have lost writes', () => {
    const held = machineOf([false]);
    held.start(SAVED);
    held.answer(snapshot(4n));
    held.pass(60_000);
    expect(held.answer(snapshot(6n))).toMatchObject([
      { kind: 'fetch', source: 0, from: 0n, known: undefined },
    ]);
    expect(kinds(held.answer(snapshot(6n)))).toEqual(['merge']);
    expect(held.machine.sources[0]!.behind).toBeUndefined();
  });

  it('one cursor asks a later source for what an earlier one did not have', () => {
    const held = machineOf([false, true]);
    held.start();
    expect(held.answer(snapshot(5n))).toMatchObject([
      { kind: 'merge' },
      { kind: 'ready' },
      { kind: 'subscribe', source: 1, from: 5n },
    ]);
    held.open();
    held.message(8n);
    held.ended(FAILED);
    expect(held.pass(30_000).find(({ kind }) => kind === 'subscribe')).toMatchObject({ from: 8n });
  });

  it('one cursor refuses a source of another environment, and keeps what it has', () => {
    const held = machineOf([false, false]);
    held.start();
    held.answer(snapshot(5n));
    held.pass(60_000);
    held.answer(snapshot(9n, 8n));
    expect(held.machine.sources[0]!.snapshots.problem).toBe('it is environment 8, and others are 7');
    expect(held.machine.cursor).toMatchObject({ environment: 7n, version: 5n });
  });

  it('one cursor does not take a 304 for the newest when a stream moved us on in the meantime', () => {
    const held = machineOf([true]);
    held.start(SAVED);
    held.answer(FAILED);
    held.open();
    held.pass(500);
    held.message(6n);
    held.answer({ kind: 'unchanged', age: 0 });
    expect(held.machine.sources[0]!.behind).toBe(5n);
    expect(held.machine.cursor.version).toBe(6n);
  });
});

describe('a source whose answer is stale', () => {
  const OLD = 150_001;

  it('a source whose answer is stale is taken, and the next is asked in the same round', () => {
    const held = machineOf([true, true]);
    held.start();
    expect(held.answer(snapshot(5n, 7n, OLD))).toMatchObject([
      { kind: 'merge' },
      { kind: 'fetch', source: 1, from: 5n },
    ]);
    expect(kinds(held.answer(snapshot(6n)))).toEqual(['merge', 'ready', 'subscribe']);
    expect(held.machine.cursor).toMatchObject({ version: 6n, source: 1, confirmedAt: 0 });
  });

  it('a source whose answer is stale does not hide a newer one behind it when it has nothing new for us', () => {
    const held = machineOf([false, false]);
    held.start();
    held.answer(snapshot(5n));
    held.pass(60_000);
    expect(held.answer({ kind: 'unchanged', age: OLD })).toMatchObject([{ kind: 'fetch', source: 1 }]);
    expect(held.answer(snapshot(6n))).toEqual([{ kind: 'merge' }]);
  });

  it('a source whose answer is stale is as good as any when no other source answers', () => {
    const held = machineOf([true, true]);
    held.start();
    held.answer(snapshot(5n, 7n, OLD));
    expect(kinds(held.answer(FAILED))).toEqual(['ready', 'subscribe']);
    expect(held.machine.cursor).toMatchObject({ source: 0, confirmedAt: -OLD });
  });

  it('a source whose answer is stale is what there is when no other answers within the time of one attempt', () => {
    const held = machineOf([true, true, true]);
    held.start();
    held.pass(1_000);
    held.answer(snapshot(5n, 7n, OLD));
    expect(kinds(held.pass(3_999))).toEqual([]);
    expect(kinds(held.pass(1))).toEqual(['ready']);
  });

  it('a source whose answer is stale leaves the next round to the interval of polls', () => {
    const held = machineOf([false, false]);
    held.start();
    held.answer(snapshot(5n, 7n, OLD));
    held.answer(snapshot(5n, 7n, OLD));
    expect(held.machine.wakeAt).toBe(60_000);
  });
});

describe('polling', () => {
  it('happens in an interval that differs a little each time', () => {
    const held = machineOf([false]);
    held.start();
    held.chance = 0;
    held.answer(snapshot(5n));
    expect(held.pass(53_999)).toEqual([]);
    expect(held.pass(1)).toMatchObject([{ kind: 'fetch', from: 5n, known: { version: 5n } }]);
    held.chance = 0.999;
    held.answer({ kind: 'unchanged', age: 0 });
    expect(held.pass(65_900)).toEqual([]);
    expect(held.pass(100)).toMatchObject([{ kind: 'fetch' }]);
  });

  it('polling does not happen while a stream is open and steady', () => {
    const held = streaming();
    for (let minute = 0; minute < 5; minute++) {
      held.say({ kind: 'bytes', attempt: held.asked('subscribe').attempt });
      expect(kinds(held.pass(60_000))).toEqual([]);
    }
  });

  it('goes on while streams open and end immediately', () => {
    const held = machineOf([true]);
    held.start();
    held.answer(snapshot(5n));
    let polls = 0;
    for (let passed = 0; passed < 300_000; passed += 1_000) {
      for (const action of held.pass(1_000)) {
        if (action.kind === 'fetch') polls++;
      }
      if (held.actions.some(({ kind }) => kind === 'fetch')) held.answer({ kind: 'unchanged', age: 0 });
      if (held.machine.wakeAt > held.now + 1_000) continue;
      held.open();
      held.ended();
    }
    expect(polls).toBeGreaterThanOrEqual(4);
  });

  it('begins again when a stream is lost', () => {
    const held = streaming();
    for (let minute = 0; minute < 3; minute++) {
      held.say({ kind: 'bytes', attempt: held.asked('subscribe').attempt });
      held.pass(60_000);
    }
    held.ended(FAILED);
    let fetches: Action[] = [];
    for (let second = 0; second < 70; second++) {
      const actions = held.pass(1_000);
      fetches = [...fetches, ...actions.filter(({ kind }) => kind === 'fetch')];
      if (actions.some(({ kind }) => kind === 'fetch')) held.answer({ kind: 'unchanged', age: 0 });
      if (actions.some(({ kind }) => kind === 'subscribe')) held.ended(FAILED);
    }
    expect(fetches).toHaveLength(1);
  });
});

describe('a stream', () => {
  it('a stream that ends too soon has failed, whatever its status: the waits grow', () => {
    const held = machineOf([true]);
    held.chance = 1;
    held.start();
    held.answer(snapshot(5n));
    const waits: number[] = [];
    for (let round = 0; round < 8; round++) {
      held.open();
      held.pass(25);
      held.ended();
      const since = held.now;
      while (!held.actions.some(({ kind }) => kind === 'subscribe')) {
        held.pass(held.machine.wakeAt - held.now);
        if (held.actions.some(({ kind }) => kind === 'fetch')) held.answer(FAILED);
      }
      waits.push(held.now - since);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(held.machine.sources[0]).toMatchObject({ shortLived: 8, stream: { failures: 8 } });
  });

  it('a stream that ended too soon is a warning, once', () => {
    const held = streaming();
    held.pass(25);
    expect(held.ended()).toEqual([
      {
        kind: 'warn',
        source: 0,
        text: 'the stream was opened and ended after 25 ms: a success that ends too soon counts as a failure',
      },
    ]);
    held.passUntilSubscribed();
    held.open();
    held.pass(25);
    expect(held.ended()).toEqual([]);
  });

  it('a stream that ended too soon has failed also when it brought something', () => {
    const held = streaming();
    held.message(6n);
    held.ended();
    expect(held.machine.sources[0]).toMatchObject({ shortLived: 1, stream: { failures: 1 } });
    expect(held.machine.cursor.version).toBe(6n);
  });

  it('a stream that lasted clears the count of failures', () => {
    const held = streaming();
    held.ended();
    held.passUntilSubscribed();
    held.open();
    held.pass(5_000);
    held.ended();
    expect(held.machine.sources[0]!.stream).toMatchObject({ failures: 0, problem: undefined });
  });

  it('a stream that ends in its time is opened again after the retry of the server and a random part', () => {
    const held = streaming();
    held.say({ kind: 'retry', attempt: held.asked('subscribe').attempt, milliseconds: 4_711 });
    held.pass(5_000);
    held.ended();
    expect(held.pass(4_711 + 499)).toEqual([]);
    expect(held.pass(1)).toMatchObject([{ kind: 'subscribe' }]);
  });

  it('a stream obeys the retry of the server also after failures, when it is longer', () => {
    const held = streaming();
    held.say({ kind: 'retry', attempt: held.asked('subscribe').attempt, milliseconds: 20_000 });
    held.ended();
    expect(kinds(held.pass(20_499))).toEqual([]);
    expect(kinds(held.pass(1))).toEqual(['subscribe']);
  });

  it('a stream obeys no retry that would silence it for good', () => {
    const held = streaming();
    held.say({ kind: 'retry', attempt: held.asked('subscribe').attempt, milliseconds: 1e12 });
    held.pass(5_000);
    held.ended();
    expect(held.machine.sources[0]!.stream.notBefore - held.now).toBe(MAX_RETRY_AFTER + 500);
  });

  it.each([
    [0, 0],
    [0.25, 250],
    [0.999, 999],
  ])('a stream is opened again by many clients at times of their own: chance %d, %d ms', (chance, wait) => {
    const held = streaming();
    held.chance = chance;
    held.pass(5_000);
    held.ended(FAILED);
    expect(held.machine.sources[0]!.stream.notBefore - held.now).toBeCloseTo(wait);
  });

  it('a stream without a byte for too long is given up', () => {
    const held = streaming();
    held.pass(60_000);
    held.say({ kind: 'bytes', attempt: held.asked('subscribe').attempt });
    expect(kinds(held.pass(64_999))).toEqual([]);
    expect(held.pass(1)).toMatchObject([{ kind: 'abort' }]);
    expect(held.machine.sources[0]!.stream.problem).toBe('not a byte for 65000 ms');
  });

  it('a stream that is not answered in time is given up', () => {
    const held = machineOf([true]);
    held.start();
    held.answer(snapshot(5n));
    expect(held.pass(5_000)).toMatchObject([{ kind: 'abort', attempt: 2 }]);
    expect(held.machine.sources[0]).toMatchObject({
      shortLived: 0,
      stream: { problem: 'no answer within 5000 ms' },
    });
  });

  it('a stream waits for what Retry-After asks', () => {
    const held = streaming();
    held.pass(5_000);
    held.ended({ kind: 'failed', why: 'answered 503', retryAfterMs: 7_000 });
    expect(held.machine.sources[0]!.stream.notBefore - held.now).toBe(7_500);
  });

  it('a stream is asked of the next source when it failed, after a random moment, and of the first again when that ends', () => {
    const held = streaming([true, true]);
    held.pass(10_000);
    held.ended(FAILED);
    expect(held.pass(499)).toEqual([]);
    expect(held.pass(1)).toMatchObject([{ kind: 'subscribe', source: 1 }]);
    held.open();
    held.pass(10_000);
    held.ended();
    expect(held.pass(500)).toMatchObject([{ kind: 'subscribe', source: 0 }]);
  });

  it('a stream is asked of the next source immediately when a source has none, and of the first again much later', () => {
    const held = machineOf([true, true]);
    held.start();
    held.answer(snapshot(5n));
    held.ended(ABSENT);
    expect(held.pass(0)).toMatchObject([{ kind: 'subscribe', source: 1 }]);
    expect(held.machine.sources[0]!.stream).toMatchObject({ notBefore: 0.75 * ABSENT_FOR, failures: 0 });
  });

  it('a stream that a server ends with 204 is not opened again until it is reset', () => {
    const held = machineOf([true]);
    held.start();
    held.answer(snapshot(5n));
    held.ended({ kind: 'stop', why: 'answered 204' });
    let passed: Action[] = [];
    for (let hour = 0; hour < 24; hour++) {
      passed = [...passed, ...held.pass(3_600_000)];
      if (passed.some(({ kind }) => kind === 'fetch')) held.answer({ kind: 'unchanged', age: 0 });
    }
    expect(kinds(passed)).not.toContain('subscribe');
    expect(kinds(held.say({ kind: 'reset' }))).toContain('subscribe');
  });

  it('a stream of a source that is older than we are is passed over when there is another', () => {
    const held = machineOf([true, true]);
    held.start();
    held.answer(snapshot(5n));
    held.open();
    expect(held.message(4n)).toMatchObject([{ kind: 'abort' }]);
    expect(held.machine.sources[0]!.behind).toBe(4n);
    expect(held.pass(500)).toMatchObject([{ kind: 'subscribe', source: 1 }]);
  });

  it('a stream of the only source is kept, and what it sends taken, although it is older: it lost writes', () => {
    const held = streaming();
    expect(held.message(3n)).toEqual([{ kind: 'merge' }]);
    expect(held.message(4n)).toEqual([{ kind: 'merge' }]);
    expect(held.machine.cursor.version).toBe(5n);
    expect(held.machine.sources[0]!.behind).toBe(3n);
    held.message(6n);
    expect(held.machine.sources[0]!.behind).toBeUndefined();
  });

  it('a stream takes what comes again after a change of proxies', () => {
    const held = streaming([true, true]);
    held.message(6n);
    expect(held.message(6n)).toEqual([{ kind: 'merge' }]);
    expect(held.machine.sources[0]!.behind).toBeUndefined();
  });

  it('a stream confirms what we have with each byte', () => {
    const held = streaming();
    held.pass(20_000);
    held.say({ kind: 'bytes', attempt: held.asked('subscribe').attempt });
    expect(held.machine.cursor.confirmedAt).toBe(20_000);
  });

  it('a stream is the source that confirms, also when another brought what we have', () => {
    const held = machineOf([false, true]);
    held.start();
    held.answer(snapshot(5n));
    held.pass(10);
    held.open();
    expect(held.machine.cursor.source).toBe(1);
  });
});

describe('a key that is refused', () => {
  it('a key that is refused is not asked again of that source, and is a warning', () => {
    const held = machineOf([true, true]);
    held.start();
    expect(held.answer(REFUSED)).toMatchObject([
      { kind: 'warn', source: 0 },
      { kind: 'fetch', source: 1 },
    ]);
    held.answer(snapshot(5n));
    expect(held.asked('subscribe').source).toBe(1);
    expect(held.pass(70_000).every((action) => !('source' in action) || action.source === 1)).toBe(true);
  });

  it('a key that is refused by every source is allRefused when there is nothing, until it is reset', () => {
    const held = machineOf([true]);
    held.start();
    expect(kinds(held.answer(REFUSED))).toEqual(['warn', 'allRefused']);
    expect(held.machine.wakeAt).toBe(Infinity);
    expect(held.say({ kind: 'reset' })).toMatchObject([
      { kind: 'fetch', source: 0 },
      { kind: 'subscribe', source: 0 },
    ]);
  });

  it('a key that is refused by every source leaves what was saved', () => {
    const held = machineOf([true]);
    held.start(SAVED);
    expect(kinds(held.answer(REFUSED))).toEqual(['warn', 'ready']);
  });

  it('a key that is refused on the stream stops that source only', () => {
    const held = machineOf([true, true]);
    held.start();
    held.answer(snapshot(5n));
    held.ended(REFUSED);
    expect(held.pass(0)).toMatchObject([{ kind: 'subscribe', source: 1 }]);
  });
});

describe('close', () => {
  it('ends what is under way, and nothing happens after it', () => {
    const held = machineOf([true, true], { hedge: 1_000 });
    held.start();
    held.pass(1_000);
    expect(held.say({ kind: 'close' })).toEqual([
      { kind: 'abort', attempt: 1 },
      { kind: 'abort', attempt: 2 },
    ]);
    expect(held.machine.wakeAt).toBe(Infinity);
    expect(held.answer(snapshot(5n), 1)).toEqual([]);
    expect(held.say({ kind: 'reset' })).toEqual([]);
    expect(held.machine.phase).toBe('closed');
  });

  it('ends a stream', () => {
    expect(streaming().say({ kind: 'close' })).toEqual([{ kind: 'abort', attempt: 2 }]);
  });
});
