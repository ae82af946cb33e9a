/**
 * Changing each secret of a whole installation while a client is connected:
 * docs/operations/rotate-secrets.md, step by step. Redis, Pushpin and two nodes, which are restarted
 * one after the other with other settings.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { flag } from '../support/configs.js';
import { nodeEnvironment } from '../support/environment.js';
import { startFastlyApi } from '../support/fastly-api.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

// Up to nine restarts of nodes in each.
vi.setConfig({ testTimeout: 180_000 });

/** T, seconds. A hold has a new link after it at the latest. */
const STALENESS = 5;
const NEW = {
  adminToken: 'a-new-admin-token',
  secret: 'a-new-secret-for-all-recovery-links',
  gripKey: 'anewkeyoftheproxy',
};

let stack: Stack;
let nodes: HoldfastNode[];
let env: Record<string, string>;
let key: string;
let commits = 0;

beforeAll(async () => {
  stack = await startStack({ env: { HOLDFAST_STALENESS: `${STALENESS}`, HOLDFAST_HOLD: 'grip' } });
  nodes = [...stack.nodes];
  const publishUrls = stack.pushpins.map(({ publishUrl }) => publishUrl);
  env = {
    ...nodeEnvironment(stack.secrets, stack.redis.url, publishUrls),
    HOLDFAST_STALENESS: `${STALENESS}`,
    HOLDFAST_HOLD: 'grip',
  };
  await stack.createEnvironment();
  ({ key } = await stack.createKey());
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await stack.stop();
});

/**
 * Gives the nodes other settings, one after the other, and looks after each that the client still
 * gets what changes.
 */
async function roll(settings: Record<string, string>, client: SseConnection): Promise<void> {
  // A node that starts again counts from 0.
  expect((await recoveries()).refused).toBe(0);
  env = { ...env, ...settings };
  for (const [i, node] of nodes.entries()) {
    await node.stop();
    nodes[i] = await startNode({ env, port: node.port });
    await expectDelivery(client);
  }
}

async function expectDelivery(client: SseConnection): Promise<void> {
  const answer = await asRoot('/environments/1/changes', {
    method: 'POST',
    // Another each time: a change of nothing would not be delivered.
    body: JSON.stringify({ configs: [flag(`a.${++commits}`, true)] }),
  });
  expect(answer.status).toBe(200);
  const { version } = (await answer.json()) as { version: string };
  await client.waitForEvent(({ id }) => id === version, 30_000);
}

/** A call of administration with the token of now. */
function asRoot(path: string, init: RequestInit): Promise<Response> {
  const authorization = `Bearer ${env.HOLDFAST_ADMIN_TOKEN!.split(' ')[0]!}`;
  const headers = { authorization, 'content-type': 'application/json' };
  return fetch(`${nodes[0]!.url}/admin/v1${path}`, { ...init, headers });
}

async function issueKey(kind = 'server'): Promise<{ id: string; key: string }> {
  const body = JSON.stringify({ kind });
  const answer = await asRoot('/environments/1/keys', { method: 'POST', body });
  expect(answer.status).toBe(201);
  return (await answer.json()) as { id: string; key: string };
}

const connect = () => openSse(`${stack.url}/api/v1/sse/config`, { key });

/** An event stream of OpenFeature, whose address has a token of HOLDFAST_SECRET in it. */
async function connectPage(): Promise<SseConnection> {
  const issued = await issueKey('client');
  const answer = await fetch(`${stack.url}/ofrep/v1/evaluate/flags`, {
    method: 'POST',
    headers: { 'x-api-key': issued.key },
    body: '{"context":{}}',
  });
  const body = (await answer.json()) as { eventStreams: { endpoint: { requestUri: string } }[] };
  const page = await openSse(stack.url + body.eventStreams[0]!.endpoint.requestUri);
  expect(page.status).toBe(200);
  return page;
}

