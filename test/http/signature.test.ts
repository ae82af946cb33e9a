/**
 * Trust in proxies: a verified `Grip-Sig` decides that a subscription came through one, and nothing
 * else does.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { GRIP_URL, inSeconds, sign } from '../support/app.js';
import { instructions } from '../support/stream.js';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

/** The key pair that a hosted proxy signs with. */
const hosted = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const HOSTED_ISSUER = 'fastly:service';
const PUBLIC_PEM = hosted.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const HOSTED_URL = `https://proxy.invalid/service/a?key=token&verify-iss=${HOSTED_ISSUER}&verify-key=base64:${encodeURIComponent(Buffer.from(PUBLIC_PEM).toString('base64'))}`;

/** Refuses direct holds, so that an answer of 501 is a signature that was not believed. */
const app = sharedApp({ env: { HOLDFAST_HOLD: 'grip', GRIP_URL: `${GRIP_URL} ${HOSTED_URL}` } });
const environment = sharedEnvironment(app);

async function outcome(signature: string): Promise<string> {
  const answer = await environment.subscribe({ 'grip-sig': signature });
  if (answer.status === 200 && answer.get('Grip-Hold') === 'stream') return 'held';
  expect(instructions(answer)).toEqual([]);
  return `${answer.status} ${(answer.body as { error: { code: string } }).error.code}`;
}

const unsigned = (header: object, claims: object) =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;

/** 503, because 501 would end streaming in some SDKs for the life of their process. */
const REFUSED = '503 signature_refused';
/** A request that came past the proxy. */
const DIRECT = '501 direct_hold_refused';

describe('a signature is believed', () => {
  it('a signature is believed of a proxy that shares a secret', async () => {
    expect(await outcome(await sign())).toBe('held');
  });

  it('a signature is believed of a proxy with a key pair', async () => {
    expect(await outcome(await signHosted())).toBe('held');
  });

  it('again and again, until it expires', async () => {
    const token = await sign({ claims: { exp: inSeconds(600) } });
    expect(await outcome(token)).toBe('held');
    expect(await outcome(token)).toBe('held');
    app.clock.ahead = 700_000;
    expect(await outcome(token)).toBe(REFUSED);
    app.clock.ahead = 0;
  });

  it('when it expired within the minute by which clocks may differ, and not later', async () => {
    expect(await outcome(await sign({ claims: { exp: inSeconds(-30) } }))).toBe('held');
    expect(await outcome(await sign({ claims: { exp: inSeconds(-90) } }))).toBe(REFUSED);
  });
});

describe('a signature is not believed', () => {
  const forgeries: [string, () => string | Promise<string>][] = [
    ['that is absent', () => ''],
    ['that is any text', () => 'garbage'],
    ['that looks like a token', () => 'aaaa.bbbb.cccc'],
    ['made with another key', () => sign({ key: Buffer.from('another key') })],
    ['that was cut', async () => (await sign()).slice(0, -3)],
    ['whose claims were changed', () => tampered()],
    ['that expired long ago', () => sign({ claims: { exp: inSeconds(-3600) } })],
    ['that never expires', () => sign({ claims: { exp: undefined } })],
    ['whose expiry is no number', () => sign({ claims: { exp: 'never' } })],
    ['that is not valid yet', () => sign({ claims: { nbf: inSeconds(3600) } })],
    ['of another issuer', () => sign({ claims: { iss: 'someone' } })],
    ['of no issuer', () => sign({ claims: { iss: undefined } })],
    ["made with one proxy's key for another's issuer", () => sign({ claims: { iss: HOSTED_ISSUER } })],
    ["made with another proxy's key for one's issuer", () => signHosted({ iss: 'pushpin' })],
    ['without algorithm', () => unsigned({ alg: 'none' }, { iss: 'pushpin', exp: inSeconds(600) })],
    [
      'that uses a public key as a shared secret',
      () => sign({ key: Buffer.from(PUBLIC_PEM), claims: { iss: HOSTED_ISSUER } }),
    ],
    ['with another algorithm of the same family', () => sign({ algorithm: 'HS512' })],
  ];

  for (const [name, forge] of forgeries) {
    it(name, async () =>
      expect(await outcome(await forge())).toBe(name === 'that is absent' ? DIRECT : REFUSED),
    );
  }

  it('a signature is not believed that comes twice', async () => {
    const token = await sign();
    const answer = await environment.subscribe({ 'grip-sig': [token, token] });
    expect(answer.status).toBe(503);
  });
});

describe('a clock that is wrong', () => {
  afterEach(() => {
    app.clock.ahead = 0;
  });

  it.each([
    ['ahead', 2 * 3600, 'clocks'],
    ['ahead by less than the life of a token', 1800, undefined],
  ])(
    'a clock that is wrong by which the node is %s is answered so that every SDK goes on trying',
    async (_, seconds, word) => {
      const token = await sign();
      app.clock.ahead = seconds * 1000;
      const answer = await environment.subscribe({ 'grip-sig': token });
      if (word === undefined) {
        expect(answer.status).toBe(200);
        return;
      }
      expect([answer.status, answer.get('Retry-After'), answer.get('Cache-Control')]).toEqual([
        503,
        '1',
        'no-store',
      ]);
      expect(answer.body.error).toMatchObject({ code: 'signature_refused' });
      expect(answer.body.error.message).toContain(word);
      app.clock.ahead = 0;
      expect(await outcome(token)).toBe('held');
    },
  );

  it('a clock that is wrong by which the node is behind is answered in the same way', async () => {
    expect(await outcome(await sign({ claims: { nbf: inSeconds(7200) } }))).toBe(REFUSED);
  });
});

describe('headers of the client', () => {
  it('headers of the client that begin with Grip- get nothing special without a signature', async () => {
    const answer = await environment.subscribe({
      'grip-sig': '',
      'grip-hold': 'stream',
      'grip-channel': `environment-${environment.id}`,
      'grip-last': `environment-${environment.id}; last-id=0`,
    });
    expect(answer.status).toBe(501);
    expect(instructions(answer)).toEqual([]);
  });
});

describe('a refused direct hold', () => {
  it('a refused direct hold is answered as an error that must not be stored and that names the setting', async () => {
    const answer = await environment.subscribe({ 'grip-sig': '' });
    expect(answer.status).toBe(501);
    expect(answer.get('Cache-Control')).toBe('no-store');
    expect(answer.body.error.message).toContain('HOLDFAST_HOLD');
    expect(app.directHolds.size).toBe(0);
  });

  it('a refused direct hold is counted neither as a hold nor as a subscription', async () => {
    await environment.subscribe({ 'grip-sig': '' });
    const text = (await app.http.get('/metrics')).text;
    expect(text).not.toContain('holdfast_subscribes_total{hold="direct"');
  });
});

async function signHosted(claims: object = {}): Promise<string> {
  const key: KeyObject = hosted.privateKey;
  return sign({ algorithm: 'ES256', key, claims: { iss: HOSTED_ISSUER, ...claims } });
}

async function tampered(): Promise<string> {
  const [header, , mac] = (await sign({ claims: { exp: inSeconds(-3600) } })).split('.');
  const claims = Buffer.from(JSON.stringify({ iss: 'pushpin', exp: inSeconds(3600) })).toString('base64url');
  return [header, claims, mac].join('.');
}
