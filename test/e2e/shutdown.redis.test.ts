/**
 * The end of nodes, as processes on a real Redis: in order and in time, for any behaviour of
 * clients, proxies and the store.
 */
import { mkdtempSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flag, keys, text } from '../support/configs.js';
import { startDeafServer, type DeafServer } from '../support/deaf-server.js';
import { nodeEnvironment } from '../support/environment.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { freePort } from '../support/ports.js';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/** Seconds; [protocol] #stopping */
const DRAIN = 2;
const FINISH = 5;
/** Seconds that a slow machine may need for the rest: ending a process, and noticing it. */
const SLACK = 2;

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const DEFECT = `--import=${new URL('../support/defect-on-signal.mjs', import.meta.url).href}`;

let stack: Stack;
let key: string;
const closing: (() => unknown)[] = [];

/** Redis, and one node that stays, leads and administers. */
beforeAll(async () => {
  stack = await startStack({ nodes: 1, pushpins: 0, env: { GRIP_URL: '', GRIP_VERIFY_KEY: '' } });
  await stack.createEnvironment(1);
  key = (await stack.createKey(1)).key;
  await stack.commit(1, [flag('a', true)]);
});

afterAll(() => stack.stop());

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Another node on the same Redis. */
async function startAnother(env: Record<string, string> = {}): Promise<HoldfastNode> {
  const node = await startNode({
    env: {
      ...nodeEnvironment(stack.secrets, stack.redis.url, []),
      GRIP_URL: '',
      GRIP_VERIFY_KEY: '',
      HOLDFAST_DRAIN: `${DRAIN}`,
      ...env,
    },
  });
  closing.push(() => node.kill());
  return node;
}

async function subscribe(node: HoldfastNode): Promise<SseConnection> {
  const stream = await openSse(`${node.url}/api/v1/sse/config`, { key });
  closing.push(() => stream.close());
  await stream.waitFor(({ events }) => keys(events).includes('a'));
  return stream;
}

async function status(node: HoldfastNode): Promise<{ status: string; publisher: { leader: boolean } }> {
  return (await (await fetch(`${node.url}/readyz`)).json()) as Awaited<ReturnType<typeof status>>;
}

/** Stops it; seconds until it has ended, and how. */
async function stopTimed(node: HoldfastNode): Promise<{ code: number | string; seconds: number }> {
  const before = performance.now();
  const code = await node.stop();
  return { code, seconds: (performance.now() - before) / 1000 };
}

describe('a node that gets SIGTERM', () => {
  it('a node that gets SIGTERM is not ready any more immediately, ends its holds spread over the drain time, and exits with 0', async () => {
    const node = await startAnother();
    const streams: SseConnection[] = [];
    for (let i = 0; i < 20; i++) streams.push(await subscribe(node));
    const ends: number[] = [];
    for (const { closed } of streams) void closed.then(() => ends.push(performance.now()));
    const stopped = stopTimed(node);
    await until('it says so', async () => (await status(node)).status === 'stopping');
    expect(ends.length).toBeLessThan(20);
    const late = await openSse(`${node.url}/api/v1/sse/config`, { key });
    expect([late.status, late.headers.connection]).toEqual([503, 'close']);
    const { code, seconds } = await stopped;
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(DRAIN + FINISH + SLACK);
    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(Array(20).fill('ended'));
    expect(ends.at(-1)! - ends[0]!).toBeGreaterThan((DRAIN * 1000) / 2);
  });

  it('a node that gets SIGTERM takes a change whose body is still on its way', async () => {
    const node = await startAnother();
    const call = changeInParts(node, flag('slow', true));
    await call.half();
    const stopped = stopTimed(node);
    await until('it stops', () => logged(node, ({ msg }) => msg === 'stopping'));
    // Nothing is held that would make it wait, so soon it accepts no connection any more.
    await until('it accepts nothing new', () =>
      fetch(`${node.url}/livez`).then(
        () => false,
        () => true,
      ),
    );
    const answer = await call.rest();
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, 'close']);
    expect((await stopped).code).toBe(0);
    const configs = await (await stack.admin('/admin/v1/environments/1/configs')).text();
    expect(configs).toContain('"slow"');
  });

  it('a node that gets SIGTERM gives the lease up: another leads before the lease would have ended', async () => {
    const { nodes } = await deafStack(2);
    const leader = await leaderOf(nodes);
    const next = nodes.find((node) => node !== leader)!;
    const before = performance.now();
    const stopped = leader.stop();
    await until('the other leads', () => leads(next));
    // It has waited a second for the proxy, which does not answer; the lease alone would have
    // lasted for four at the least.
    expect(performance.now() - before).toBeLessThan(3_500);
    expect(await stopped).toBe(0);
  });
});