/** Answers of the recovery link, by decision, of both nodes. */
async function recoveries(): Promise<{ current: number; refused: number }> {
  const texts = await Promise.all(nodes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const count = (pattern: RegExp) =>
    texts.reduce((sum, text) => sum + Number(pattern.exec(text)?.[1] ?? 0), 0);
  return {
    current: count(/^holdfast_recoveries_total\{decision="current",stream="configs"\} (\d+)$/m),
    refused: count(
      /^holdfast_http_requests_total\{route="\/api\/v1\/sse\/recover\/:token",status="403"\} (\d+)$/m,
    ),
  };
}

/**
 * Waits until the client's hold has been verified, which gave it a link of the present settings.
 */
async function linkRenewed(): Promise<void> {
  const before = (await recoveries()).current;
  await until('the hold is verified', async () => (await recoveries()).current > before, { timeout: 20_000 });
}

const asAdmin = async (token: string) =>
  (await fetch(`${nodes[0]!.url}/admin/v1/environments`, { headers: { authorization: `Bearer ${token}` } }))
    .status;

describe('while a client is connected', () => {
  it('the admin token and the secret of the links are changed without its connection ending or a link being refused', async () => {
    const { adminToken, secret } = stack.secrets;
    const client = await connect();
    const page = await connectPage();
    await expectDelivery(client);

    await roll(
      { HOLDFAST_ADMIN_TOKEN: `${adminToken} ${NEW.adminToken}`, HOLDFAST_SECRET: `${secret} ${NEW.secret}` },
      client,
    );
    expect([await asAdmin(adminToken), await asAdmin(NEW.adminToken)]).toEqual([200, 200]);
    await linkRenewed();
    await roll(
      { HOLDFAST_ADMIN_TOKEN: `${NEW.adminToken} ${adminToken}`, HOLDFAST_SECRET: `${NEW.secret} ${secret}` },
      client,
    );
    await linkRenewed();
    await roll({ HOLDFAST_ADMIN_TOKEN: NEW.adminToken, HOLDFAST_SECRET: NEW.secret }, client);
    await linkRenewed();

    expect([await asAdmin(adminToken), await asAdmin(NEW.adminToken)]).toEqual([401, 200]);
    expect((await recoveries()).refused).toBe(0);
    expect([client.isClosed(), page.isClosed()]).toEqual([false, false]);
    expect(client.errors).toEqual([]);
    client.close();
    page.close();
  });

  it('the password of Redis is changed without its connection ending, and the old one is refused at last', async () => {
    const client = await connect();
    const administrator = new Redis(stack.redis.url);
    const urlWith = (password: string) => stack.redis.url.replace('//', `//holdfast:${password}@`);
    await administrator.call('ACL', 'SETUSER', 'holdfast', 'on', '>old-password', '~{holdfast}:*', '+@all');
    await roll({ HOLDFAST_STORE: urlWith('old-password') }, client);

    await administrator.call('ACL', 'SETUSER', 'holdfast', '>new-password');
    await roll({ HOLDFAST_STORE: urlWith('new-password') }, client);
    await administrator.call('ACL', 'SETUSER', 'holdfast', '<old-password');
    await administrator.call('CLIENT', 'KILL', 'USER', 'holdfast');
    await expectDelivery(client);

    await expect(administrator.call('AUTH', 'holdfast', 'old-password')).rejects.toThrow(/WRONGPASS/);
    expect(client.isClosed()).toBe(false);
    administrator.disconnect();
    client.close();
  });

  it('the tokens of Fastly are changed without an item or a purge being refused, and the old ones are refused at last', async () => {
    const client = await connect();
    const fastly = await startFastlyApi({ token: 'old-token' });
    const settings = (token: string) => ({
      GRIP_URL: `${stack.pushpins[0]!.publishUrl}/?verify-iss=pushpin ${fastly.url}?key=${token}`,
      HOLDFAST_PURGE_URL: fastly.url,
      HOLDFAST_PURGE_TOKEN: token,
      HOLDFAST_PURGE_DELAY: '0',
    });
    await roll(settings('old-token'), client);
    await until('Fastly has items and purges', () => fastly.items.length > 0 && fastly.purges.length > 0);
    fastly.tokens.add('new-token');
    await roll(settings('new-token'), client);
    fastly.tokens.delete('old-token');
    const [items, purges] = [fastly.items.length, fastly.purges.length];
    await expectDelivery(client);
    await until('Fastly has more', () => fastly.items.length > items && fastly.purges.length > purges);
    expect(fastly.broken).toEqual([]);
    expect(client.isClosed()).toBe(false);
    const { GRIP_URL, ...rest } = settings('');
    env = Object.fromEntries(Object.entries(env).filter(([name]) => !(name in rest)));
    await roll({ GRIP_URL: GRIP_URL.split(' ')[0]! }, client);
    await fastly.close();
    client.close();
  });

  it('an API key is changed by a second one, and revoking the first ends its streams and no other', async () => {
    const [first, second] = [await issueKey(), await issueKey()];
    const [before, after] = await Promise.all(
      [first, second].map((issued) => openSse(`${stack.url}/api/v1/sse/config`, { key: issued.key })),
    );
    await expectDelivery(before!);
    await expectDelivery(after!);
    expect((await asRoot(`/keys/${first.id}`, { method: 'DELETE' })).ok).toBe(true);
    await before!.closed;
    await expectDelivery(after!);
    expect(after!.isClosed()).toBe(false);
    after!.close();
  });

  it('the key of a proxy is changed with one restart of that proxy, after which it comes back', async () => {
    const old = stack.secrets.gripKey;
    const before = await connect();
    await roll({ GRIP_VERIFY_KEY: `${old} ${NEW.gripKey}` }, before);
    expect(before.isClosed()).toBe(false);

    const [pushpin] = stack.pushpins;
    const file = join(pushpin!.dir, 'pushpin.conf');
    const configuration = readFileSync(file, 'utf8');
    expect(configuration).toContain(`sig_key=${old}`);
    writeFileSync(file, configuration.replace(`sig_key=${old}`, `sig_key=${NEW.gripKey}`));
    await pushpin!.restart();
    await before.closed;
    // A Pushpin that has just started refuses some with 500; clients try again.
    const after = await until('the client is back', async () => {
      const stream = await connect();
      return stream.status === 200 && stream;
    });
    await roll({ GRIP_VERIFY_KEY: NEW.gripKey }, after);
    await linkRenewed();
    expect(after.isClosed()).toBe(false);
    after.close();

    // A signature by the old key counts for nothing now.
    const forged = await new SignJWT({ iss: 'pushpin' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(old));
    const authorization = `Basic ${Buffer.from(`u:${key}`).toString('base64')}`;
    const answer = await fetch(`${nodes[0]!.url}/api/v1/sse/config`, {
      headers: { authorization, 'grip-sig': forged },
    });
    expect(answer.status).toBe(503);
  });
});
