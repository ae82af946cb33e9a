import { afterEach, describe, expect, it, vi } from 'vitest';
import { sleep } from '../../src/core/clock.js';

describe('sleep', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('resolves after its time and leaves no listener on the signal', async () => {
    vi.useFakeTimers();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const slept = sleep(1000, signal);
    await vi.advanceTimersByTimeAsync(1000);
    await slept;
    expect(removed).toHaveBeenCalledOnce();
  });

  it('resolves immediately when the signal aborts, also before the call', async () => {
    const abort = new AbortController();
    const slept = sleep(1_000_000, abort.signal);
    abort.abort();
    await slept;
    await sleep(1_000_000, abort.signal);
  });
});
