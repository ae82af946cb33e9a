import { describe, expect, it } from 'vitest';
import { runTogether } from '../../src/leader/election.js';

/** A work that goes on until it is told to stop, and then takes a moment. */
function obedient(log: string[], name: string): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await new Promise(setImmediate);
    log.push(`${name} ended`);
  };
}

describe('works of a leader', () => {
  it('works of a leader go on side by side until the lease is over, and have all ended then', async () => {
    const log: string[] = [];
    const lease = new AbortController();
    const leading = runTogether(
      obedient(log, 'a'),
      obedient(log, 'b'),
    )(lease.signal).then(() => log.push('all'));
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    lease.abort();
    await leading;
    expect(log).toEqual(['a ended', 'b ended', 'all']);
  });

  it('works of a leader are all aborted when one fails, and its error is known when the last has ended', async () => {
    const log: string[] = [];
    const failing = () => Promise.reject(new Error('a defect'));
    const leading = runTogether(obedient(log, 'a'), failing)(new AbortController().signal);
    await expect(leading).rejects.toThrow('a defect');
    expect(log).toEqual(['a ended']);
  });

  it('works of a leader are all aborted when one ends', async () => {
    const log: string[] = [];
    await runTogether(obedient(log, 'a'), () => Promise.resolve())(new AbortController().signal);
    expect(log).toEqual(['a ended']);
  });
});
