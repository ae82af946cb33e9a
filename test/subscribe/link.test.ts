import { beforeEach, describe, expect, it } from 'vitest';
import { RECOVERY_PREFIX, RecoveryLink } from '../../src/subscribe/link.js';

const HOUR = 60 * 60 * 1000;
const START = 1_000 * 6 * HOUR; // the beginning of a window
let now: number;
let link: RecoveryLink;

beforeEach(() => {
  now = START;
  link = new RecoveryLink(['secret'], () => now);
});

const token = (from = link) => from.path().slice(RECOVERY_PREFIX.length);

describe('the recovery link', () => {
  it('the recovery link is one path for all holds of a window', () => {
    const path = link.path();
    now = START + 6 * HOUR - 1;
    expect(link.path()).toBe(path);
    now = START + 6 * HOUR;
    expect(link.path()).not.toBe(path);
  });

  it('the recovery link needs no escaping in a path and no query', () => {
    expect(link.path()).toMatch(/^\/api\/v1\/sse\/recover\/[\w.-]+$/);
  });

  it('the recovery link is accepted in its window and the next, so for six hours at least', () => {
    now = START + 6 * HOUR - 1;
    const issued = token();
    now += 6 * HOUR;
    expect(link.accepts(issued)).toBe(true);
    now++;
    expect(link.accepts(issued)).toBe(false);
  });

  it('the recovery link is accepted by a node whose clock is behind by up to a window', () => {
    const issued = token();
    now = START - 1;
    expect(link.accepts(issued)).toBe(true);
    now = START - 6 * HOUR - 1;
    expect(link.accepts(issued)).toBe(false);
  });

  it('the recovery link of one node is accepted by another with the same secret, and by none with another', () => {
    expect(new RecoveryLink(['secret'], () => now).accepts(token())).toBe(true);
    expect(new RecoveryLink(['Secret'], () => now).accepts(token())).toBe(false);
  });

  it('the recovery link is signed with the first secret, and accepted with any', () => {
    const old = token();
    const both = new RecoveryLink(['new', 'secret'], () => now);
    expect(both.accepts(old)).toBe(true);
    expect(token(both)).toBe(token(new RecoveryLink(['new'], () => now)));
    expect(link.accepts(token(both))).toBe(false);
  });

  it('the recovery link is not accepted with a character more, less or changed, nor with another window on its code', () => {
    const issued = token();
    const [window, code] = issued.split('.') as [string, string];
    const forged = [
      '',
      '.',
      window,
      code,
      `${issued}A`,
      issued.slice(0, -1),
      `${issued.slice(0, -1)}${issued.endsWith('A') ? 'B' : 'A'}`,
      `${Number(window) + 1}.${code}`,
      `${window}.`,
      `${window}.${'é'.repeat(code.length)}`,
    ];
    expect(forged.filter((each) => link.accepts(each))).toEqual([]);
  });
});
