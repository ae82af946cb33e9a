import { describe, expect, it } from 'vitest';
import { parseGripLast } from '../../src/grip/channels.js';
import { holdInstructions } from '../../src/subscribe/hold.js';
import { KEEP_ALIVE } from '../../src/subscribe/stream.js';

const stream = { kind: 'configs', environment: 7n } as const;
const hold = { stream, keyId: 'ab-12', position: 17_018_962_363_976_479n, link: '/recover/token' };
const times = { keepAlive: 20, staleness: 60 };

/** The link's timeout, seconds. */
function timeout(random: number, staleness = 60): number {
  return holdInstructions(hold, { keepAlive: 20, staleness }, random).link.timeout;
}

describe('the instructions of a hold', () => {
  it('the instructions of a hold name both channels with their positions, the keep-alive and the link', () => {
    expect(holdInstructions(hold, times, 0)).toEqual({
      channels: [
        { name: 'environment-7', prevId: '17018962363976479' },
        { name: 'key-ab-12', prevId: '0' },
      ],
      keepAlive: { text: KEEP_ALIVE, seconds: 20 },
      link: { path: '/recover/token', timeout: 48 },
    });
  });

  it('the instructions of a hold name channels that Grip-Last brings back', () => {
    const { channels } = holdInstructions(hold, times, 0);
    expect(parseGripLast(channels.map(({ name, prevId }) => `${name}; last-id=${prevId}`))).toEqual({
      stream,
      keyId: 'ab-12',
      position: hold.position,
    });
  });

  it('the instructions of a hold have the hold verified between 80 % of T and T, never later', () => {
    expect([timeout(0), timeout(0.5), timeout(0.999_999)]).toEqual([48, 54, 59]);
  });

  it('the instructions of a hold never ask for a timeout of 0, which would be no timeout', () => {
    expect([timeout(0, 1), timeout(0.999_999, 1)]).toEqual([1, 1]);
  });

  it('the instructions of a hold say where a client stands that has nothing yet', () => {
    const { channels } = holdInstructions({ ...hold, position: 0n }, times, 0);
    expect(channels[0]).toEqual({ name: 'environment-7', prevId: '0' });
  });
});
