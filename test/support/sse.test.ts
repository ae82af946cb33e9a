import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openSse } from './sse.js';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A server that answers each request with what `answer` writes; resolves to its address. */
async function serve(answer: (response: ServerResponse, authorization: string) => void): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    answer(response, request.headers.authorization ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('the SSE client of the tests', () => {
  it('the SSE client of the tests records comments, retry, and events with their own id', async () => {
    const url = await serve((response) => response.end(': hi\n\nretry: 12\n\ndata: a\nid: 1\n\ndata: b\n\n'));
    const stream = await openSse(url);
    expect(await stream.closed).toBe('ended');
    expect(stream.comments).toEqual(['hi']);
    expect(stream.retries).toEqual([12]);
    expect(stream.events).toMatchObject([
      { data: 'a', id: '1' },
      { data: 'b', id: undefined },
    ]);
    expect(stream.raw().toString()).toMatch(/^: hi\n/);
    expect(stream.errors).toEqual([]);
  });

  it('the SSE client of the tests objects to an unknown field', async () => {
    const url = await serve((response) => response.end('date: a\n\n'));
    const stream = await openSse(url);
    await stream.closed;
    expect(stream.errors).toHaveLength(1);
  });

  it('the SSE client of the tests puts together a character that two chunks share', async () => {
    const bytes = Buffer.from('data: ö\n\n');
    const url = await serve((response) => {
      response.write(bytes.subarray(0, 7), () => setImmediate(() => response.end(bytes.subarray(7))));
    });
    const stream = await openSse(url);
    await stream.closed;
    expect(stream.events).toMatchObject([{ data: 'ö' }]);
  });

  it('the SSE client of the tests sends a key as the password', async () => {
    const url = await serve((response, authorization) => response.end(`data: ${authorization}\n\n`));
    const stream = await openSse(url, { key: 'secret' });
    const { data } = await stream.waitForEvent(() => true);
    expect(Buffer.from(data.replace('Basic ', ''), 'base64').toString()).toBe('test:secret');
  });

  it('the SSE client of the tests tells a lost connection from a complete response', async () => {
    const url = await serve((response) => response.write('data: a\n\n', () => response.destroy()));
    const stream = await openSse(url);
    expect(await stream.closed).toBe('broken');
  });

  it('the SSE client of the tests fails a wait immediately when the stream ends first, and says what arrived', async () => {
    const url = await serve((response) => response.end('data: a\n\n'));
    const stream = await openSse(url);
    await expect(stream.waitForEvent((event) => event.data === 'b')).rejects.toThrow('data: a');
  });

  it('the SSE client of the tests fails a wait after its time', async () => {
    const url = await serve((response) => response.write(':\n\n'));
    const stream = await openSse(url);
    await expect(stream.waitFor(() => false, 50)).rejects.toThrow('within 50 ms');
    stream.close();
    expect(await stream.closed).toBe('closed');
  });
});
