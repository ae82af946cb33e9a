/** Compressed answers: which, how, and that they name the same version. [protocol] #compression */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';

let app: TestApp;
let key: string;
let client: string;
let version: string;

beforeAll(async () => {
  app = await startApp();
  const environment = await app.environment();
  key = environment.key;
  client = (await environment.clientKey()).key;
  const flags = Array.from({ length: 2_000 }, (_, index) => flag(`feature.number-${index}`, index % 2 === 0));
  ({ version } = await environment.commit(...flags));
});

afterAll(() => app.close());

interface Raw {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A request whose answer is read as it is sent: fetch would decompress it. */
function get(path: string, headers: Record<string, string>, method = 'GET'): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const basic = `Basic ${Buffer.from(`1:${key}`).toString('base64')}`;
    httpRequest(
      `${app.url}${path}`,
      { method, headers: { authorization: basic, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      },
    )
      .on('error', reject)
      .end();
  });
}

describe('a large answer', () => {
  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)(
    'a large answer is sent as %s to a client that accepts it, and is the same',
    async (encoding, decompress) => {
      for (const path of ['/api/v1/configs/0', '/api/v1/configs/0?format=json']) {
        const plain = await get(path, {});
        const small = await get(path, { 'accept-encoding': encoding });
        expect(small.headers['content-encoding']).toBe(encoding);
        expect(decompress(small.body).equals(plain.body)).toBe(true);
        expect(small.body.length * 5).toBeLessThan(plain.body.length);
        expect(plain.headers['content-encoding']).toBeUndefined();
      }
    },
  );

  it('a large answer says in Vary that caches keep its forms apart, compressed or not', async () => {
    for (const accepted of ['gzip', 'identity']) {
      const { headers } = await get('/api/v1/configs/0', { 'accept-encoding': accepted });
      expect(headers.vary?.toLowerCase()).toContain('accept-encoding');
    }
  });

  it('a large answer names its version by a weak ETag when it is compressed, which is answered 304', async () => {
    const plain = await get('/api/v1/configs/0', {});
    const small = await get('/api/v1/configs/0', { 'accept-encoding': 'gzip' });
    expect(plain.headers.etag).toMatch(/^"/);
    expect(small.headers.etag).toBe(`W/${plain.headers.etag!}`);
    const again = { 'accept-encoding': 'gzip', 'if-none-match': small.headers.etag! };
    expect(await get('/api/v1/configs/0', again)).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  });

  it('a large answer to OpenFeature is compressed too', async () => {
    const answer = await fetch(`${app.url}/ofrep/v1/evaluate/flags`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${client}`,
        'content-type': 'application/json',
        'accept-encoding': 'br',
      },
      body: JSON.stringify({ context: { targetingKey: 'u' } }),
    });
    expect(answer.headers.get('content-encoding')).toBe('br');
    expect(answer.headers.get('etag')).toMatch(/^W\//);
    expect(((await answer.json()) as { flags: unknown[] }).flags.length).toBeGreaterThan(0);
  });

  it('a large answer to HEAD has no body and no encoding', async () => {
    const { status, headers, body } = await get('/api/v1/configs/0', { 'accept-encoding': 'gzip' }, 'HEAD');
    expect([status, headers['content-encoding'], body.length]).toEqual([200, undefined, 0]);
  });
});

describe('what is not compressed', () => {
  it('what is not compressed: an answer that fits into a packet', async () => {
    const { headers } = await get(`/api/v1/configs/${version}?format=json`, { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBeUndefined();
    expect(headers.etag).toMatch(/^"/);
  });

  it('what is not compressed: a stream, whatever its client accepts', async () => {
    const stream = await fetch(`${app.url}/api/v1/sse/config`, {
      headers: {
        authorization: `Basic ${Buffer.from(`1:${key}`).toString('base64')}`,
        'accept-encoding': 'gzip, br',
      },
    });
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.headers.get('content-encoding')).toBeNull();
    await stream.body?.cancel();
  });
});
