import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseGripUrl } from '../../src/grip/proxies.js';
import { SignatureVerifier } from '../../src/grip/signature.js';

const NOW = Date.parse('2026-01-02T03:04:05Z');
/** Clocks may differ by a minute. */
const TOLERANCE = 60;

let now: number;
let verifier: SignatureVerifier;

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof ec.publicKey): string => key.export({ type: 'spki', format: 'pem' }) as string;

const addresses = [
  parseGripUrl('http://127.0.0.1:5561/?iss=first&key=secret-of-the-first'),
  parseGripUrl('http://127.0.0.1:5562/?iss=second&key=secret-of-the-second'),
  parseGripUrl('https://fastly.test/?key=token&verify-iss=fastly:abc', [pem(ec.publicKey)]),
  parseGripUrl('https://rsa.test/?key=token&verify-iss=rsa', [pem(rsa.publicKey)]),
];

beforeEach(() => {
  now = NOW;
  verifier = new SignatureVerifier(
    addresses.flatMap(({ signers }) => signers),
    () => now,
  );
});

type SigningKey = Parameters<SignJWT['sign']>[0];

/** A token of the first proxy, good for a minute. `undefined` leaves a claim out. */
function token(
  claims: Readonly<Record<string, unknown>> = {},
  key: SigningKey = Buffer.from('secret-of-the-first'),
  alg = 'HS256',
) {
  return new SignJWT({ iss: 'first', exp: NOW / 1000 + 60, ...claims }).setProtectedHeader({ alg }).sign(key);
}

const VALID = { kind: 'valid' };
const ABSENT = { kind: 'absent' };
const INVALID = { kind: 'invalid' };

describe('SignatureVerifier', () => {
  it.each<[string, string, SigningKey, string]>([
    ['a Pushpin', 'first', Buffer.from('secret-of-the-first'), 'HS256'],
    ['another Pushpin', 'second', Buffer.from('secret-of-the-second'), 'HS256'],
    ['Fastly', 'fastly:abc', ec.privateKey, 'ES256'],
    ['a proxy with an RSA key', 'rsa', rsa.privateKey, 'RS256'],
  ])('accepts the signature of %s', async (_, iss, key, alg) => {
    expect(await verifier.verify(await token({ iss }, key, alg))).toEqual(VALID);
  });

  it.each<[string, () => string | undefined | Promise<string>, object]>([
    ['no signature', () => undefined, ABSENT],
    ['an empty signature', () => '', ABSENT],
    ['text that is no token', () => 'garbage', INVALID],
    ['an unknown key', () => token({}, Buffer.from('an-unknown-secret')), INVALID],
    ['the key of another proxy', () => token({}, Buffer.from('secret-of-the-second')), INVALID],
    ['the issuer of another proxy', () => token({ iss: 'second' }), INVALID],
    ['an unknown issuer', () => token({ iss: 'unknown' }), INVALID],
    ['no issuer', () => token({ iss: undefined }), INVALID],
    ['no expiry', () => token({ exp: undefined }), INVALID],
    ['an expiry that is text', () => token({ exp: `${NOW / 1000}` as never }), INVALID],
    [
      'a public key taken for a secret',
      () => token({ iss: 'fastly:abc' }, Buffer.from(pem(ec.publicKey)), 'HS256'),
      INVALID,
    ],
  ])('rejects %s', async (_, make, check) => {
    expect(await verifier.verify(await make())).toEqual(check);
  });

  it('tells a token whose time is over from an invalid one, so that a wrong clock shows', async () => {
    const expired = await token({ exp: NOW / 1000 - TOLERANCE });
    expect(await verifier.verify(expired)).toEqual({ kind: 'expired', seconds: TOLERANCE });
    const second = await token(
      { iss: 'second', exp: NOW / 1000 - 7200 },
      Buffer.from('secret-of-the-second'),
    );
    expect(await verifier.verify(second)).toEqual({ kind: 'expired', seconds: 7200 });
  });

  it('tells a token whose time has not begun from an invalid one', async () => {
    const early = await token({ nbf: NOW / 1000 + TOLERANCE + 1, exp: NOW / 1000 + 600 });
    expect(await verifier.verify(early)).toEqual({ kind: 'not-yet-valid', seconds: TOLERANCE + 1 });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['by an unknown key', {}, 'an-unknown-secret'],
    ['of an unknown issuer', { iss: 'unknown' }, 'secret-of-the-first'],
  ])('calls an expired token %s invalid: it proves nothing about clocks', async (_, claims, key) => {
    const expired = await token({ exp: NOW / 1000 - 7200, ...claims }, Buffer.from(key));
    expect(await verifier.verify(expired)).toEqual(INVALID);
  });

  it('accepts a token under the second key of an issuer where the first does not fit', async () => {
    const keys = ['secret-of-the-first', 'secret-of-the-second'];
    const address = parseGripUrl('http://127.0.0.1:5561/?verify-iss=first&key=bearer-token', keys);
    const both = new SignatureVerifier(address.signers, () => now);
    for (const key of keys) expect(await both.verify(await token({}, Buffer.from(key)))).toEqual(VALID);
  });

  it('rejects the right key with another algorithm than its proxy’s', async () => {
    const secret = Buffer.from('secret-of-the-first'.repeat(4));
    const address = parseGripUrl(`http://127.0.0.1:5561/?iss=first&key=${secret.toString()}`);
    const own = new SignatureVerifier(address.signers, () => now);
    expect(await own.verify(await token({}, secret, 'HS256'))).toEqual(VALID);
    expect(await own.verify(await token({}, secret, 'HS512'))).toEqual(INVALID);
  });

  it('rejects a token without an algorithm', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part({ iss: 'first', exp: NOW / 1000 + 60 })}.`;
    expect(await verifier.verify(unsigned)).toEqual(INVALID);
  });

  it('rejects a token changed by one character, also when the right one was seen before', async () => {
    const right = await token();
    expect(await verifier.verify(right)).toEqual(VALID);
    expect(await verifier.verify(`${right.slice(0, -4)}AAAA`)).toEqual(INVALID);
  });

  it('rejects every signature when no proxy is configured', async () => {
    expect(await new SignatureVerifier([]).verify(await token())).toEqual(INVALID);
  });

  it('accepts a remembered token until it expires and clocks may differ, not longer', async () => {
    const seen = await token();
    now = NOW + 60_000 + TOLERANCE * 1000 - 1;
    expect(await verifier.verify(seen)).toEqual(VALID);
    expect(await verifier.verify(seen)).toEqual(VALID);
    now++;
    expect(await verifier.verify(seen)).toEqual({ kind: 'expired', seconds: TOLERANCE });
    expect(await verifier.verify(seen)).toEqual({ kind: 'expired', seconds: TOLERANCE });
  });

  it('spends no cryptography on a token that it verified before', async () => {
    let reads = 0;
    const [signer] = addresses[0]!.signers;
    const counting = new SignatureVerifier(
      [
        {
          issuer: signer!.issuer,
          algorithm: signer!.algorithm,
          get key() {
            reads++;
            return signer!.key;
          },
        },
      ],
      () => now,
    );
    const seen = await token();
    for (let i = 0; i < 5; i++) expect(await counting.verify(seen)).toEqual(VALID);
    expect(reads).toBe(1);
  });

  it('verifies a token again that too many others displaced', async () => {
    const seen = await token();
    expect(await verifier.verify(seen)).toEqual(VALID);
    for (let i = 0; i < 1_001; i++) await verifier.verify(await token({ jti: `${i}` }));
    expect(await verifier.verify(seen)).toEqual(VALID);
  });
});
