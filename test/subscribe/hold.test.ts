import { describe, expect, it } from 'vitest';
import { parseGripLast } from '../../src/grip/channels.js';
import { holdHeaders } from '../../src/subscribe/hold.js';

const stream = { kind: 'configs', environment: 7n } as const;
const hold = { stream, keyId: 'ab-12', version: 17_018_962_363_976_479n, link: '/recover/token' };
const times = { keepAlive: 20, staleness: 60 };

/** The link's timeout, seconds. */
function timeout(random: number, staleness = 60): number {
  const header = holdHeaders(hold, { keepAlive: 20, staleness }, random)['Grip-Link']!;
  return Number(/timeout=(\d+)/.exec(header)![1]);
}

describe('the instructions of a hold', () => {
  it('are all there, exactly', () => {
    expect(holdHeaders(hold, times, 0)).toEqual({
      'Grip-Hold': 'stream',
      'Grip-Channel': 'environment-7; prev-id=17018962363976479, key-ab-12; prev-id=0',
      'Grip-Keep-Alive': ': keep-alive\\n\\n; format=cstring; timeout=20',
      'Grip-Link': '</recover/token>; rel=next; timeout=48',
    });
  });

  it('name channels that Grip-Last brings back', () => {
    const channels = holdHeaders(hold, times, 0)['Grip-Channel']!;
    expect(parseGripLast(channels.replaceAll('prev-id', 'last-id'))).toEqual({
      stream,
      keyId: 'ab-12',
      version: hold.version,
    });
  });

  it('have the hold verified between 80 % of T and T, never later', () => {
    expect([timeout(0), timeout(0.5), timeout(0.999_999)]).toEqual([48, 54, 59]);
  });

  it('never ask for a timeout of 0, which would be no timeout', () => {
    expect([timeout(0, 1), timeout(0.999_999, 1)]).toEqual([1, 1]);
  });

  it('say where a client stands that has nothing yet', () => {
    expect(holdHeaders({ ...hold, version: 0n }, times, 0)['Grip-Channel']).toContain(
      'environment-7; prev-id=0,',
    );
  });
});
