/**
 * The files of examples/front/ before a real Pushpin: they answer 503 while Pushpin is killed, cut
 * off slow requests, and let streams pass. docs/how-to/front.md promises it.
 */
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { flag, read } from '../support/configs.js';
import { FRONTS, startFront, type Front } from '../support/front.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

/**
 * The time after which the files end a request that does not become complete; they have 10 s.
 * Milliseconds.
 */
const SLOW_LIMIT = 20_000;

const CUT_OFF = /^($|HTTP\/1\.[01] 408 )/;

let stack: Stack;
let key: string;
let client: string;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 1 });
  await stack.createEnvironment();
  await stack.commit(1, [flag('flag.a', false)]);
  ({ key } = await stack.createKey());
  ({ key: client } = await stack.createKey(1, 'client'));
});

afterAll(() => stack.stop());

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function subscribe(front: Front): Promise<SseConnection> {
  const connection = await openSse(`${front.url}/api/v1/sse/config`, { key });
  closing.push(() => connection.close());
  return connection;
}

/** Sees a change arrive on a stream. */
async function seesChange(connection: SseConnection, value: boolean): Promise<void> {
  const { version } = await stack.commit(1, [flag('flag.a', value)]);
  const event = await connection.waitForEvent((each) => each.id === version, 15_000);
  expect(read(event).configs?.map((config) => config.key)).toEqual(['flag.a']);
}

/**
 * Sends the beginning of a request, then `drip` a second; resolves to the answer and the time when
 * the connection ended.
 */
function slowRequest(front: Front, head: string, drip: string): Promise<{ text: string; after: number }> {
  return new Promise((resolve) => {
    const started = performance.now();
    const socket = connect(front.port, '127.0.0.1', () => socket.write(head));
    const timer = drip === '' ? undefined : setInterval(() => socket.write(drip), 1_000);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      resolve({ text, after: performance.now() - started });
    });
    closing.push(() => socket.destroy());
  });
}

describe.each(FRONTS)('%s before Pushpin', (name) => {
  let front: Front;

  beforeAll(async () => {
    front = await startFront(name, stack.url);
  });

  afterAll(() => front.stop());

  it('passes a stream event by event, and the routes of clients only', async () => {
    const connection = await subscribe(front);
    expect(connection.status).toBe(200);
    await seesChange(connection, true);
    for (const path of ['/metrics', '/readyz', '/admin/v1/environments', '/apix', '/']) {
      expect((await fetch(front.url + path)).status, path).toBe(404);
    }
    const flags = await fetch(`${front.url}/ofrep/v1/evaluate/flags`, {
      method: 'POST',
      headers: { authorization: `Bearer ${client}`, 'content-type': 'application/json' },
      body: JSON.stringify({ context: { targetingKey: 'u' } }),
    });
    expect(flags.status).toBe(200);
  });

  it('answers 503 with Retry-After while Pushpin is killed, and streams again after its restart', async () => {
    const before = await subscribe(front);
    await before.waitFor(({ events }) => events.length > 0);
    await stack.pushpins[0]!.kill();
    await before.closed;
    const away = await fetch(`${front.url}/api/v1/sse/config`);
    expect(away.status).toBe(503);
    expect(away.headers.get('retry-after')).toBe('1');
    expect(away.headers.get('cache-control')).toBe('no-store');
    expect(await away.json()).toMatchObject({ error: { code: 'busy' } });
    await stack.pushpins[0]!.restart();
    const after = await until('a stream again', async () => {
      const connection = await subscribe(front);
      return connection.status === 200 ? connection : false;
    });
    await seesChange(after, false);
  });

  it('passes a request with 15,000 bytes of headers', async () => {
    const headers = { cookie: 'x'.repeat(15_000), authorization: `Bearer ${client}` };
    const answer = await fetch(`${front.url}/api/v2/configs/eval-with-context/eyJjb250ZXh0cyI6W119`, {
      headers,
    });
    expect(answer.status).toBe(200);
  });

  it('passes the answers of nodes unchanged, errors too', async () => {
    const refused = await fetch(`${front.url}/api/v1/sse/config`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('Basic');
  });

  it('cuts off requests that are sent slowly, and no stream that is silent in the meantime', async () => {
    const connection = await subscribe(front);
    const line = 'HTTP/1.1\r\nHost: a\r\n';
    const started = performance.now();
    const requests = await Promise.all([
      // A header that never ends, a byte a second.
      slowRequest(front, `GET /api/v1/configs/0 ${line}X: `, 'x'),
      // Nothing at all.
      slowRequest(front, '', ''),
      // A body that stops.
      slowRequest(front, `POST /api/v1/telemetry ${line}Content-Length: 1000\r\n\r\nabc`, ''),
    ]);
    // Caddy 2.6 takes a body that stops for a client that left, and ends the answer as it is: empty.
    const last = name === 'caddy' ? /^HTTP\/1\.1 200 .*\r\nContent-Length: 0\r\nConnection: close/s : CUT_OFF;
    for (const [index, { text, after }] of requests.entries()) {
      expect(after).toBeLessThan(SLOW_LIMIT);
      expect(text).toMatch(index === 2 ? last : CUT_OFF);
    }
    expect(performance.now() - started).toBeGreaterThan(9_000);
    expect(connection.isClosed()).toBe(false);
    await seesChange(connection, true);
  });
});
