/**
 * Headers and paths, from any text: no reader throws what is not its own, or believes what is not
 * right.
 */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseGripLast, streamChannel, streamPositionText } from '../../src/grip/channels.js';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { SignatureVerifier } from '../../src/grip/signature.js';
import { canonical } from '../../src/evaluate/contexts.js';
import { rootTokens } from '../../src/http/admin/credential.js';
import { basicPassword, bearerToken } from '../../src/http/authenticate.js';
import { readPrefabContexts } from '../../src/prefab/contexts.js';
import { retryAfter } from '../../src/core/retry-after.js';
import { matchesEtag } from '../../src/cdn/snapshot.js';
import { claimedPosition } from '../../src/subscribe/decide.js';
import { RECOVERY_PREFIX, RecoveryLink } from '../../src/subscribe/link.js';
import { basic, sign } from '../support/app.js';
import { CASES, check, checkAsync, headerText, mutated, refusedOr, TOTAL } from './cases.js';

// These take seconds on an idle machine, and longer next to other tests.
vi.setConfig({ testTimeout: 120_000 });

const MAX = 2n ** 63n - 1n;

const digits = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String),
  fc.integer({ min: 0, max: 99 }).map(String),
  fc.constantFrom('9223372036854775807', '9223372036854775808', '007', '-1', '+1', '1e3', '0x1', '１', ''),
);

describe('any header', () => {
  it(`any header of authorization admits a request with the secret, and no other (${CASES['Authorization headers']} cases)`, () => {
    const tokens = ['the-admin-token-itself', 'the-one-before-it-was'];
    const isRoot = rootTokens(tokens);
    const word = fc.oneof(fc.constantFrom(...tokens, ...tokens.map((each) => each.slice(1))), headerText);
    const header = fc.oneof(
      fc
        .tuple(fc.constantFrom('Bearer ', 'bearer  ', 'Basic ', 'BASIC   ', ''), word)
        .map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }).map((text) => basic(text)),
      mutated(fc.constantFrom(basic('key'), `Bearer ${tokens[0]!}`)),
      headerText,
    );
    const outcomes = check('Authorization headers', header, (authorization) => {
      const password = basicPassword(authorization);
      expect(password).not.toBe('');
      const [scheme = '', given = '', ...rest] = authorization.trimEnd().split(/ +/);
      if (password !== undefined) expect(scheme.toLowerCase()).toBe('basic');
      const token = bearerToken(authorization);
      const passed = token !== undefined && isRoot(token);
      expect(passed).toBe(scheme.toLowerCase() === 'bearer' && tokens.includes(given) && rest.length === 0);
      return passed ? 'passed' : 'refused';
    });
    expect(outcomes.get('passed')).toBeGreaterThan(CASES['Authorization headers'] / 120);
  });

  it(`any header of a position is a version or nothing (${CASES['positions (Last-Event-ID, x-prefab-start-at-id)']} cases)`, () => {
    const header = fc.option(fc.oneof(digits, mutated(digits), headerText), { nil: undefined });
    check('positions (Last-Event-ID, x-prefab-start-at-id)', fc.tuple(header, header), ([last, start]) => {
      const position = claimedPosition('configs', last, start);
      expect(position >= 0n && position <= MAX).toBe(true);
      if (position > 0n) expect([last, start]).toContain(`${position}`);
      return position > 0n ? 'somewhere' : 'nowhere';
    });
  });

  it(`any header of an ETag matches where the list has it (${CASES['If-None-Match headers']} cases)`, () => {
    const tag = '"7-17018962363976479"';
    const part = fc.oneof(
      fc.constantFrom(tag, `W/${tag}`, '*', '"7-1"', `W/W/${tag}`, tag.slice(1)),
      headerText,
    );
    const header = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(', '));
    const outcomes = check('If-None-Match headers', fc.oneof(header, mutated(header)), (text) => {
      const parts = text.split(',').map((each) => each.trim());
      const matches = matchesEtag(text, tag);
      expect(matches).toBe(parts.some((each) => each === tag || each === `W/${tag}` || each === '*'));
      return matches ? 'matches' : 'differs';
    });
    expect(outcomes.size).toBe(2);
  });

  it(`any header of a signature is believed only with the claims and the signature that were made (${CASES['Grip-Sig headers']} cases)`, async () => {
    const { signers } = parseGripUrl('http://127.0.0.1:5561/?verify-iss=pushpin&verify-key=of%20the%20proxy');
    const verifier = new SignatureVerifier(signers);
    const good = await sign({ key: Buffer.from('of the proxy') });
    const part = fc.oneof(fc.constantFrom(...good.split('.')), fc.base64String(), headerText);
    const token = fc.oneof(
      mutated(fc.constant(good)),
      fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
      headerText,
    );
    // The last character of a signature has bits that mean nothing.
    const meaning = (text: string) => {
      const [header, claims, mac = ''] = text.split('.');
      return [header, claims, Buffer.from(mac, 'base64url').toString('hex')];
    };
    await checkAsync('Grip-Sig headers', token, async (text) => {
      if ((await verifier.verify(text)).kind !== 'valid') return 'refused';
      expect(meaning(text)).toEqual(meaning(good));
      return 'believed';
    });
    expect(await verifier.verify(good)).toEqual({ kind: 'valid' });
  });

  it(`any header of a hold's place names one environment and one key, or nothing (${CASES['Grip-Last headers']} cases)`, () => {
    const place = fc
      .tuple(
        fc.constantFrom('environment', 'key', 'Environment', 'x'),
        fc.oneof(digits, fc.stringMatching(/^[0-9a-f]{16}$/)),
        digits,
      )
      .map(([kind, name, id]) => `${kind}-${name}; last-id=${id}`);
    const good = fc
      .tuple(fc.bigInt({ min: 0n, max: MAX }), fc.bigInt({ min: 0n, max: MAX }))
      .chain(([id, version]) =>
        fc
          .constantFrom(`environment-${id}`, `clients-${id}-${version % 8n}`)
          .map((channel) => [`${channel}; last-id=${version}`, 'key-ab12; last-id=0']),
      );
    const header = fc.oneof(
      good,
      good.map((parts) => parts.join(', ')),
      fc.array(place, { maxLength: 3 }),
      mutated(good.map((parts) => parts.join(','))),
      headerText,
    );
    const outcomes = check('Grip-Last headers', header, (given) => {
      const hold = parseGripLast(given);
      if (hold === undefined) return 'refused';
      const text = typeof given === 'string' ? given : given.join(',');
      expect(hold.keyId).toMatch(/^[A-Za-z0-9-]{1,64}$/);
      // Nothing but the two, and nothing in them that was passed over.
      const [first, second, ...more] = text
        .replace(/\s/g, '')
        .split(',')
        .sort((a, b) => Number(a.startsWith('key-')) - Number(b.startsWith('key-')));
      const position = streamPositionText(hold.stream.kind, hold.position);
      expect(first).toBe(`${streamChannel(hold.stream)};last-id=${position}`);
      expect(second).toMatch(new RegExp(`^key-${hold.keyId};last-id=\\d+$`));
      expect(more).toEqual([]);
      return 'read';
    });
    expect(outcomes.size).toBe(2);
  });

  it(`any header of a proxy that asks to wait is a time that passes (${CASES['Retry-After headers of proxies']} cases)`, () => {
    const value = fc.option(fc.oneof(digits, fc.date().map(String), headerText), { nil: undefined });
    const headers = fc.record({ 'retry-after': value, 'fastly-ratelimit-reset': value });
    check('Retry-After headers of proxies', headers, (given) => {
      const wait = retryAfter(given, 1_795_296_780_284);
      if (wait === undefined) return 'nothing';
      expect(wait).toBeGreaterThan(0);
      expect(wait).toBeLessThanOrEqual(3_600_000);
      return 'a time';
    });
  });
});

