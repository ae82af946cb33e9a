/** A node whose open files are few, and a flood of connections that do nothing. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePorts } from '../support/ports.js';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const MAIN = join(import.meta.dirname, '../../dist/main.js');
const TOKEN = 'admin-token-of-the-flooded-node';
const OPEN_FILES = 256;

let folder: string;
let node: RunningProcess;
let clientPort: number;
let admin: string;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hf-open-files-'));
  const [port, adminPort] = await freePorts(2);
  clientPort = port!;
  admin = `http://127.0.0.1:${adminPort}`;
  node = startProcess({
    command: 'sh',
    args: ['-c', `ulimit -n ${OPEN_FILES}; exec "$0" "$1" serve`, process.execPath, MAIN],
    env: {
      PATH: process.env.PATH ?? '',
      PORT: `${port}`,
      HOLDFAST_ADMIN_PORT: `${adminPort}`,
      HOLDFAST_STORE: `file:${join(folder, 'data')}`,
      HOLDFAST_ADMIN_TOKEN: TOKEN,
      NODE_ENV: 'production',
      HOLDFAST_SECRET: 'secret-of-the-node-that-is-flooded',
    },
    logFile: join(folder, 'log'),
    onOrphaned: 'SIGKILL',
  });
  await until('the node is ready', async () => (await ask('GET', '/readyz')) === 200, {
    timeout: 20_000,
    context: () => node.tail(),
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await endProcess(node, 'SIGTERM', 20_000);
  await rm(folder, { recursive: true, force: true });
});

/** Over a connection of its own. */
async function ask(method: string, path: string, body?: object): Promise<number> {
  const headers = {
    Authorization: `Bearer ${TOKEN}`,
    Connection: 'close',
    ...(body && { 'Content-Type': 'application/json' }),
  };
  const signal = AbortSignal.timeout(5_000);
  const answer = await fetch(admin + path, {
    method,
    headers,
    signal,
    ...(body && { body: JSON.stringify(body) }),
  });
  await answer.body?.cancel();
  return answer.status;
}

async function flood(text: string): Promise<void> {
  let connected = 0;
  for (let i = 0; i < 2 * OPEN_FILES; i++) {
    const socket = connect(clientPort, '127.0.0.1').on('error', () => undefined);
    socket.once('close', () => connected++).once('data', () => connected++);
    socket.write(text);
    sockets.push(socket);
  }
  await until('connections were answered or cut', () => connected >= OPEN_FILES / 2);
}

it.each([
  ['idle connections', 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['unfinished bodies', 'POST /api/v1/telemetry HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n'],
])(
  'a flood of %s on the clients’ port leaves operators, health and the files of the store alone',
  async (_, text) => {
    expect(await ask('PUT', '/admin/v1/environments/1', { projectId: '1', name: 'one' })).toBe(201);
    await flood(text);
    expect(await ask('GET', '/readyz')).toBe(200);
    const operator = { name: 'op', role: 'viewer', environments: 'all' };
    expect(await ask('POST', '/admin/v1/operators', operator)).toBe(201);
    expect(await ask('DELETE', '/admin/v1/operators/op')).toBe(200);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toMatch(/holdfast_connections_cut_total\{port="clients",reason="(idle|full)"\} [1-9]/);
    expect(node.tail()).not.toContain('EMFILE');
  },
);

it('a node whose open files are few lowers its direct holds, so that readiness says when it is full', async () => {
  const { holds } = (await (await fetch(`${admin}/readyz`)).json()) as { holds: { max: number } };
  expect(holds.max).toBe(151);
  expect(node.tail()).toContain('HOLDFAST_MAX_HOLDS is more than the open files');
});
