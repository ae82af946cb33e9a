/**
 * A node as a process, with secrets that can be recognised, through good and bad times: they are in
 * nothing that it writes or answers.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, gripLast, sign } from '../support/app.js';
import { flag } from '../support/configs.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { freePort } from '../support/ports.js';
import { startProcess } from '../support/processes.js';
import { startPublishEndpoint, type PublishEndpoint } from '../support/publish-endpoint.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { openSse } from '../support/sse.js';
import { until } from '../support/until.js';

const mark = () => randomBytes(20).toString('hex');
const GIVEN = {
  adminToken: mark(),
  oldAdminToken: mark(),
  linkSecret: mark(),
  oldLinkSecret: mark(),
  verifyKey: mark(),
  oldVerifyKey: mark(),
  publishToken: mark(),
  publishPassword: mark(),
  redisPassword: mark(),
};

let redis: RedisServer;
let endpoint: PublishEndpoint;
let store: string;

beforeAll(async () => {
  redis = await startRedis();
  const client = new Redis(redis.url);
  await client.config('SET', 'requirepass', GIVEN.redisPassword);
  client.disconnect();
  store = redis.url.replace('//', `//:${GIVEN.redisPassword}@`);
  endpoint = await startPublishEndpoint();
});

afterAll(async () => {
  await redis.stop();
  await endpoint.cut();
});

function environment(): Record<string, string> {
  const other = `http://publisher:${GIVEN.publishPassword}@127.0.0.1:1/?verify-iss=other`;
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: 'trace',
    HOLDFAST_STORE: store,
    HOLDFAST_ADMIN_TOKEN: `${GIVEN.adminToken} ${GIVEN.oldAdminToken}`,
    HOLDFAST_SECRET: `${GIVEN.linkSecret},${GIVEN.oldLinkSecret}`,
    GRIP_URL: `${endpoint.url}/?key=${GIVEN.publishToken}&verify-iss=pushpin ${other}`,
    GRIP_VERIFY_KEY: `${GIVEN.verifyKey} ${GIVEN.oldVerifyKey}`,
    HOLDFAST_DRAIN: '0',
    HOST: '127.0.0.1',
  };
}

/**
 * Everything that a node can be made to write and to answer, and the secrets that came up on the
 * way.
 */
