import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { isTimeOver, withTimeLimit } from '../../src/core/time-limit.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The name of the reason with which a signal that only its listener refers to aborts. */
function reasonOf(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', (event) => {
      resolve(((event.target as AbortSignal).reason as Error).name);
    });
  });
}

describe('a time limit', () => {
  it('a time limit is kept when garbage is collected in the meantime', async () => {
    const collecting = setInterval(collectGarbage, 10);
    const giveUp = new AbortController();
    const late = setTimeout(() => giveUp.abort(), 5_000);
    try {
      // Nothing but its listener refers to it, as in a request that waits.
      expect(await reasonOf(withTimeLimit(giveUp.signal, 200))).toBe('TimeoutError');
    } finally {
      clearInterval(collecting);
      clearTimeout(late);
    }
  });

  it('a time limit ends early when its operation is given up', async () => {
    const giveUp = new AbortController();
    const signal = withTimeLimit(giveUp.signal, 60_000);
    expect(isTimeOver(signal)).toBe(false);
    giveUp.abort();
    expect([signal.aborted, isTimeOver(signal)]).toEqual([true, false]);
  });

  it('a time limit says that the time was over', async () => {
    const [alone, given] = [withTimeLimit(undefined, 1), withTimeLimit(new AbortController().signal, 1)];
    await until('both are over', () => isTimeOver(alone) && isTimeOver(given));
  });
});
