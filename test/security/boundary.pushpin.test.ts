/**
 * The clients' port of a real Pushpin leads to no route of operators, whatever is sent to it over a
 * raw socket. `PUSHPIN=/path/to/pushpin` tests another version.
 */
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/server.js';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { startPushpin, type Pushpin } from '../support/pushpin.js';
import { until } from '../support/until.js';
import { HOSTS, INTERNAL, isInternal, targetsOf } from './boundary.js';

const SIG_KEY = 'signs0the0requests0of0this0proxy';
const ANSWER_MS = 3_000;

let app: TestApp;
let clientServer: Server;
let pushpin: Pushpin;
let key: string;

beforeAll(async () => {
  app = await startApp({ env: { GRIP_URL: `http://127.0.0.1:5561/?iss=pushpin&key=${SIG_KEY}` } });
  clientServer = createHttpServer(app.clientApp);
  await new Promise<void>((resolve) => clientServer.listen(0, '127.0.0.1', resolve));
  ({ key } = await app.environment());
});

afterAll(async () => {
  clientServer.closeAllConnections();
  await new Promise((resolve) => clientServer.close(resolve));
  await app.close();
});

const TARGETS: Record<string, () => string> = {
  'one port for all': () => new URL(app.url).host,
  'a port for clients': () => `127.0.0.1:${(clientServer.address() as AddressInfo).port}`,
};

describe.each(Object.keys(TARGETS))('the clients’ port of Pushpin before a node with %s', (ports) => {
  beforeAll(async () => {
    pushpin = await startPushpin({ targets: [TARGETS[ports]!()], sigKey: SIG_KEY });
  });

  afterAll(() => pushpin.stop());

  for (const [name, host] of Object.entries(HOSTS)) {
    it(`the clients’ port of Pushpin leads to no route of operators from a request with ${name}`, async () => {
      for (const path of INTERNAL) {
        const answers = await Promise.all(targetsOf(path).map((target) => answerTo(target, host)));
        expect(answers.filter((text) => isInternal(text))).toEqual([]);
      }
    });
  }

  it('the clients’ port of Pushpin leads to no change of anything', async () => {
    const body = JSON.stringify({ projectId: '1', name: 'x' });
    for (const target of targetsOf('/admin/v1/environments/99')) {
      for (const host of ['', 'Host:\r\n', 'Host: /\r\n']) await answerTo(target, host, 'PUT', body);
    }
    await app.admin('get', '/environments/99').expect(404);
  });

  it('the clients’ port of Pushpin leads to no route of operators behind any number of headers', async () => {
    for (const count of [60, 500, 1_000, 1_990, 2_500]) {
      for (const path of INTERNAL) {
        const answer = await answerTo(`/api${path}`, `Host:\r\n${'a:\r\n'.repeat(count)}`);
        expect(isInternal(answer), `${count} headers, ${path}: ${answer.slice(0, 200)}`).toBe(false);
      }
    }
  });

  it('met requests for routes of operators in these tests, and the node refused them', async () => {
    expect(await app.metric('holdfast_proxied_internal_requests_total')).toBeGreaterThan(0);
  });

  it('the clients’ port of Pushpin still leads to the routes of clients', async () => {
    await until('a snapshot arrives', async () => {
      const authorization = `Authorization: Basic ${Buffer.from(`u:${key}`).toString('base64')}\r\n`;
      return (await answerTo('/api/v1/configs/0', `Host: x\r\n${authorization}`)).includes(' 200 ');
    });
  });
});

/**
 * The answer to a request over a socket of its own, as text; what has arrived by then after a
 * while.
 */
function answerTo(target: string, host: string, method = 'GET', body = ''): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(pushpin.url).port), '127.0.0.1');
    let heard = '';
    const done = (): void => {
      socket.destroy();
      resolve(heard);
    };
    socket.setTimeout(ANSWER_MS, done);
    socket.on('error', done);
    socket.on('close', done);
    socket.on('data', (part: Buffer) => (heard += part.toString('latin1')));
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\nContent-Type: application/json\r\n`;
    socket.write(
      `${method} ${target} HTTP/1.1\r\n${host}Authorization: Bearer ${ADMIN_TOKEN}\r\nConnection: close\r\n${length}\r\n${body}`,
    );
  });
}
