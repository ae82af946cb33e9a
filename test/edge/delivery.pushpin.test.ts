/**
 * A client at Fastly: the edge program as it is built, a real Pushpin in Fanout's place that signs
 * with ES256 as Fanout does, and a node whose settings are those of docs/fastly.md. Pushpin routes
 * by the name that the program hands over to, and by nothing else.
 */
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys } from '../support/configs.js';
import { startFastlyApi, type FastlyApi } from '../support/fastly-api.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { freePorts } from '../support/ports.js';
import { startPushpin, type Pushpin } from '../support/pushpin.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { until } from '../support/until.js';
import { startEdge, type Edge } from './host.js';

const ADMIN_TOKEN = 'admin-token-of-the-tests';
const SERVICE = 'SU1Z0isxPaozGVKXdv0eY';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
let dir: string;
let node: HoldfastNode;
let pushpin: Pushpin;
let edge: Edge;
let api: FastlyApi;
let key: string;
const open: SseConnection[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'hf-edge-'));
  const keyFile = join(dir, 'fanout.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const [nodePort = 0, edgePort = 0] = await freePorts(2);
  pushpin = await startPushpin({
    targets: [],
    routes: `fanout.invalid,id=origin 127.0.0.1:${nodePort}\n`,
    sigKey: `file:${keyFile}`,
    sigIss: `fastly:${SERVICE}`,
    config: { 'proxy.accept_pushpin_route': 'true' },
  });
  api = await startFastlyApi({ service: SERVICE });
  node = await startNode({
    port: nodePort,
    env: {
      HOLDFAST_STORE: `file:${join(dir, 'data')}`,
      HOLDFAST_HOLD: 'grip',
      HOLDFAST_STALENESS: '5',
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_SECRET: randomBytes(32).toString('hex'),
      GRIP_URL: `${pushpin.publishUrl}?key=token&verify-iss=fastly:${SERVICE}`,
      HOLDFAST_PURGE_URL: api.url,
      HOLDFAST_PURGE_TOKEN: api.token,
      GRIP_VERIFY_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
  });
  edge = await startEdge({
    port: edgePort,
    backends: { origin: node.url },
    fanout: { url: pushpin.url, route: 'origin' },
    // The cache's clock stands still: no copy ever gets old.
    now: () => 0,
  });
  api.onPurge = (keys) => keys.forEach((purged) => edge.purge(purged));
  await admin('PUT', '/admin/v1/environments/1', { projectId: '1', name: 'edge' });
  key = ((await admin('POST', '/admin/v1/environments/1/keys', { kind: 'server' })) as { key: string }).key;
  await commit('first');
});

afterAll(async () => {
  await edge.close();
  await node.stop();
  await pushpin.stop();
  await api.close();
  rmSync(dir, { recursive: true, force: true });
});

afterEach(() => {
  for (const connection of open.splice(0)) connection.close();
});