describe('any path', () => {
  it(`any path of the recovery link is refused unless it was issued (${CASES['recovery link paths']} cases)`, () => {
    const link = new RecoveryLink(
      ['the-secret-of-all-recovery-links', 'the-one-that-was-before-it-here'],
      () => 1e12,
    );
    const token = link.path().slice(RECOVERY_PREFIX.length);
    const path = fc.oneof(
      mutated(fc.constant(token)),
      fc.tuple(fc.integer(), fc.base64String()).map((parts) => parts.join('.')),
      headerText,
      fc.constant(token),
    );
    const outcomes = check('recovery link paths', path, (text) => {
      expect(link.accepts(text)).toBe(text === token);
      return text === token ? 'accepted' : 'refused';
    });
    expect(outcomes.size).toBe(2);
  });
});

describe('any contexts in a path', () => {
  it(`any contexts in a path are read, the same each time, or refused with their place (${CASES['contexts in paths']} cases)`, () => {
    const value = fc.oneof(
      fc.record({ string: fc.string({ unit: 'binary' }) }),
      fc.record({ int: fc.oneof(fc.maxSafeInteger(), fc.double({ noInteger: false }), digits) }),
      fc.record({ bool: fc.oneof(fc.boolean(), fc.jsonValue()) }),
      fc.jsonValue(),
    );
    const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('__proto__', 'key'));
    const contexts = fc.array(fc.record({ type: name, values: fc.dictionary(name, value, { maxKeys: 3 }) }), {
      maxLength: 3,
    });
    const json = contexts.map((given) => JSON.stringify({ contexts: given }));
    const base64 = fc
      .oneof(json, mutated(json), fc.json())
      .map((text) => Buffer.from(text).toString('base64'));
    const segment = fc.oneof(base64, base64, mutated(base64), fc.base64String(), headerText);
    const outcomes = check('contexts in paths', segment, (text) =>
      refusedOr(() => {
        expect(canonical(readPrefabContexts(text).contexts)).toBe(
          canonical(readPrefabContexts(text).contexts),
        );
        return 'read';
      }),
    );
    expect(outcomes.get('read')).toBeGreaterThan(CASES['contexts in paths'] / 40);
    expect(outcomes.get('refused')).toBeGreaterThan(CASES['contexts in paths'] / 40);
  });
});

describe('the cases of one run', () => {
  it(`the cases of one run are ${TOTAL} in all`, () => {
    expect(TOTAL).toBeGreaterThanOrEqual(100_000);
  });
});
