import { afterEach, describe, expect, it, vi } from 'vitest';
import { Signal } from '../../src/core/signal.js';

const never = new AbortController().signal;

describe('Signal', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('wakes every waiter when notified', async () => {
    const signal = new Signal();
    const waits = [signal.wait(undefined, never), signal.wait(undefined, never)];
    signal.notify();
    expect(await Promise.all(waits)).toEqual([true, true]);
  });

  it('ends a wait after its time without a notification', async () => {
    vi.useFakeTimers();
    const wait = new Signal().wait(1000, never);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await wait).toBe(false);
  });

  it('ends a wait when the abort signal aborts, also before the wait', async () => {
    const abort = new AbortController();
    const wait = new Signal().wait(undefined, abort.signal);
    abort.abort();
    expect(await wait).toBe(false);
    expect(await new Signal().wait(undefined, abort.signal)).toBe(false);
  });

  it('Signal does not remember a notification that nothing waited for', async () => {
    vi.useFakeTimers();
    const signal = new Signal();
    signal.notify();
    const wait = signal.wait(10, never);
    await vi.advanceTimersByTimeAsync(10);
    expect(await wait).toBe(false);
  });
});
