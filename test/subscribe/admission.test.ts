import { describe, expect, it } from 'vitest';
import { Admission, type AdmissionRefusal, type Subscriber } from '../../src/subscribe/admission.js';

const server: Subscriber = { keyId: 's', stream: 'configs', address: '10.0.0.1' };
const page = (address: string, keyId = 'c'): Subscriber => ({ keyId, stream: 'clients', address });

/** Takes slots until the first refusal, and returns their number and the refusal. */
function fill(admission: Admission, next: (index: number) => Subscriber): [number, AdmissionRefusal] {
  for (let count = 0; ; count++) {
    const refusal = admission.refusal(next(count));
    if (refusal !== undefined) return [count, refusal];
    admission.take(next(count));
  }
}

describe('the slots for direct holds', () => {
  it('the slots for direct holds can all be taken by servers, with one key from one address', () => {
    expect(fill(new Admission(800), () => server)).toEqual([800, 'all']);
  });

  it('the slots for direct holds can be taken up to an eighth with one visitor’s token from one address', () => {
    const admission = new Admission(800);
    expect(fill(admission, () => page('a'))).toEqual([100, 'key-and-address']);
    expect(admission.refusal(page('b'))).toBeUndefined();
    expect(admission.refusal(page('a', 'other'))).toBeUndefined();
  });

  it('the slots for direct holds can be taken up to a half by event streams from any number of addresses and keys', () => {
    const admission = new Admission(800);
    expect(fill(admission, (index) => page(`${index}`, `k${index}`))).toEqual([400, 'event-streams']);
    expect(fill(admission, () => server)).toEqual([400, 'all']);
  });

  it('the slots for direct holds are nearly full from 95 % on, until less than 90 % are taken', () => {
    const admission = new Admission(100);
    const changes: [number, boolean][] = [];
    const step = (change: 'take' | 'free'): void => {
      const before = admission.nearlyFull;
      admission[change](server);
      if (admission.nearlyFull !== before) changes.push([admission.taken, admission.nearlyFull]);
    };
    for (let i = 0; i < 100; i++) step('take');
    for (let i = 0; i < 100; i++) step('free');
    expect(changes).toEqual([
      [95, true],
      [89, false],
    ]);
  });

  it('the slots for direct holds are nearly full when the only one is taken', () => {
    const admission = new Admission(1);
    expect(admission.nearlyFull).toBe(false);
    admission.take(server);
    expect(admission.nearlyFull).toBe(true);
    admission.free(server);
    expect(admission.nearlyFull).toBe(false);
  });

  it('the slots for direct holds are free again when holds end', () => {
    const admission = new Admission(800);
    fill(admission, () => page('a'));
    admission.free(page('a'));
    expect(fill(admission, () => page('a'))).toEqual([1, 'key-and-address']);
    for (let i = 0; i < 100; i++) admission.free(page('a'));
    expect(admission.taken).toBe(0);
  });

  it('the slots for direct holds leave one event stream, and a page with a few tabs, with a small limit', () => {
    expect(fill(new Admission(1), () => page('a'))).toEqual([1, 'all']);
    expect(fill(new Admission(40), () => page('a'))).toEqual([16, 'key-and-address']);
  });
});