describe('the audit trail of a node that stops', () => {
  it('the audit trail of a node that stops has the changes of its last minute, with their number', async () => {
    const node = await startAnother();
    for (const value of [true, false, true]) {
      const body = { configs: [flag('audited', value)] };
      const path = '/admin/v1/environments/1/changes';
      expect((await stack.admin(path, { method: 'POST', body, node })).status).toBe(200);
    }
    const before = (await auditEntries()).length;
    expect(await node.stop()).toBe(0);
    const entries = await auditEntries();
    expect(entries.length).toBe(before + 1);
    expect(entries[0]).toMatchObject({ action: 'commitChange', environment: '1', details: { count: '2' } });
  });
});

interface AuditEntry {
  readonly action: string;
  readonly environment?: string;
  readonly details?: Readonly<Record<string, string>>;
}

async function auditEntries(): Promise<readonly AuditEntry[]> {
  const answer = await stack.admin('/admin/v1/audit?action=commitChange');
  return ((await answer.json()) as { entries: AuditEntry[] }).entries;
}

describe('a node that stops ends in time, with 0,', () => {
  const limit = DRAIN + FINISH + SLACK;

  it('when clients take nothing, send half a request, and keep idle connections', async () => {
    const node = await startAnother();
    await stack.commit(1, [text('large', 'x'.repeat(40_000))]);
    for (let i = 0; i < 5; i++) {
      subscribeAndReadNothing(node);
      rawConnection(node, 'GET /livez HTTP/1.1\r\nHost: x\r\n');
      rawConnection(node, 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
      rawConnection(node, '');
      await changeInParts(node, flag('never', true)).half();
    }
    await until('they are held', async () => (await metric(node, 'holdfast_direct_holds')) === 5);
    const { code, seconds } = await stopTimed(node);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(limit);
  });

  it('when a proxy takes its items and never answers', async () => {
    const { nodes, proxy } = await deafStack(1);
    await until('it publishes', () => proxy.received().includes('/publish/'));
    const { code, seconds } = await stopTimed(nodes[0]!);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(limit);
  });

  it('when the store is gone', async () => {
    const { nodes, redis } = await deafStack(1);
    const leader = await leaderOf(nodes);
    await redis.kill();
    await until('it knows', async () => (await status(leader)).status === 'degraded');
    const { code, seconds } = await stopTimed(leader);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(limit);
  });

  it('when the store hangs, and requests wait for it', async () => {
    const hung = await deafStack(1);
    const leader = await leaderOf(hung.nodes);
    process.kill(hung.redis.pid, 'SIGSTOP');
    const waiting = hung.admin('/admin/v1/environments').catch(() => undefined);
    const { code, seconds } = await stopTimed(leader);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(limit);
    await waiting;
  });
});

describe('a signal', () => {
  it('a signal while the node starts and its store does not answer ends it immediately, with 0', async () => {
    const server = await startDeafServer();
    closing.push(() => server.stop());
    const starting = await launch(`redis://127.0.0.1:${server.port}`);
    await until('it has connected', () => server.received() !== '');
    const before = performance.now();
    starting.signal('SIGTERM');
    expect(await starting.ended).toBe(0);
    expect(performance.now() - before).toBeLessThan(SLACK * 1000);
  });

  it('a signal after another one ends it immediately, with another exit code than 0', async () => {
    const node = await startAnother({ HOLDFAST_DRAIN: '60' });
    const streams = [await subscribe(node), await subscribe(node)];
    const before = performance.now();
    const stopped = node.stop();
    await until('it stops', async () => (await status(node)).status === 'stopping');
    // Within a second of the first one it would count as the same.
    await sleep(1_100);
    process.kill(node.pid, 'SIGTERM');
    expect(await stopped).toBe(1);
    expect(performance.now() - before).toBeLessThan(SLACK * 1000);
    await Promise.all(streams.map(({ closed }) => closed));
  });
});

describe('an unexpected error', () => {
  it.each([
    ['exception', 'uncaughtException'],
    ['rejection', 'unhandledRejection'],
  ])(
    'an unexpected error that was not caught (%s) is logged and ends the process with another exit code than 0',
    async (kind, origin) => {
      const node = await startAnother({ NODE_OPTIONS: DEFECT, DEFECT: kind });
      process.kill(node.pid, 'SIGUSR2');
      const line = await until('it is logged', () => logged(node, ({ level }) => level === 'fatal'));
      expect(line).toMatchObject({ origin, err: { message: 'a defect of the test' } });
      expect(await node.stop()).toBe(1);
    },
  );
});

interface LogLine {
  readonly level: string;
  readonly msg: string;
}

function logged(node: HoldfastNode, condition: (line: LogLine) => boolean): LogLine | undefined {
  const lines = node
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogLine).find(condition);
}

