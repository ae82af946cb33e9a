/**
 * The edge program as it is built, between clients and an origin that is a plain HTTP server: what
 * it sends, what it caches, what it refuses.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheHeaders } from '../../src/cdn/snapshot.js';
import { startEdge, type Edge, type EdgeStart } from './host.js';

/** The requests that the origin got. */
interface Asked {
  readonly request: IncomingMessage;
  readonly body: string;
}

let origin: Server;
let asked: Asked[];
let answer: { status: number; body: string; headers: Record<string, string> };
let edge: Edge;
/** Milliseconds that the cache's clock is ahead. */
let ahead: number;

beforeEach(async () => {
  asked = [];
  ahead = 0;
  answer = { status: 200, body: 'the answer', headers: { ...cacheHeaders('environment-7'), ETag: '"7-1"' } };
  origin = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ request, body });
      const { ETag: etag = 'none' } = answer.headers;
      const unchanged = answer.status === 200 && request.headers['if-none-match'] === etag;
      response.writeHead(unchanged ? 304 : answer.status, answer.headers);
      response.end(unchanged ? undefined : answer.body);
    });
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  await start();
});

afterEach(async () => {
  await edge.close();
  await stopOrigin();
});

async function start(options: Partial<EdgeStart> = {}): Promise<void> {
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  edge = await startEdge({ backends: { origin: url }, now: () => Date.now() + ahead, ...options });
}

async function stopOrigin(): Promise<void> {
  if (!origin.listening) return;
  await new Promise((resolve) => {
    origin.close(resolve);
    origin.closeAllConnections();
  });
}

const SNAPSHOT = '/api/v1/configs/0';

async function get(path = SNAPSHOT, headers: Record<string, string> = {}): Promise<[number, string]> {
  const response = await fetch(`${edge.url}${path}`, { headers });
  return [response.status, await response.text()];
}

function broken(): void {
  answer = { status: 503, body: 'no store', headers: { 'Cache-Control': 'no-store' } };
}

describe('a request to the origin', () => {
  it('a request to the origin arrives as the client sent it: method, path, query, headers and body', async () => {
    const response = await fetch(`${edge.url}/ofrep/v1/evaluate/flags?a=b%20c`, {
      method: 'POST',
      headers: { Authorization: 'Bearer key', 'Content-Type': 'application/json' },
      body: '{"context":{"targetingKey":"ü"}}',
    });
    expect([response.status, await response.text()]).toEqual([200, 'the answer']);
    const { request, body } = asked[0]!;
    expect([request.method, request.url, body]).toEqual([
      'POST',
      '/ofrep/v1/evaluate/flags?a=b%20c',
      '{"context":{"targetingKey":"ü"}}',
    ]);
    expect(request.headers).toMatchObject({
      authorization: 'Bearer key',
      'content-type': 'application/json',
    });
    expect(edge.sent[0]?.pass).toBe(true);
  });

  it('a request to the origin is a page when a browser asks for one', async () => {
    answer.headers = { 'Content-Type': 'text/html' };
    expect(await get('/', { Accept: 'text/html' })).toEqual([200, 'the answer']);
    expect(edge.handoffs).toEqual([]);
  });

  it.each([SNAPSHOT, '/ofrep/v1/evaluate/flags'])(
    'a request to the origin has none of the headers of proxies: %s',
    async (path) => {
      const method = path === SNAPSHOT ? 'GET' : 'POST';
      const headers = { 'Grip-Sig': 'a', 'grip-hold': 'stream', 'Pushpin-Route': 'b', 'X-Own': 'c' };
      await fetch(`${edge.url}${path}`, { method, headers });
      const names = Object.keys(asked[0]!.request.headers);
      expect(names).toContain('x-own');
      expect(names.filter((name) => /^(?:grip|pushpin)-/.test(name))).toEqual([]);
    },
  );

  it('a request to the origin keeps them where it is the recovery link', async () => {
    const headers = { 'Grip-Sig': 'a', 'Grip-Last': 'environment-1; last-id=5' };
    await get('/api/v1/sse/recover/token', headers);
    await get('/api/v1/sse/recover/token', headers);
    expect(asked).toHaveLength(2);
    expect(asked[0]!.request.headers).toMatchObject({
      'grip-sig': 'a',
      'grip-last': 'environment-1; last-id=5',
    });
  });
});

