/**
 * The main job on real parts: Redis, Pushpin and two nodes; clients are the unmodified npm SDK,
 * EventSource and curl.
 */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { EventSource } from 'eventsource';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deletion, flag, keys, read, text } from '../support/configs.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const ROOT = join(import.meta.dirname, '../..');
const FLAG_FILE = join(ROOT, 'examples/gitops/flags.yaml');
const runFile = promisify(execFile);

let stack: Stack;
/** A new environment per test, so that none sees what another did. */
let environment = 0;
let key: { id: string; key: string };
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 2 });
});

afterAll(() => stack.stop());

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function newEnvironment(): Promise<void> {
  await stack.createEnvironment(++environment);
  key = await stack.createKey(environment);
}

async function subscribe(headers: Record<string, string> = {}): Promise<SseConnection> {
  const connection = await openSse(`${stack.url}/api/v1/sse/config`, { key: key.key, headers });
  closing.push(() => connection.close());
  return connection;
}

async function sdk(): Promise<Prefab> {
  const prefab = new Prefab({
    apiKey: key.key,
    sources: [stack.url],
    enableSSE: true,
    enablePolling: false,
    collectLoggerCounts: false,
    contextUploadMode: 'none',
    collectEvaluationSummaries: false,
  });
  closing.push(() => prefab.close());
  await prefab.init();
  // The subscription follows init; a change before it would come by the catch-up, and not by the
  // publisher.
  await until('the SDK has subscribed', async () => (await subscribers()) > 0);
  return prefab;
}

/** Subscriptions that the nodes handed to the proxy for this test's environment. */
async function subscribers(): Promise<number> {
  let sum = 0;
  for (const node of stack.nodes) {
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    for (const line of metrics.matchAll(/^holdfast_subscribes_total\{hold="grip",[^}]*\} (\d+)/gm))
      sum += Number(line[1]);
  }
  return sum - subscribersBefore;
}
let subscribersBefore = 0;

/** Runs `plan` or `apply` with the flag file of the examples; resolves to what it prints. */
async function flagFile(command: string): Promise<string> {
  const [node] = stack.nodes;
  const env = { PATH: process.env.PATH ?? '', HOLDFAST_ADMIN_TOKEN: stack.secrets.adminToken };
  const options = ['--environment', `${environment}`, '--url', node!.url];
  const main = join(ROOT, 'dist/main.js');
  const { stdout } = await runFile(process.execPath, [main, command, FLAG_FILE, ...options], { env });
  return stdout;
}

describe('the unmodified node SDK behind Pushpin', () => {
  it('the unmodified node SDK behind Pushpin initialises, evaluates, and sees a change, a deletion and a change of 300 configs', async () => {
    await newEnvironment();
    await stack.commit(environment, [flag('flag.a', false), text('greeting', 'hello')]);
    subscribersBefore = await subscribers();
    const prefab = await sdk();
    expect(prefab.isFeatureEnabled('flag.a')).toBe(false);
    expect(prefab.get('greeting')).toBe('hello');

    await stack.commit(environment, [flag('flag.a', true)]);
    await until('the SDK sees the change', () => prefab.isFeatureEnabled('flag.a'));

    await stack.commit(environment, [deletion('greeting')]);
    await until('the SDK sees the deletion', () => prefab.get('greeting', undefined, 'gone') === 'gone');

    const many = Array.from({ length: 300 }, (_, i) => text(`many.${i}`, `value ${i} ${'x'.repeat(400)}`));
    await stack.commit(environment, many);
    await until(
      'the SDK sees all 300',
      () => prefab.get('many.299') !== undefined && prefab.get('many.0') !== undefined,
    );
    for (let i = 0; i < 300; i++) expect(prefab.get(`many.${i}`)).toMatch(`value ${i} `);
  });
});

