import { describe, expect, it } from 'vitest';
import { decideStop } from '../../src/app/stop-requests.js';

describe('a signal to stop', () => {
  it.each([
    ['the first stops', undefined, 5, 'stop'],
    ['one in the same millisecond is a repeat', 5, 5, 'repeat'],
    ['one within a second is a repeat', 5, 1_004, 'repeat'],
    ['one after a second exits', 5, 1_005, 'exit'],
  ] as const)('%s', (_title, first, now, decision) => {
    expect(decideStop(first, now)).toBe(decision);
  });
});
