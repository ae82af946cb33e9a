import { generateKeyPairSync } from 'node:crypto';
import {
  buildFanoutGripUrl,
  PUBLIC_KEY_FASTLY_FANOUT_JWK,
  PUBLIC_KEY_FASTLY_FANOUT_PEM,
} from '@fanoutio/grip/fastly-fanout';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../src/core/errors.js';
import { parseGripUrl, type ProxyAddress } from '../../src/grip/proxies.js';
import { SignatureVerifier } from '../../src/grip/signature.js';

const PUSHPIN = 'http://127.0.0.1:5561/?iss=pushpin&key=changeme';
const jwk = JSON.stringify(PUBLIC_KEY_FASTLY_FANOUT_JWK);

/** The issuer and algorithm of an address's only signer. */
function signer({ signers }: ProxyAddress): string {
  expect(signers).toHaveLength(1);
  return `${signers[0]!.issuer} ${signers[0]!.algorithm}`;
}

/** True when a request with that token is believed to come from the proxy. */
async function believes(address: ProxyAddress, issuer: string, secret: Uint8Array): Promise<boolean> {
  const token = await new SignJWT({ iss: issuer })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(secret);
  const { kind } = await new SignatureVerifier(address.signers).verify(token);
  return kind === 'valid';
}

function refusal(url: string, ...keys: string[]): HoldfastError {
  try {
    parseGripUrl(url, keys);
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error('accepted');
}

describe('a Pushpin', () => {
  it('a Pushpin is published to below its control URL, and verified with the key it shares', async () => {
    const address = parseGripUrl(PUSHPIN);
    expect(address).toMatchObject({
      name: 'http://127.0.0.1:5561',
      publishUrl: 'http://127.0.0.1:5561/publish/',
      perAddress: true,
      maxBody: 900_000,
    });
    expect(await believes(address, 'pushpin', Buffer.from('changeme'))).toBe(true);
    expect(await believes(address, 'pushpin', Buffer.from('another'))).toBe(false);
  });

  it('a Pushpin may live below a path', () => {
    expect(parseGripUrl('http://proxy:80/deep/?iss=a&key=b')).toMatchObject({
      name: 'http://proxy/deep',
      publishUrl: 'http://proxy/deep/publish/',
    });
  });

  it('a Pushpin may have a binary key, in base64', async () => {
    const bytes = Buffer.from([0, 1, 2, 255, 254]);
    const url = `http://127.0.0.1:5561/?iss=pushpin&key=${encodeURIComponent(`base64:${bytes.toString('base64')}`)}`;
    expect(await believes(parseGripUrl(url), 'pushpin', bytes)).toBe(true);
  });

  it('a Pushpin signs as pushpin unless the URL names another issuer', () => {
    expect(signer(parseGripUrl('http://127.0.0.1:5561', ['secret']))).toBe('pushpin HS256');
    expect(signer(parseGripUrl('http://127.0.0.1:5561/?iss=a&key=b'))).toBe('a HS256');
    expect(signer(parseGripUrl('http://127.0.0.1:5561/?iss=a&key=b&verify-iss=c'))).toBe('c HS256');
  });

  it('a Pushpin is verified with verify-key before GRIP_VERIFY_KEY, and with that before the key for publishing', async () => {
    const url = 'http://127.0.0.1:5561/?iss=pushpin&key=publish';
    expect(
      await believes(parseGripUrl(`${url}&verify-key=own`, ['shared']), 'pushpin', Buffer.from('own')),
    ).toBe(true);
    expect(await believes(parseGripUrl(url, ['shared']), 'pushpin', Buffer.from('shared'))).toBe(true);
    expect(await believes(parseGripUrl(url, ['shared']), 'pushpin', Buffer.from('publish'))).toBe(false);
  });
});

describe('Fastly Fanout', () => {
  const url = 'https://api.fastly.com/service/abc?key=token&verify-iss=fastly:abc';

  it.each([
    ['a JWK', jwk],
    ['a PEM', PUBLIC_KEY_FASTLY_FANOUT_PEM],
    ['a PEM in base64', `base64:${Buffer.from(PUBLIC_KEY_FASTLY_FANOUT_PEM).toString('base64')}`],
  ])('Fastly Fanout is verified with its public key, given as %s', (_, key) => {
    const address = parseGripUrl(url, [key]);
    expect(address).toMatchObject({
      name: 'https://api.fastly.com/service/abc',
      publishUrl: 'https://api.fastly.com/service/abc/publish/',
      perAddress: false,
      maxBody: 64_000,
    });
    expect(signer(address)).toBe('fastly:abc ES256');
  });

  it('Fastly Fanout is published to with the token', async () => {
    expect(await parseGripUrl(url, [jwk]).authorize?.()).toBe('Bearer token');
  });

  it('Fastly Fanout may be given whole, as its own library builds the URL', () => {
    const built = buildFanoutGripUrl({ serviceId: 'abc', apiToken: 'token' });
    expect(signer(parseGripUrl(built))).toBe('fastly:abc ES256');
  });
});

describe('a URL with user and password', () => {
  it('a URL with user and password is published to with both, unescaped', async () => {
    const address = parseGripUrl('https://me%40x:p%3Aw@proxy.test/', ['secret']);
    expect(await address.authorize?.()).toBe(`Basic ${Buffer.from('me@x:p:w').toString('base64')}`);
    expect(address.name).toBe('https://proxy.test');
  });

  it('a URL with user and password is refused when an escape is broken', () => {
    expect(refusal('http://a:%zz@proxy/', 'secret').message).toContain('%25');
  });
});

describe('a proxy’s name', () => {
  it.each([
    'http://user:hunter2@127.0.0.1:5561/',
    'http://127.0.0.1:5561/?iss=pushpin&key=hunter2',
    'https://127.0.0.1:5561/?key=hunter2&verify-key=hunter2-too-and-longer&x=hunter2',
  ])('a proxy’s name has no credential: %s', (url) => {
    const { name, publishUrl } = parseGripUrl(url, ['verify']);
    expect(name + publishUrl).not.toMatch(/hunter2|user/);
  });
});

describe('what cannot be used', () => {
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });

  it.each<[string, string, readonly string[], RegExp]>([
    ['no key to verify with', 'http://127.0.0.1:5561', [], /GRIP_VERIFY_KEY/],
    ['only a bearer token', 'https://api.fastly.com/service/a?key=token', [], /GRIP_VERIFY_KEY/],
    ['an empty key', 'http://127.0.0.1:5561/?iss=pushpin&key=', [], /key/],
    [
      'an issuer without a key to sign with',
      'http://127.0.0.1:5561/?iss=pushpin',
      ['secret'],
      /no key to sign/,
    ],
    ['not a URL', 'pushpin', ['secret'], /is not a URL/],
    ['another scheme', 'ftp://pushpin/', ['secret'], /http/],
    [
      'a broken PEM',
      PUSHPIN,
      ['-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----'],
      /cannot be read/,
    ],
    ['a broken JWK', PUSHPIN, ['{"kty":"EC"}'], /cannot be read/],
    ['a curve that no proxy signs with', PUSHPIN, [p384 as string], /P-256/],
  ])('%s is refused with the remedy', (_, url, keys, text) => {
    const error = refusal(url, ...keys);
    expect(error).toMatchObject({ code: 'field_invalid', field: 'GRIP_URL' });
    expect(error.message).toMatch(text);
  });
});
