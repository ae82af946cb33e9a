/**
 * Changing the secret of the client at an issuer, while two nodes on one Redis are replaced one
 * after the other: docs/operations/rotate-secrets.md, step by step.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { CLIENT_ID, startIssuer, type TestIssuer } from '../support/issuer.js';
import { signInAt, statusOfToken } from '../support/sign-in.js';
import { startRedis, type RedisServer } from '../support/redis.js';

const OLD = 'the-old-secret-of-the-client';
const NEW = 'the-new-secret-of-the-client';

let redis: RedisServer;
let issuer: TestIssuer;
const apps: TestApp[] = [];

beforeEach(async () => {
  redis = await startRedis();
  issuer = await startIssuer();
  issuer.behaviour.claims = { groups: ['flags-admins'], email: 'ann@example.com', email_verified: true };
});

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await issuer.stop();
  await redis.stop();
});

async function node(secret: string): Promise<TestApp> {
  const app = await startApp({
    env: {
      HOLDFAST_STORE: redis.url,
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_SECRET: 'signs-the-links-of-both-nodes-in-this-test',
      HOLDFAST_OIDC_ISSUER: issuer.url,
      HOLDFAST_OIDC_CLIENT_ID: CLIENT_ID,
      HOLDFAST_OIDC_CLIENT_SECRET: secret,
      HOLDFAST_CONSOLE_URL: 'https://flags.test',
      HOLDFAST_OIDC_ROLES: 'flags-admins=admin',
    },
  });
  apps.push(app);
  return app;
}

describe('the secret of OpenID Connect', () => {
  it('the secret of OpenID Connect is changed at one node after the other while the issuer takes both, and people sign in at each', async () => {
    issuer.behaviour.secrets = [OLD];
    const first = await node(OLD);
    const { token: before } = await signInAt(first.url, issuer);

    issuer.behaviour.secrets = [OLD, NEW];
    const second = await node(NEW);
    expect(await signInAt(first.url, issuer)).toEqual({ token: expect.any(String) as string });
    expect(await signInAt(second.url, issuer)).toEqual({ token: expect.any(String) as string });

    issuer.behaviour.secrets = [NEW];
    expect(await signInAt(second.url, issuer)).toEqual({ token: expect.any(String) as string });
    // Who signed in with the old secret in place stays so, at the node that has the new one.
    expect(await statusOfToken(second.url, before!)).toBe(200);
  });

  it('the secret of OpenID Connect that the issuer refuses lets no one in, says so without the secret, and leaves sessions and tokens alone', async () => {
    issuer.behaviour.secrets = [OLD];
    const app = await node(OLD);
    const { token } = await signInAt(app.url, issuer);
    issuer.behaviour.secrets = [NEW];
    const { message, token: none } = await signInAt(app.url, issuer);
    expect([none, message]).toEqual([undefined, expect.stringMatching(/issuer|secret/i)]);
    expect(message).not.toContain(OLD);
    expect(await statusOfToken(app.url, token!)).toBe(200);
  });
});
