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

describe('a signature', () => {
  it.each<[string, string, SigningKey, string]>([
    ['a Pushpin', 'first', Buffer.from('secret-of-the-first'), 'HS256'],
    ['another Pushpin', 'second', Buffer.from('secret-of-the-second'), 'HS256'],
    ['Fastly', 'fastly:abc', ec.privateKey, 'ES256'],
    ['a proxy with an RSA key', 'rsa', rsa.privateKey, 'RS256'],
  ])('of %s counts', async (_, iss, key, alg) => {
    expect(await verifier.verify(await token({ iss }, key, alg))).toBe(true);
  });

  it.each<[string, () => string | undefined | Promise<string>]>([
    ['none', () => undefined],
    ['empty text', () => ''],
    ['text', () => 'garbage'],
    ['another key', () => token({}, Buffer.from('secret-of-nobody'))],
    ['the key of another proxy', () => token({ iss: 'first' }, Buffer.from('secret-of-the-second'))],
    ['the issuer of another proxy', () => token({ iss: 'second' })],
    ['an unknown issuer', () => token({ iss: 'nobody' })],
    ['no issuer', () => token({ iss: undefined })],
    ['no expiry', () => token({ exp: undefined })],
    ['an expiry that is over', () => token({ exp: NOW / 1000 - TOLERANCE })],
    ['a beginning that is to come', () => token({ nbf: NOW / 1000 + TOLERANCE + 1 })],
    [
      'a public key taken for a secret',
      () => token({ iss: 'fastly:abc' }, Buffer.from(pem(ec.publicKey)), 'HS256'),
    ],
  ])('with %s does not count', async (_, make) => {
    expect(await verifier.verify(await make())).toBe(false);
  });

  it('by another algorithm than its proxy’s does not count, also with the right key', async () => {
    const secret = Buffer.from('secret-of-the-first'.repeat(4));
    const address = parseGripUrl(`http://127.0.0.1:5561/?iss=first&key=${secret.toString()}`);
    const own = new SignatureVerifier(address.signers, () => now);
    expect(await own.verify(await token({}, secret, 'HS256'))).toBe(true);
    expect(await own.verify(await token({}, secret, 'HS512'))).toBe(false);
  });

  it('without an algorithm does not count', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none' })}.${part({ iss: 'first', exp: NOW / 1000 + 60 })}.`;
    expect(await verifier.verify(unsigned)).toBe(false);
  });

  it('changed by one character does not count, also when the right one was seen before', async () => {
    const right = await token();
    expect(await verifier.verify(right)).toBe(true);
    expect(await verifier.verify(`${right.slice(0, -4)}AAAA`)).toBe(false);
  });

  it('counts for nobody when there is no proxy', async () => {
    expect(await new SignatureVerifier([]).verify(await token())).toBe(false);
  });
});

describe('a token that was verified', () => {
  it('counts until it expires and clocks may differ, not longer', async () => {
    const seen = await token();
    now = NOW + 60_000 + TOLERANCE * 1000 - 1;
    expect(await verifier.verify(seen)).toBe(true);
    expect(await verifier.verify(seen)).toBe(true);
    now++;
    expect(await verifier.verify(seen)).toBe(false);
    expect(await verifier.verify(seen)).toBe(false);
  });

  it('is remembered: the same token again costs no cryptography', async () => {
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
    for (let i = 0; i < 5; i++) expect(await counting.verify(seen)).toBe(true);
    expect(reads).toBe(1);
  });

  it('is verified anew when too many others came between', async () => {
    const seen = await token();
    expect(await verifier.verify(seen)).toBe(true);
    for (let i = 0; i < 1_001; i++) await verifier.verify(await token({ jti: `${i}` }));
    expect(await verifier.verify(seen)).toBe(true);
  });
});