describe('what operators call', () => {
  it.each(['/admin/v1/environments', '/metrics', '/readyz', '//metrics', '/%6detrics'])(
    'what operators call is not here: %s',
    async (path) => {
      const [status, body] = await get(path);
      expect([status, (JSON.parse(body) as { error: { code: string } }).error.code]).toEqual([
        404,
        'not_found',
      ]);
      expect(asked).toEqual([]);
    },
  );
});

describe('a stream', () => {
  it('a stream is handed over to Fanout with the name of the backend, and the origin is not asked', async () => {
    await get('/api/v1/sse/config', { Authorization: 'Basic eA==', 'Last-Event-ID': '5', 'Grip-Sig': 'x' });
    const handed = Object.fromEntries(
      edge.handoffs[0]!.headers.map(([name, value]) => [name.toLowerCase(), value]),
    );
    expect(handed).toMatchObject({ authorization: 'Basic eA==', 'last-event-id': '5' });
    expect(handed['grip-sig']).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe('the cache', () => {
  it('answers for as long as the route asks for, and for each key its own', async () => {
    await get(SNAPSHOT, { Authorization: 'a' });
    await get(SNAPSHOT, { Authorization: 'a' });
    expect(asked).toHaveLength(1);
    answer.body = 'the answer for b';
    expect(await get(SNAPSHOT, { Authorization: 'b' })).toEqual([200, 'the answer for b']);
  });

  it('the cache serves what is old for a minute while it asks', async () => {
    await get();
    answer = { ...answer, body: 'newer', headers: { ...answer.headers, ETag: '"7-2"' } };
    ahead = 30_000;
    expect(await get()).toEqual([200, 'the answer']);
    expect(asked).toHaveLength(2);
    expect(asked[1]!.request.headers['if-none-match']).toBe('"7-1"');
    expect(await get()).toEqual([200, 'newer']);
  });

  it('the cache serves what is old for a day where the origin fails, and asks again each time', async () => {
    await get();
    broken();
    ahead = 23 * 3600 * 1000;
    expect(await get()).toEqual([200, 'the answer']);
    expect(await get()).toEqual([200, 'the answer']);
    expect(asked).toHaveLength(3);
  });

  it('the cache serves what is old for a day where the origin cannot be reached', async () => {
    await get();
    await stopOrigin();
    ahead = 3600 * 1000;
    expect(await get()).toEqual([200, 'the answer']);
  });

  it('the cache gives the failure to who asks for what it has no copy of, and to all after a day', async () => {
    await get();
    broken();
    expect(await get('/api/v1/configs/5')).toEqual([503, 'no store']);
    ahead = 25 * 3600 * 1000;
    expect(await get()).toEqual([503, 'no store']);
  });

  it('the cache keeps nothing of what is not to be kept', async () => {
    answer.headers = { 'Cache-Control': 'no-store' };
    await get();
    await get();
    expect(asked).toHaveLength(2);
  });

  it('the cache asks again after a purge of the surrogate key', async () => {
    await get();
    edge.purge('environment-8');
    await get();
    expect(asked).toHaveLength(1);
    edge.purge('environment-7');
    await get();
    expect(asked).toHaveLength(2);
  });
});

describe('a service without callbacks for its cache', () => {
  it('a service without callbacks for its cache leaves caching to Fastly, by what the routes ask for', async () => {
    await edge.close();
    await start({ httpCache: false });
    expect(await get()).toEqual([200, 'the answer']);
    expect(edge.sent).toMatchObject([{ pass: false }]);
    broken();
    expect(await get()).toEqual([503, 'no store']);
  });
});