/** To the node itself, as operators do. */
async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(`${node.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

function commit(name: string, environment = 1): Promise<unknown> {
  return admin('POST', `/admin/v1/environments/${environment}/changes`, { configs: [flag(name, true)] });
}

async function subscribe(headers: Record<string, string> = {}): Promise<SseConnection> {
  const connection = await openSse(`${edge.url}/api/v1/sse/config`, { key, headers });
  open.push(connection);
  return connection;
}

describe('a client at the edge', () => {
  it('a client at the edge gets the catch-up and then each change, by a stream that Fanout holds', async () => {
    const connection = await subscribe();
    expect(connection.status).toBe(200);
    await connection.waitFor(({ events }) => keys(events).includes('first'));
    await commit('second');
    await connection.waitFor(({ events }) => keys(events).includes('second'));
    expect(connection.isClosed()).toBe(false);
    expect(edge.handoffs.length).toBeGreaterThan(0);
  });

  it('a client at the edge is verified by the recovery link again and again, inside of the same stream', async () => {
    const before = await recoveries();
    const connection = await subscribe();
    await until('two checks', async () => (await recoveries()) >= before + 2, { timeout: 20_000 });
    await commit('after the checks');
    await connection.waitFor(({ events }) => keys(events).includes('after the checks'));
  });

  it('a client at the edge gains nothing by headers of GRIP that it makes up', async () => {
    const forged = {
      'Grip-Sig': 'eyJhbGciOiJIUzI1NiJ9.e30.x',
      'Grip-Hold': 'stream',
      'Grip-Channel': 'environment-2',
      'Grip-Last': 'environment-1; last-id=0',
      'Pushpin-Route': 'elsewhere',
    };
    const connection = await subscribe(forged);
    await connection.waitFor(({ events }) => keys(events).includes('first'));
    await commit('third');
    await connection.waitFor(({ events }) => keys(events).includes('third'));
    const names = edge.handoffs.at(-1)!.headers.map(([name]) => name.toLowerCase());
    expect(names.filter((name) => /^(?:grip|pushpin)-/.test(name))).toEqual([]);
  });

  it('a client at the edge is repaired also where Fanout fetches the recovery link by way of the edge', async () => {
    const proxy = { 'Grip-Sig': await signature(privateKey), authorization: basic(key) };
    const hold = await fetch(`${node.url}/api/v1/sse/config`, { headers: proxy });
    const [, link = ''] = /<([^>]+)>/.exec(hold.headers.get('grip-link') ?? '') ?? [];
    const last = (hold.headers.get('grip-channel') ?? '').replaceAll('prev-id=', 'last-id=');
    await hold.text();
    await commit('fetched by the link');
    const ask = (sig: string) =>
      fetch(`${edge.url}${link}`, { headers: { 'Grip-Sig': sig, 'Grip-Last': last } });

    const answer = await ask(proxy['Grip-Sig']);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('grip-hold')).toBe('stream');
    expect(await answer.text()).toContain('data:');
    expect(edge.sent.at(-1)).toMatchObject({ pass: true });

    const stranger = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    expect((await ask(await signature(stranger))).status).toBe(403);
  });

  it('a client at the edge gets the new snapshot after a change, because the copy is purged', async () => {
    // An environment of its own: no other test's changes of it are purged at the same time.
    await admin('PUT', '/admin/v1/environments/2', { projectId: '1', name: 'purged' });
    const own = (await admin('POST', '/admin/v1/environments/2/keys', { kind: 'server' })) as { key: string };
    await commit('first', 2);
    await until('the first purge', () => api.purges.flat().includes('environment-2'));
    const headers = { authorization: basic(own.key) };
    const snapshot = () => fetch(`${edge.url}/api/v1/configs/0`, { headers });
    const before = (await snapshot()).headers.get('etag');
    const asked = edge.sent.length;
    expect((await snapshot()).headers.get('etag')).toBe(before);
    expect(edge.sent).toHaveLength(asked);
    const { version } = (await commit('second', 2)) as { version: string };
    await until('the new snapshot', async () => (await snapshot()).headers.get('etag') === `"2-${version}"`);
    expect(api.broken).toEqual([]);
  });

  it('a client at the edge is refused with a wrong key, with the status that the origin gave', async () => {
    const connection = await openSse(`${edge.url}/api/v1/sse/config`, { key: 'wrong' });
    open.push(connection);
    expect(connection.status).toBe(401);
  });
});

function signature(signer: KeyObject): Promise<string> {
  const token = new SignJWT({}).setProtectedHeader({ alg: 'ES256' });
  return token.setIssuer(`fastly:${SERVICE}`).setExpirationTime('1h').sign(signer);
}

function basic(password: string): string {
  return `Basic ${Buffer.from(`test:${password}`).toString('base64')}`;
}

async function recoveries(): Promise<number> {
  const metrics = await (await fetch(`${node.url}/metrics`)).text();
  let sum = 0;
  for (const [, count] of metrics.matchAll(/^holdfast_recoveries_total\{[^}]*\} (\d+)/gm))
    sum += Number(count);
  return sum;
}