describe('any SSE client behind Pushpin', () => {
  it('EventSource gets the catch-up and then each change', async () => {
    await newEnvironment();
    await stack.commit(environment, [flag('flag.a', false)]);
    const seen: string[] = [];
    const source = new EventSource(`${stack.url}/api/v1/sse/config`, {
      fetch: (url, init) =>
        fetch(url, {
          ...init,
          headers: {
            ...init.headers,
            authorization: `Basic ${Buffer.from(`u:${key.key}`).toString('base64')}`,
          },
        }),
    });
    closing.push(() => source.close());
    source.onmessage = (event) => seen.push(event.lastEventId);
    await until('the catch-up', () => seen.length === 1);
    const { version } = await stack.commit(environment, [flag('flag.a', true)]);
    await until('the change', () => seen.length === 2);
    expect(seen[1]).toBe(version);
  });

  it('a flag file that is planned and applied again sends no byte to a stream, and the next change does', async () => {
    await newEnvironment();
    const stream = await subscribe();
    // Comments keep the connection alive.
    const bytes = () =>
      stream
        .raw()
        .toString()
        .replace(/^:.*\n+/gm, '').length;
    await flagFile('apply');
    const { version: before } = await stack.commit(environment, [flag('flag.before', true)]);
    await stream.waitForEvent(({ id }) => id === before);
    const [received, events] = [bytes(), stream.events.length];
    for (let i = 0; i < 3; i++) {
      for (const command of ['plan', 'apply']) expect(await flagFile(command)).toMatch(/^No changes\./);
    }
    expect(bytes()).toBe(received);
    const { version } = await stack.commit(environment, [flag('flag.after', true)]);
    await stream.waitForEvent(({ id }) => id === version);
    expect(stream.events.length).toBe(events + 1);
  });

  it('curl prints the same bytes', async () => {
    await newEnvironment();
    await stack.commit(environment, [flag('flag.a', false)]);
    const curl = spawn('curl', ['-sN', '-u', `me:${key.key}`, `${stack.url}/api/v1/sse/config`]);
    closing.push(() => curl.kill());
    let printed = '';
    curl.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const connection = await subscribe();
    await connection.waitFor(({ events }) => events.length === 1);
    await until('the catch-up', () => printed.includes('id: '));
    await stack.commit(environment, [flag('flag.a', true)]);
    await connection.waitFor(({ events }) => events.length === 2);
    await until('the change', () => printed.split('id: ').length === 3);
    const withoutRetry = (body: string): string => body.replace(/^retry: \d+$/m, 'retry: N');
    expect(withoutRetry(printed)).toBe(withoutRetry(connection.raw().toString()));
    expect(connection.errors).toEqual([]);
  });

  it('gets a catch-up of several megabytes whole, and is held afterwards', async () => {
    await newEnvironment();
    for (let part = 0; part < 4; part++) {
      await stack.commit(
        environment,
        Array.from({ length: 45 }, (_, i) => text(`big.${part}.${i}`, 'x'.repeat(20_000))),
      );
    }
    const connection = await subscribe();
    // Two of these configs do not fit into one event. Decoding all events at each chunk would be
    // the slowest part of this test.
    await connection.waitFor(({ events }) => events.length === 180, 20_000);
    expect(new Set(keys(connection.events)).size).toBe(180);
    expect(connection.raw().length).toBeGreaterThan(4_000_000);
    const { version } = await stack.commit(environment, [flag('after', true)]);
    await connection.waitForEvent(({ id }) => id === version);
    expect(connection.isClosed()).toBe(false);
  });

  it('resumes from Last-Event-ID with nothing but what it lacks', async () => {
    await newEnvironment();
    const { version } = await stack.commit(environment, [flag('flag.a', false)]);
    await stack.commit(environment, [flag('flag.b', false)]);
    const connection = await subscribe({ 'last-event-id': version });
    await connection.waitFor(({ events }) => events.length === 1);
    expect(keys(connection.events)).toEqual(['flag.b']);
  });

  it('learns of a new default context without any config', async () => {
    await newEnvironment();
    await stack.commit(environment, [flag('flag.a', false)]);
    const connection = await subscribe();
    await connection.waitFor(({ events }) => events.length === 1);
    const defaultContext = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    await stack.createEnvironment(environment, { defaultContext });
    await connection.waitFor(({ events }) => events.length === 2);
    expect(read(connection.events[1]!)).toMatchObject({ defaultContext });
    expect(keys(connection.events)).toEqual(['flag.a']);
  });
});

describe('keys', () => {
  it('revoking one ends its streams within 2 s and refuses it afterwards, and no other', async () => {
    await newEnvironment();
    await stack.commit(environment, [flag('flag.a', false)]);
    const revoked = await subscribe();
    const other = await openSse(`${stack.url}/api/v1/sse/config`, {
      key: (await stack.createKey(environment)).key,
    });
    closing.push(() => other.close());
    await revoked.waitFor(({ events }) => events.length === 1);
    const before = performance.now();
    await stack.admin(`/admin/v1/keys/${key.id}`, { method: 'DELETE' });
    await revoked.closed;
    expect(performance.now() - before).toBeLessThan(2_000);
    expect((await subscribe()).status).toBe(401);
    await stack.commit(environment, [flag('flag.a', true)]);
    await other.waitFor(({ events }) => events.length === 2);
  });

  it('one that expires ends its streams at proxies and at every node, and is refused with the reason', async () => {
    await newEnvironment();
    await stack.commit(environment, [flag('flag.a', false)]);
    // Long enough to open three streams on a slow machine.
    const expiresAt = new Date(Date.now() + 8_000).toISOString();
    const path = `/admin/v1/environments/${environment}/keys`;
    const issued = await stack.admin(path, { body: { kind: 'server', expiresAt } });
    const expiring = (await issued.json()) as { id: string; key: string };
    const urls = [stack.url, ...stack.nodes.map(({ url }) => url)];
    const streams = await Promise.all(
      urls.map((url) => openSse(`${url}/api/v1/sse/config`, { key: expiring.key })),
    );
    closing.push(...streams.map((stream) => () => stream.close()));
    expect(streams.map(({ status }) => status)).toEqual(urls.map(() => 200));
    const ends = await Promise.all(streams.map(({ closed }) => closed));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
    expect(ends).not.toContain('closed');
    for (const url of urls) {
      const refused = await openSse(`${url}/api/v1/sse/config`, { key: expiring.key });
      closing.push(() => refused.close());
      await refused.closed;
      expect([refused.status, refused.raw().toString()]).toEqual([
        401,
        expect.stringContaining('expired at'),
      ]);
    }
    await until('the store has the key as revoked at its expiry', async () => {
      const { keys } = (await (await stack.admin(path)).json()) as {
        keys: { id: string; revokedAt?: string }[];
      };
      return keys.some(({ id, revokedAt }) => id === expiring.id && revokedAt === expiresAt);
    });
  });
});