async function scenario(node: HoldfastNode): Promise<{ shown: string[]; made: string[] }> {
  const shown: string[] = [];
  const made: string[] = [];
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(node.url + path, init);
    const body = await answer.text();
    return { status: answer.status, headers: answer.headers, body };
  };
  /** The outputs that must not contain secrets. */
  const see = async (path: string, init: RequestInit = {}) => {
    const answer = await ask(path, init);
    shown.push(answer.body, JSON.stringify([...answer.headers]));
    return answer;
  };
  const admin = (method: string, body?: unknown) => ({
    method,
    headers: { authorization: `Bearer ${GIVEN.adminToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await see('/admin/v1/environments/1', admin('PUT', { projectId: 1, name: 'one' }));
  // The one answer that has to have a secret in it.
  const issued = JSON.parse(
    (await ask('/admin/v1/environments/1/keys', admin('POST', { kind: 'server' }))).body,
  ) as {
    id: string;
    key: string;
  };
  made.push(issued.key, basic(issued.key).slice(6), createHash('sha256').update(issued.key).digest('hex'));
  await see('/admin/v1/environments/1/changes', admin('POST', { configs: [flag('a', true)] }));
  await until('the change is published', () => endpoint.accepted.length > 0);

  const signature = await sign({ key: Buffer.from(GIVEN.oldVerifyKey) });
  made.push(signature);
  const authorization = basic(issued.key);
  // Instructions are for the proxy, which takes them out.
  const held = await ask('/api/v1/sse/config', { headers: { authorization, 'grip-sig': signature } });
  const link = /<(.*?)>/.exec(held.headers.get('grip-link') ?? '')?.[1] ?? '';
  made.push(link.split('/').at(-1)!);
  const positions = gripLast('1', '0', issued.id).join(', ');
  await ask(link, { headers: { 'grip-sig': signature, 'grip-last': positions } });
  await see(link, { headers: { 'grip-last': positions } });
  await see(`${link}x`, { headers: { 'grip-sig': signature } });
  const stream = await openSse(`${node.url}/api/v1/sse/config`, { key: issued.key });
  await stream.waitForEvent(() => true);
  await see('/api/v1/configs/0?format=json', { headers: { authorization } });
  for (const path of ['/api/v1/configs/0', '/admin/v1/environments', '/admin/v1/keys/x']) {
    await see(path, { headers: { authorization: `Basic ${GIVEN.adminToken}` } });
    await see(path, { headers: { authorization: `Bearer ${issued.key}` } });
    await see(path, { headers: { authorization: basic(`${issued.key}x`) } });
  }
  await see('/admin/v1/environments/1/changes', { ...admin('POST'), body: `{"configs": [${issued.key}` });
  await see('/admin/v1/environments/1/keys', admin('GET'));
  await see('/admin/v1/environments', admin('GET'));

  endpoint.answer((response) => response.writeHead(401).end('no such token\n'));
  await see('/admin/v1/environments/1/changes', admin('POST', { configs: [flag('b', true)] }));
  await until('the proxy is seen to fail', async () => (await ask('/readyz')).body.includes('no such token'));
  await see('/readyz');
  endpoint.answer((response) => response.writeHead(200).end('Published\n'));

  const client = new Redis(store);
  await client.set('{holdfast}:environment:2', 'not a hash');
  await client.sadd('{holdfast}:environments', '2');
  const damaged = await see('/admin/v1/environments/2', admin('GET'));
  expect(damaged.status).toBe(500);
  await client.del('{holdfast}:environment:2');
  await client.srem('{holdfast}:environments', '2');
  await client.config('SET', 'requirepass', 'another');
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await until('the store is unavailable', async () => (await ask('/readyz')).body.includes('"away"'));
  await see('/admin/v1/environments/1/changes', admin('POST', { configs: [flag('c', true)] }));
  await see('/api/v1/configs/0', { headers: { authorization: basic('x-P1-E1-SDK-unknown') } });
  await see('/readyz');
  await client.config('SET', 'requirepass', GIVEN.redisPassword);
  client.disconnect();
  await until('the store is back', async () => (await ask('/readyz')).body.includes('"current"'));

  // The feed and the commands have connections of their own, so the latter may come back a little
  // later.
  await until('the key is revoked', async () => {
    return (await see(`/admin/v1/keys/${issued.id}`, admin('DELETE'))).status === 200;
  });
  await stream.closed;
  await see('/api/v1/sse/config', { headers: { authorization } });
  await see('/metrics');
  await see('/readyz');
  return { shown, made };
}

describe('a node that logs all there is (LOG_LEVEL=trace)', () => {
  it('a node that logs all there is (LOG_LEVEL=trace) has no secret in its log, its errors, its metrics, its readiness or its lists', async () => {
    const node = await startNode({ env: environment() });
    const { shown, made } = await scenario(node);
    await node.stop();
    const log = node.logs();
    expect(log.split('\n').length).toBeGreaterThan(5);
    const everything = [...shown, log].join('\n');
    const found = [...Object.entries(GIVEN), ...made.map((secret) => ['made', secret] as const)].filter(
      ([, secret]) => everything.includes(secret),
    );
    expect(made.every((secret) => secret.length > 20)).toBe(true);
    expect(found).toEqual([]);
  });
});

describe('a node that cannot start', () => {
  const main = join(import.meta.dirname, '../../dist/main.js');

  it.each([
    [
      'because the password is wrong',
      () => ({ HOLDFAST_STORE: store.replace(/:\w+@/, `:${GIVEN.verifyKey}@`) }),
    ],
    [
      'because settings are wrong',
      () => ({ PORT: 'x', HOLDFAST_SECRET: `${GIVEN.linkSecret} short`, GRIP_VERIFY_KEY: '' }),
    ],
  ])('a node that cannot start says so without a secret: %s', async (_, wrong) => {
    const logFile = join(mkdtempSync(join(tmpdir(), 'hf-start-')), 'log');
    const running = startProcess({
      command: process.execPath,
      args: [main],
      env: { PATH: process.env.PATH ?? '', PORT: `${await freePort()}`, ...environment(), ...wrong() },
      logFile,
      onOrphaned: 'SIGKILL',
    });
    expect(await running.ended).toBeGreaterThan(0);
    expect(running.logs()).toMatch(/^holdfast: /m);
    expect(Object.values(GIVEN).filter((secret) => running.logs().includes(secret))).toEqual([]);
  });
});
