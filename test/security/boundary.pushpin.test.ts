/**
 * The clients' port of a real Pushpin leads to no route of operators, whatever is sent to it over a
 * raw socket. `PUSHPIN=/path/to/pushpin` tests another version.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { startPushpin, type Pushpin } from '../support/pushpin.js';
import { until } from '../support/until.js';

const SIG_KEY = 'signs0the0requests0of0this0proxy';
const ANSWER_MS = 3_000;

let app: TestApp;
let pushpin: Pushpin;
let key: string;

beforeAll(async () => {
  app = await startApp({ env: { GRIP_URL: `http://127.0.0.1:5561/?iss=pushpin&key=${SIG_KEY}` } });
  pushpin = await startPushpin({ targets: [new URL(app.url).host], sigKey: SIG_KEY });
  ({ key } = await app.environment());
});

afterAll(async () => {
  await pushpin.stop();
  await app.close();
});

const HOSTS: Record<string, string> = {
  'no Host': '',
  'an empty Host': 'Host:\r\n',
  'a blank Host': 'Host:  \r\n',
  'a Host of a slash': 'Host: /\r\n',
  'a Host of a colon': 'Host: :\r\n',
  'a Host of a port': 'Host: :80\r\n',
  'a Host with a path': 'Host: a/b\r\n',
  'a Host with a user': 'Host: user@\r\n',
  'a Host with a query': 'Host: ?\r\n',
  'a Host with a fragment': 'Host: #\r\n',
  'a Host with a backslash': 'Host: \\\r\n',
  'a Host with a space': 'Host: a b\r\n',
  'a Host with brackets': 'Host: []\r\n',
  'a Host with an open bracket': 'Host: [\r\n',
  'a Host with a bad port': 'Host: a:b\r\n',
  'a Host with a percent sign': 'Host: %\r\n',
  'a Host with a control character': 'Host: \u0001\r\n',
  'a Host that is not ASCII': 'Host: é\r\n',
  'a Host of the node': 'Host: 127.0.0.1\r\n',
  'two Hosts': 'Host: a\r\nHost:\r\n',
  'two empty Hosts': 'Host:\r\nHost:\r\n',
};

const INTERNAL = ['/metrics', '/readyz', '/livez', '/admin/v1/environments'];

/** Targets that lead to an internal path when a part of them is dropped or decoded on the way. */
const targetsOf = (path: string): string[] => [
  path,
  `/api${path}`,
  `/ofrep${path}`,
  `/api/..${path}`,
  `/api/%2e%2e${path}`,
  `//api${path}`,
  `/api/${path}`,
  `http:///api${path}`,
  `http://api${path}`,
  `http://x/api${path}`,
  `http://x/api/..${path}`,
  `https:///api${path}`,
  `http:/api${path}`,
  `http:api${path}`,
  `/api${path}?http://`,
  `/api/@x${path}`,
];

describe('the clients’ port of Pushpin', () => {
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

/** True for an answer that only a route of operators gives. */
function isInternal(answer: string): boolean {
  return /process_cpu_seconds_total|"status":|\r\n\r\nok\n|"environments":/.test(answer);
}

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
