/**
 * Requests with large heads, as browsers with many cookies send them, through a real Pushpin to a
 * real node.
 */
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { startPushpin, type Pushpin } from '../support/pushpin.js';
import { openSse } from '../support/sse.js';
import { until } from '../support/until.js';

const KEY = '0123456789abcdef0123456789abcdef';

let app: TestApp;
let proxy: Pushpin;
let environment: TestEnvironment;

beforeAll(async () => {
  app = await startApp({ env: { GRIP_URL: `http://127.0.0.1:5561/?iss=pushpin&key=${KEY}` } });
  environment = await app.environment();
  proxy = await startPushpin({ targets: [new URL(app.url).host], sigKey: KEY });
});

afterAll(async () => {
  await proxy.stop();
  await app.close();
});

/** Resolves to the status; `reset` when the connection ends without an answer. */
function statusOf(cookies: number): Promise<number | 'reset'> {
  return new Promise((resolve) => {
    const headers = { authorization: basic(environment.key), cookie: 'c'.repeat(cookies) };
    const outgoing = request(`${proxy.url}/api/v1/configs/0`, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.once('error', () => resolve('reset'));
    outgoing.end();
  });
}

it.each([
  [7_000, 200],
  [9_000, 200],
  [15_000, 200],
  [20_000, 431],
  [31_000, 431],
])('a request with %i bytes of cookies is answered %i', async (cookies, status) => {
  expect(await statusOf(cookies)).toBe(status);
});

it('a subscription with 15,000 bytes of cookies is held by the proxy', async () => {
  const stream = await until('a hold', async () => {
    const opened = await openSse(`${proxy.url}/api/v1/sse/config`, {
      key: environment.key,
      headers: { cookie: 'c'.repeat(15_000) },
    });
    return opened.status === 200 && opened;
  });
  expect(app.directHolds.size).toBe(0);
  stream.close();
});

it('a head beyond the limit of Pushpin is reset, or from 1.40 on answered 400', async () => {
  expect(['reset', 400]).toContain(await statusOf(33_000));
});