async function metric(node: HoldfastNode, name: string): Promise<number> {
  const metrics = await (await fetch(`${node.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1]);
}

/**
 * An installation whose proxy never answers. An environment is there, so that the leader has
 * something to publish.
 */
async function deafStack(nodes: number): Promise<Stack & { proxy: DeafServer }> {
  const proxy = await startDeafServer();
  closing.push(() => proxy.stop());
  const env = { GRIP_URL: `http://127.0.0.1:${proxy.port}`, HOLDFAST_DRAIN: `${DRAIN}` };
  const made = await startStack({ nodes, pushpins: 0, env });
  closing.push(() => made.stop());
  await made.createEnvironment(1);
  await made.commit(1, [flag('a', true)]);
  return { ...made, proxy };
}

async function leads(node: HoldfastNode): Promise<boolean> {
  return (await status(node)).publisher.leader;
}

function leaderOf(nodes: readonly HoldfastNode[]): Promise<HoldfastNode> {
  return until('a node leads', async () => {
    for (const node of nodes) if (await leads(node)) return node;
    return undefined;
  });
}

async function launch(store: string): Promise<RunningProcess> {
  const starting = startProcess({
    command: process.execPath,
    args: [MAIN, 'serve'],
    env: {
      PATH: process.env.PATH ?? '',
      ...nodeEnvironment(stack.secrets, store, []),
      GRIP_URL: '',
      GRIP_VERIFY_KEY: '',
      PORT: `${await freePort()}`,
    },
    logFile: join(mkdtempSync(join(tmpdir(), 'hf-node-')), 'node.log'),
    onOrphaned: 'SIGKILL',
  });
  closing.push(() => starting.hasEnded() || endProcess(starting, 'SIGKILL', 1_000));
  return starting;
}

/** A change that is sent in two parts. */
function changeInParts(
  node: HoldfastNode,
  config: unknown,
): { half: () => Promise<void>; rest: () => Promise<IncomingMessage> } {
  const body = Buffer.from(JSON.stringify({ configs: [config] }));
  const half = body.length >> 1;
  const outgoing: ClientRequest = request(`${node.url}/admin/v1/environments/1/changes`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.secrets.adminToken}`,
      'content-type': 'application/json',
      'content-length': body.length,
    },
  });
  closing.push(() => outgoing.destroy());
  outgoing.on('error', () => undefined);
  return {
    half: () => new Promise((resolve) => outgoing.write(body.subarray(0, half), () => resolve())),
    rest: () =>
      new Promise((resolve, reject) => {
        outgoing.once('error', reject);
        outgoing.once('response', (answer) => resolve(answer.resume()));
        outgoing.end(body.subarray(half));
      }),
  };
}

function rawConnection(node: HoldfastNode, sent: string): Socket {
  const socket = connect(node.port, '127.0.0.1');
  closing.push(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(sent);
  return socket;
}

function subscribeAndReadNothing(node: HoldfastNode): void {
  const authorization = Buffer.from(`x:${key}`).toString('base64');
  const head = `GET /api/v1/sse/config HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${authorization}\r\n\r\n`;
  rawConnection(node, head).pause();
}
