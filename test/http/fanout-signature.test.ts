/**
 * Fastly Fanout next to a self-hosted Pushpin: each is trusted with its own key and issuer, and no
 * other signature is.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { PUBLIC_KEY_FASTLY_FANOUT_PEM } from '@fanoutio/grip/fastly-fanout';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';

const SERVICE = 'SU1Z0isxPaozGVKXdv0eY';
const PUSHPIN_KEY = 'the key of our own Pushpin';

/** In the place of Fastly's own, of which only the public half is known. */
const fanout = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

let app: TestApp;
/** The same with Fastly's real public key. */
let real: TestApp;

beforeAll(async () => {
  app = await startApp({
    env: settings(fanout.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  });
  real = await startApp({ env: settings(PUBLIC_KEY_FASTLY_FANOUT_PEM) });
});

afterAll(async () => {
  await app.close();
  await real.close();
});

function settings(key: string): Record<string, string> {
  return {
    GRIP_URL: [
      `https://api.fastly.com/service/${SERVICE}?key=token&verify-iss=fastly:${SERVICE}`,
      `http://127.0.0.1:1/?verify-iss=pushpin&verify-key=${encodeURIComponent(PUSHPIN_KEY)}`,
    ].join(' '),
    GRIP_VERIFY_KEY: key,
    HOLDFAST_HOLD: 'grip',
  };
}

interface Signed {
  readonly iss: string;
  readonly key: KeyObject | Uint8Array;
  /** Seconds from now; `undefined`: without expiry. */
  readonly expires?: number | undefined;
}

function sign({ iss, key, ...rest }: Signed): Promise<string> {
  const expires = 'expires' in rest ? rest.expires : 60;
  const alg = key instanceof Uint8Array ? 'HS256' : 'ES256';
  const token = new SignJWT({ iss }).setProtectedHeader({ alg });
  if (expires !== undefined) token.setExpirationTime(Math.floor(Date.now() / 1000) + expires);
  return token.sign(key);
}

/**
 * 200: held by the proxy; 503: the signature does not count, and this installation holds nothing
 * itself.
 */
async function subscribe(node: TestApp, signature: string): Promise<number> {
  const environment: TestEnvironment = await node.environment();
  const answer = await node.http
    .get('/api/v1/sse/config')
    .auth('user', environment.key)
    .set('Grip-Sig', signature);
  expect(answer.get('Grip-Hold')).toBe(answer.status === 200 ? 'stream' : undefined);
  return answer.status;
}

describe('a subscription', () => {
  it('a subscription by Fanout is held by Fanout', async () => {
    expect(await subscribe(app, await sign({ iss: `fastly:${SERVICE}`, key: fanout.privateKey }))).toBe(200);
  });

  it('a subscription by our own Pushpin is held by it', async () => {
    expect(await subscribe(app, await sign({ iss: 'pushpin', key: Buffer.from(PUSHPIN_KEY) }))).toBe(200);
  });

  it.each<[string, Signed]>([
    [
      'by the service of another customer, with the key that all of Fastly has',
      { iss: 'fastly:another', key: fanout.privateKey },
    ],
    ['by Fastly as if it were our Pushpin', { iss: 'pushpin', key: fanout.privateKey }],
    ['by our Pushpin as if it were Fastly', { iss: `fastly:${SERVICE}`, key: Buffer.from(PUSHPIN_KEY) }],
    [
      'with the public key as a shared secret',
      {
        iss: `fastly:${SERVICE}`,
        key: Buffer.from(fanout.publicKey.export({ type: 'spki', format: 'pem' })),
      },
    ],
    ['with a token that is over', { iss: `fastly:${SERVICE}`, key: fanout.privateKey, expires: -120 }],
    [
      'with a token that never ends',
      { iss: `fastly:${SERVICE}`, key: fanout.privateKey, expires: undefined },
    ],
  ])('%s is refused, because it does not count', async (_, signed) => {
    expect(await subscribe(app, await sign(signed))).toBe(503);
  });

  it('a subscription that is signed with anything but Fastly’s own key is not by Fastly', async () => {
    const forged = await sign({ iss: `fastly:${SERVICE}`, key: fanout.privateKey });
    expect(await subscribe(real, forged)).toBe(503);
    const secret = Buffer.from(PUBLIC_KEY_FASTLY_FANOUT_PEM);
    expect(await subscribe(real, await sign({ iss: `fastly:${SERVICE}`, key: secret }))).toBe(503);
  });
});
