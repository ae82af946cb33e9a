import { beforeEach, describe, expect, it } from 'vitest';
import { RECOVERY_PREFIX, RecoveryLink } from '../../src/subscribe/link.js';
import { StreamTokens } from '../../src/subscribe/stream-token.js';

const MINUTE = 60 * 1000;
const WINDOW = 15 * MINUTE;
const START = 1_000 * WINDOW; // the beginning of a window
const KEY = { id: '4c07e6ac3714a7e3', environment: 2n ** 60n + 1n };
const HOLDER = { keyId: KEY.id, environment: KEY.environment };
let now: number;
let tokens: StreamTokens;

beforeEach(() => {
  now = START;
  tokens = new StreamTokens(['secret'], () => now);
});

const withSecrets = (...secrets: string[]) => new StreamTokens(secrets, () => now);

describe('a token for event streams', () => {
  it('names its holder', () => {
    expect(tokens.read(tokens.issue(KEY))).toEqual(HOLDER);
  });

  it('a token for event streams needs no escaping in a path', () => {
    expect(tokens.issue(KEY)).toMatch(/^[\w.-]+$/);
  });

  it('a token for event streams is the same for a whole window, so that a provider keeps its connection, and another in the next', () => {
    const token = tokens.issue(KEY);
    const window = tokens.window();
    now = START + WINDOW - 1;
    expect([tokens.issue(KEY), tokens.window()]).toEqual([token, window]);
    now = START + WINDOW;
    expect(tokens.issue(KEY)).not.toBe(token);
    expect(tokens.window()).not.toBe(window);
  });

  it('a token for event streams differs between keys and between environments', () => {
    const all = [KEY, { ...KEY, id: 'other' }, { ...KEY, environment: 1n }].map((key) => tokens.issue(key));
    expect(new Set(all).size).toBe(3);
  });

  it('a token for event streams is accepted in its window and the next, and a minute longer', () => {
    const token = tokens.issue(KEY);
    now = START + 2 * WINDOW + MINUTE - 1;
    expect(tokens.read(token)).toEqual(HOLDER);
    now++;
    expect(tokens.read(token)).toBeUndefined();
  });

  it('a token for event streams is accepted by a node whose clock is behind by a minute, and no more', () => {
    const token = tokens.issue(KEY);
    now = START - MINUTE;
    expect(tokens.read(token)).toEqual(HOLDER);
    now--;
    expect(tokens.read(token)).toBeUndefined();
  });

  it('a token for event streams is signed with the first secret, and accepted with any', () => {
    const old = tokens.issue(KEY);
    const both = withSecrets('new', 'secret');
    expect(both.read(old)).toEqual(HOLDER);
    expect(both.issue(KEY)).toBe(withSecrets('new').issue(KEY));
    expect(tokens.read(both.issue(KEY))).toBeUndefined();
  });

  it('a token for event streams is not accepted when any part of it is changed, cut or added to', () => {
    const token = tokens.issue(KEY);
    const [window, environment, id, mac] = token.split('.') as [string, string, string, string];
    // In base64url the last of 43 characters has two bits that count for nothing.
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const sameBytes = digits[digits.indexOf(mac.at(-1)!) ^ 1]!;
    const forged = [
      '',
      '...',
      mac,
      `${token}A`,
      `${token}.`,
      token.slice(0, -1),
      token.slice(0, -1) + sameBytes,
      `${Number(window) + 1}.${environment}.${id}.${mac}`,
      `0${window}.${environment}.${id}.${mac}`,
      `${window}.1.${id}.${mac}`,
      `${window}.0${environment}.${id}.${mac}`,
      `${window}.${environment}.other.${mac}`,
      `${window}.${environment}..${mac}`,
      `${window}.${environment}.${id}.`,
      `${window}.${environment}.${id}.${'A'.repeat(43)}`,
      `${window}.${environment}.${id}.${'é'.repeat(43)}`,
      `${window}.${environment}.${id}.${mac.toUpperCase()}`,
    ];
    expect(forged.filter((each) => tokens.read(each) !== undefined)).toEqual([]);
  });

  it('a token for event streams is nothing that the same secret signs for another purpose, nor the reverse', () => {
    const link = new RecoveryLink(['secret'], () => now);
    const mac = (token: string): string => token.split('.').at(-1)!;
    const recovery = link.path().slice(RECOVERY_PREFIX.length);
    const token = tokens.issue(KEY);
    expect(tokens.read(recovery)).toBeUndefined();
    expect(tokens.read(token.replace(mac(token), mac(recovery)))).toBeUndefined();
    expect(link.accepts(token)).toBe(false);
    expect(link.accepts(recovery.replace(mac(recovery), mac(token)))).toBe(false);
  });
});
