/**
 * The clients' port of a node and of a belt server whose operators have one of their own, over raw
 * sockets. [protocol] #ports
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBeltServer } from '../../src/app/belt-server.js';
import { startOnStore } from '../../src/app/node.js';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { readNodeSettings } from '../../src/config/node.js';
import { createLog } from '../../src/observe/log.js';
import { ADMIN_TOKEN, basic, LINK_SECRET, startApp, type TestApp } from '../support/app.js';
import { freePorts } from '../support/ports.js';
import { routesOf } from '../support/routes.js';
import { HOSTS, INTERNAL, isInternal, targetsOf } from './boundary.js';

const ANSWER_MS = 3_000;
const PORTS = { HOST: '127.0.0.1', PORT: '0', HOLDFAST_ADMIN_PORT: '0' };

interface Process {
  readonly url: string;
  readonly adminUrl: string;
  readonly stop: () => Promise<void>;
}

let app: TestApp;
let key: string;
let folder: string;
const processes: Record<string, Process> = {};

beforeAll(async () => {
  app = await startApp();
  ({ key } = await app.environment());
  folder = await mkdtemp(join(tmpdir(), 'hf-ports-'));
  const secrets = { adminTokens: [ADMIN_TOKEN], linkSecrets: [LINK_SECRET] };
  const settings = readNodeSettings({ ...PORTS, HOLDFAST_DRAIN: '0' });
  processes['a node'] = await startOnStore(settings, secrets, app.store, createLog('silent'));
  const [port, adminPort] = await freePorts(2);
  const beltPorts = { HOST: '127.0.0.1', PORT: `${port}`, HOLDFAST_ADMIN_PORT: `${adminPort}` };
  const belt = readBeltServerSettings({ HOLDFAST_SOURCE: `file:${folder}`, ...beltPorts });
  processes['a belt server'] = {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    ...(await startBeltServer(belt, createLog('silent'))),
  };
});

afterAll(async () => {
  for (const each of Object.values(processes)) await each.stop();
  await app.close();
  await rm(folder, { recursive: true });
});

/** The body of an answer without the id of its request, which differs. */
async function withoutId(answer: Response): Promise<string> {
  return (await answer.text()).replace(`${answer.headers.get('x-request-id')}`, '');
}

describe.each(['a node', 'a belt server'])('the clients’ port of %s', (name) => {
  const ask = (path: string, of: 'url' | 'adminUrl' = 'url') => fetch(`${processes[name]![of]}${path}`);

  it('the clients’ port answers metrics and administration as paths that do not exist', async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    for (const path of ['/metrics', '/metrics/', '/METRICS', '/admin', '/admin/v1/environments']) {
      const answer = await fetch(`${processes[name]!.url}${path}`, { headers });
      const unknown = await withoutId(await ask('/unknown'));
      expect([path, answer.status]).toEqual([path, 404]);
      expect((await withoutId(answer)).replace(path, '/unknown')).toBe(unknown);
    }
  });

  it('the clients’ port says that it is ready, and nothing of why or of what', async () => {
    const answers = await Promise.all(['/livez', '/readyz'].map((path) => ask(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['ok\n', '{"status":"ready"}']);
  });

  it('the clients’ port leads to no route of operators from any request that a socket can carry', async () => {
    for (const host of Object.values(HOSTS)) {
      const targets = INTERNAL.filter((path) => path !== '/livez' && path !== '/readyz').flatMap(targetsOf);
      const answers = await Promise.all(targets.map((target) => answerTo(name, target, host)));
      expect(answers.filter((text) => isInternal(text))).toEqual([]);
    }
  });

  it('the operators’ port has metrics, full health and the routes of clients too', async () => {
    const [metrics, ready, snapshot] = await Promise.all(
      ['/metrics', '/readyz', '/api/v1/configs/0'].map((path) => ask(path, 'adminUrl')),
    );
    expect(await metrics!.text()).toContain('process_cpu_seconds_total');
    expect(await ready!.json()).toMatchObject({ status: 'ready', version: expect.any(String) });
    expect(snapshot!.status).toBe(401);
  });
});

describe('the clients’ port of a node', () => {
  it('the clients’ port has the routes of clients and bare health, and no other route', () => {
    const routes = routesOf(app.clientApp);
    const others = routesOf(app.app).filter((path) => !routes.includes(path));
    expect(routes.filter((path) => !/^\/(api|ofrep)\//.test(path)).sort()).toEqual(['/livez', '/readyz']);
    expect(others.filter((path) => /^\/(api|ofrep)\//.test(path))).toEqual([]);
    expect(others.length).toBeGreaterThan(5);
  });

  it('the clients’ port answers clients, and the operators’ port administrators', async () => {
    const { url, adminUrl } = processes['a node']!;
    const snapshot = await fetch(`${url}/api/v1/configs/0`, { headers: { authorization: basic(key) } });
    expect(snapshot.status).toBe(200);
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await fetch(`${adminUrl}/admin/v1/environments`, { headers })).status).toBe(200);
  });

  it('health and administration on the operators’ port are still refused to what came through a proxy', async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'grip-sig': 'x' };
    for (const path of INTERNAL) {
      const answer = await fetch(`${processes['a node']!.adminUrl}${path}`, { headers });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });
});

describe('a node without settings of addresses', () => {
  it('a node without settings of addresses is reached from this machine only', async () => {
    const settings = readNodeSettings({ PORT: '0', HOLDFAST_DRAIN: '0' });
    const secrets = { adminTokens: [ADMIN_TOKEN], linkSecrets: [LINK_SECRET] };
    const node = await startOnStore(settings, secrets, app.store, createLog('silent'));
    expect((await fetch(`${node.url}/livez`)).status).toBe(200);
    // Another address of this machine, as those of its networks are.
    await expect(fetch(`${node.url.replace('127.0.0.1', '127.0.0.2')}/livez`)).rejects.toThrow();
    await node.stop();
  });
});

describe('an admin port that is taken', () => {
  it('an admin port that is taken is an error that names its setting, and the clients’ port is closed again', async () => {
    const [port] = await freePorts(1);
    const taken = new URL(processes['a node']!.adminUrl).port;
    const env = { HOST: '127.0.0.1', PORT: `${port}`, HOLDFAST_ADMIN_PORT: taken };
    const settings = readBeltServerSettings({ HOLDFAST_SOURCE: `file:${folder}`, ...env });
    await expect(startBeltServer(settings, createLog('silent'))).rejects.toMatchObject({
      field: 'HOLDFAST_ADMIN_PORT',
      message: expect.stringContaining(`cannot listen on 127.0.0.1:${taken}`),
    });
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow();
  });
});

/** The answer to a request over a socket of its own, as text. */
function answerTo(name: string, target: string, host: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(processes[name]!.url).port), '127.0.0.1');
    let heard = '';
    const done = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(ANSWER_MS, done);
    socket.on('error', done);
    socket.on('close', done);
    socket.on('data', (part: Buffer) => (heard += part.toString('latin1')));
    const head = `${host}Authorization: Bearer ${ADMIN_TOKEN}\r\nConnection: close\r\n`;
    socket.write(`GET ${target} HTTP/1.1\r\n${head}\r\n`);
  });
}
