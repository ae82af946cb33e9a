/**
 * Changing each secret of a whole installation while a client is connected:
 * docs/how-to/rotate-secrets.md, step by step. Redis, Pushpin and two nodes, which are restarted
 * one after the other with other settings.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { flag } from '../support/configs.js';
import { nodeEnvironment } from '../support/environment.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

// Nine restarts of nodes.
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
  const token = env.HOLDFAST_ADMIN_TOKEN!.split(' ')[0]!;
  const answer = await fetch(`${nodes[0]!.url}/admin/v1/environments/1/changes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ configs: [flag('a', true)] }),
  });
  expect(answer.status).toBe(200);
  const { version } = (await answer.json()) as { version: string };
  await client.waitForEvent(({ id }) => id === version, 30_000);
}

const connect = () => openSse(`${stack.url}/api/v1/sse/config`, { key });

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
    expect(client.isClosed()).toBe(false);
    expect(client.errors).toEqual([]);
    client.close();
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
