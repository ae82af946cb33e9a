import { existsSync } from 'node:fs';
import { jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { holdOn, startOrigin, type Origin } from './origin.js';
import { isRunning } from './processes.js';
import { startPushpin, type Pushpin, type PushpinStart } from './pushpin.js';
import { until } from './until.js';
import { openSse, type SseConnection } from './sse.js';

const sigKey = '0123456789abcdef0123456789abcdef';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function pushpin(options: Partial<PushpinStart> & Pick<PushpinStart, 'targets'>): Promise<Pushpin> {
  const started = await startPushpin({ sigKey, ...options });
  cleanups.push(() => started.stop());
  return started;
}

async function origin(...parameters: Parameters<typeof startOrigin>): Promise<Origin> {
  const started = await startOrigin(...parameters);
  cleanups.push(() => started.close());
  return started;
}

function item(channel: string, content: string) {
  return { channel, formats: { 'http-stream': { content } } };
}

/** An answer that names the origin. */
function named(name: string): Parameters<typeof startOrigin>[0] {
  return (_request, response) => response.end(name);
}

/**
 * A stream that is held. For some milliseconds after its start Pushpin's proxy may not reach its
 * handler, and says 500; clients try again.
 */
function held(proxy: Pushpin): Promise<SseConnection> {
  return until('a hold', async () => {
    const stream = await openSse(`${proxy.url}/api/stream`);
    return stream.status === 200 && stream;
  });
}

async function get(url: string): Promise<{ status: number; body: string }> {
  const answer = await fetch(url);
  return { status: answer.status, body: await answer.text() };
}

describe('a private Pushpin with the configuration of pushpin/', () => {
  it('a private Pushpin with the configuration of pushpin/ delivers an item that is published by HTTP to a hold', async () => {
    const { target } = await origin(holdOn('news'));
    const proxy = await pushpin({ targets: [target] });
    const stream = await held(proxy);
    expect(await proxy.publish([item('news', 'data: hello\n\n')])).toBe(200);
    expect(await stream.waitForEvent((event) => event.data === 'hello')).toBeDefined();
    stream.close();
  });

  it('a private Pushpin with the configuration of pushpin/ signs its requests with the key and issuer that it was given', async () => {
    const nodes = await origin(named('node'));
    const proxy = await pushpin({ targets: [nodes.target], sigIss: 'proxy-7' });
    await get(`${proxy.url}/api/a`);
    const token = String(nodes.requests[0]?.headers['grip-sig']);
    const { payload } = await jwtVerify(token, new TextEncoder().encode(sigKey));
    expect(payload.iss).toBe('proxy-7');
  });

  it('a private Pushpin with the configuration of pushpin/ takes batches of the size that pushpin.conf allows, and none above it', async () => {
    const { target } = await origin(named('node'));
    const proxy = await pushpin({ targets: [target] });
    expect(await proxy.publish([item('news', 'x'.repeat(1_090_000))])).toBe(200);
    expect([400, 413]).toContain(await proxy.publish([item('news', 'x'.repeat(1_100_000))]));
  });

  it('a private Pushpin with the configuration of pushpin/ counts its connections for Prometheus', async () => {
    const { target } = await origin(holdOn('news'));
    const proxy = await pushpin({ targets: [target] });
    const stream = await held(proxy);
    const connections = async () =>
      /^pushpin_connection_connected (\d+)$/m.exec((await get(proxy.metricsUrl)).body)?.[1];
    await until('the hold is counted', async () => Number(await connections()) >= 1);
    stream.close();
  });

  it('a private Pushpin with the configuration of pushpin/ obeys overrides', async () => {
    const { target } = await origin(named('node'));
    const limits = { 'handler.push_in_max_body_size': 5_000, 'handler.push_in_http_max_body_size': 5_000 };
    const proxy = await pushpin({ targets: [target], config: limits });
    expect(await proxy.publish([item('news', 'x'.repeat(4_000))])).toBe(200);
    expect([400, 413]).toContain(await proxy.publish([item('news', 'x'.repeat(6_000))]));
  });

  it('a private Pushpin with the configuration of pushpin/ leaves no process and no file behind when it stops', async () => {
    const proxy = await startPushpin({ targets: ['127.0.0.1:9'], sigKey });
    expect(proxy.pids.length).toBeGreaterThanOrEqual(4);
    expect(proxy.pids.every(isRunning)).toBe(true);
    await proxy.stop();
    expect(proxy.pids.filter(isRunning)).toEqual([]);
    expect(existsSync(proxy.dir)).toBe(false);
  });

  it('a private Pushpin with the configuration of pushpin/ loses its holds in a crash, and comes back on the same ports', async () => {
    const { target } = await origin(holdOn('news'));
    const proxy = await pushpin({ targets: [target] });
    const stream = await held(proxy);
    const before = proxy.pids;
    await proxy.kill();
    expect(await stream.closed).not.toBe('closed');
    expect(before.filter(isRunning)).toEqual([]);
    await proxy.restart();
    const again = await held(proxy);
    again.close();
  });
});

describe('a route with several targets', () => {
  it('a route with several targets prefers the first', async () => {
    const first = await origin(named('first'));
    const second = await origin(named('second'));
    const proxy = await pushpin({ targets: [first.target, second.target] });
    for (let i = 0; i < 5; i++)
      expect(await get(`${proxy.url}/api/`)).toEqual({ status: 200, body: 'first' });
    expect(second.requests).toHaveLength(0);
  });

  it('answers from the second while the first refuses connections, and from the first when it is back', async () => {
    const first = await startOrigin(named('first'));
    const second = await origin(named('second'));
    const proxy = await pushpin({ targets: [first.target, second.target] });
    expect(await get(`${proxy.url}/api/`)).toEqual({ status: 200, body: 'first' });
    await first.close();
    expect(await get(`${proxy.url}/api/`)).toEqual({ status: 200, body: 'second' });
    await origin(named('first again'), first.port);
    expect(await get(`${proxy.url}/api/`)).toEqual({ status: 200, body: 'first again' });
  });

  it('answers 502 when all of them refuse', async () => {
    const proxy = await pushpin({ targets: ['127.0.0.1:9', '127.0.0.1:10'] });
    expect((await get(`${proxy.url}/api/`)).status).toBe(502);
  });
});
