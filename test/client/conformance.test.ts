/**
 * The cases of the public specification of Server-Sent Events that apply, through the whole
 * library: a server sends the bytes, and what counts is what the client has then.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, type ClientOptions, type HoldfastClient } from '../../src/client/index.js';
import { until } from '../support/until.js';
import { boolean, dataOf, startSource, streamOf, type FakeSource } from './fake-source.js';

/** An event for a flag of that name. */
const event = (key: string, id: number, end = '\n') => {
  return `data: ${dataOf(boolean(key, id))}${end}id: ${id}${end}${end}`;
};
const FAST: Partial<ClientOptions> = { backoff: { first: 10, most: 20 }, minConnection: 40 };

let source: FakeSource;
let client: HoldfastClient | undefined;
let warnings: string[];

beforeEach(async () => {
  source = await startSource();
  warnings = [];
});
afterEach(async () => {
  await client?.close();
  await source.close();
});

function start(options: Partial<ClientOptions> = {}): HoldfastClient {
  const onWarning = (text: string) => warnings.push(text);
  client = createClient({ key: 'any', sources: [source.url], onWarning, ...FAST, ...options });
  return client;
}

/** Starts a client whose stream sends these pieces, and waits until it has that flag. */
async function receives(key: string, ...pieces: (string | Buffer)[]): Promise<HoldfastClient> {
  source.stream = streamOf(...pieces);
  const started = start();
  await until(`the flag ${key} is there`, () => started.get(key));
  return started;
}

describe('reading', () => {
  it('takes an event', async () => {
    const started = await receives('b', event('b', 6));
    expect(started.status().version).toBe('6');
  });

  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('takes lines that end in %s', async (_, end) => {
    await receives('b', event('b', 6, end));
  });

  it.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('takes lines that end in %s and come byte by byte', async (_, end) => {
    const text = event('b', 6, end);
    const head = text.slice(0, -8);
    await receives('b', head, ...text.slice(-8).split(''));
  });

  it('takes lines of every end in one stream', async () => {
    const started = await receives('d', event('b', 6, '\r'), event('c', 7, '\r\n'), event('d', 8, '\n'));
    expect([started.get('b'), started.get('c')]).toEqual([true, true]);
  });

  it('ignores a byte order mark at the beginning, also in pieces', async () => {
    await receives('b', Buffer.of(0xef), Buffer.of(0xbb, 0xbf), event('b', 6));
  });

  it('takes a second byte order mark for a part of a name, and so ignores that line', async () => {
    const started = await receives('c', `\uFEFF\uFEFF${event('b', 6)}`, event('c', 7));
    expect(started.get('b')).toBeUndefined();
  });

  it('ignores comments, empty ones too', async () => {
    await receives('b', ': hello\n:\n', `: in between\n${event('b', 6)}`);
  });

  it('joins several data lines by a newline, which base64 may have', async () => {
    const data = dataOf(boolean('b', 6));
    await receives('b', `data: ${data.slice(0, 20)}\ndata: ${data.slice(20)}\nid: 6\n\n`);
  });

  it('takes off one space behind the colon, and needs none', async () => {
    await receives('b', `data:${dataOf(boolean('b', 6))}\nid:6\n\n`);
  });

  it('ignores fields that it does not know', async () => {
    await receives('b', `colour: red\ndatum: x\n${event('b', 6)}`);
  });

  it('ignores an event without data', async () => {
    const started = await receives('b', 'id: 99\n\n', 'data\n\n', 'data:\nid: 98\n\n', event('b', 6));
    expect(started.status().version).toBe('6');
  });

  it('ignores events of other names, and takes those that are named message', async () => {
    const started = await receives('c', `event: other\n${event('b', 6)}`, `event: message\n${event('c', 7)}`);
    expect(started.get('b')).toBeUndefined();
  });

  it('reading does not take an event that the end of the stream cut off', async () => {
    source.stream = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${dataOf(boolean('b', 6))}\nid: 6\n`);
    };
    const started = start();
    await until('it came back', () => source.connections() > 1);
    expect(started.get('b')).toBeUndefined();
    expect(source.requests.at(-1)?.from).toBe('5');
  });

  it('begins again with each stream: nothing of a cut off event is left', async () => {
    let count = 0;
    source.stream = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (++count === 1) response.end('data: AAAA\n');
      else response.write(event('b', 6));
    };
    const started = start();
    await until('the flag is there', () => started.get('b'));
  });

  it('gives a stream up whose event is no ruleset, and takes nothing of it', async () => {
    source.stream = (response, request) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: %%%\nid: 9\n\n${event('b', 10)}`);
      request.on('close', () => undefined);
    };
    const started = start();
    await until('it came back', () => source.connections() > 1);
    expect([started.get('b'), started.status().version]).toEqual([undefined, '5']);
  });
});

describe('where it stands', () => {
  /**
   * Returns the position of the second connection, after these pieces on the first, which then
   * ends.
   */
  async function comesBackFrom(...pieces: string[]): Promise<string | undefined> {
    source.stream = endingWith(pieces);
    start();
    await until('it came back', () => source.connections() > 1);
    return source.requests.filter(({ path }) => path.endsWith('config'))[1]?.from;
  }

  it('where it stands is said with Last-Event-ID, at first the version of the snapshot', async () => {
    start();
    await until('it subscribed', () => source.connections() === 1);
    expect(source.requests.at(-1)?.from).toBe('5');
  });

  it('where it stands is the id of the last event', async () => {
    expect(await comesBackFrom(event('b', 6), event('c', 8))).toBe('8');
  });

  it('where it stands is not reset by an empty id: it goes by what it has', async () => {
    expect(await comesBackFrom(event('b', 6), 'id:\n\n', `id:\ndata: ${dataOf(boolean('c', 7))}\n\n`)).toBe(
      '7',
    );
  });

  it('ignores an id with a null character', async () => {
    expect(await comesBackFrom(`data: ${dataOf(boolean('b', 6))}\nid: 9\0\n\n`)).toBe('6');
  });

  it('ignores an id that is no version', async () => {
    expect(await comesBackFrom(`data: ${dataOf(boolean('b', 6))}\nid: abc\n\n`)).toBe('6');
  });

  it('where it stands does not move by an id whose data never came', async () => {
    expect(await comesBackFrom(event('b', 6), 'id: 77\n')).toBe('6');
  });
});

describe('coming back', () => {
  it('obeys retry', async () => {
    source.stream = endingWith(['retry: 400\n\n'], 60);
    start();
    await until('it came', () => source.connections() === 1);
    const since = performance.now();
    await until('it came back', () => source.connections() === 2);
    expect(performance.now() - since).toBeGreaterThan(400);
  });

  it.each(['retry: 60000x', 'retry: -60000', 'retry: 6e4', 'retry:'])('ignores %s', async (line) => {
    source.stream = endingWith([`${line}\n\n`], 60);
    start();
    await until('it came back', () => source.connections() === 2, { timeout: 5_000 });
  });

  it('coming back does not come back after 204', async () => {
    source.stream = (response) => response.writeHead(204).end();
    const started = start({ poll: 20 });
    await until('many polls have passed', () => source.requests.length > 10);
    expect(source.connections()).toBe(1);
    started.retry();
    await until('it was revived', () => source.connections() === 2);
  });

  it.each([500, 502, 503, 504, 429, 408, 418])('comes back after %d', async (status) => {
    source.stream = (response) => response.writeHead(status).end();
    start();
    await until('it came back', () => source.connections() > 2);
  });

  it.each([404, 405, 501])(
    'coming back does not come back soon after %d: the source has no stream',
    async (status) => {
      source.stream = (response) => response.writeHead(status).end();
      start({ poll: 20 });
      await until('many polls have passed', () => source.requests.length > 10);
      expect(source.connections()).toBe(1);
    },
  );

  it('takes a belt server for one that has no stream, and not for one that fails', async () => {
    source.stream = (response) => {
      response.writeHead(503, { 'content-type': 'application/json; charset=utf-8', 'retry-after': '60' });
      response.end('{"error": {"code": "no_streams", "message": "…"}}');
    };
    const started = start({ poll: 20 });
    await until('many polls have passed', () => source.requests.length > 10);
    expect(started.status().sources[0]).toMatchObject({ state: 'ok', problem: 'it has no streams' });
    expect(source.connections()).toBe(1);
  });

  it.each([401, 403])(
    'coming back does not come back after %d until it is revived, with another key',
    async (status) => {
      source.stream = (response) => response.writeHead(status).end();
      const started = start();
      await until('it is refused', () => started.status().sources[0]?.state === 'refused');
      expect(warnings).toEqual([`${source.url} refuses the key: answered ${status}`]);
      source.stream = streamOf('');
      started.retry('another');
      await until('a stream is open', () => started.status().state === 'streaming');
    },
  );

  it('comes back when the connection breaks in the middle', async () => {
    source.stream = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event('b', 6), () => response.destroy());
    };
    const started = start();
    await until('it came back', () => source.connections() > 1);
    expect(started.get('b')).toBe(true);
  });

  it('takes 200 of another type for a failure, and nothing of it for events', async () => {
    source.stream = (response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).write(event('b', 6));
    };
    const started = start();
    await until('it came back', () => source.connections() > 1);
    expect(started.status().sources[0]?.problem).toContain('text/html');
    expect(started.get('b')).toBeUndefined();
  });

  it('takes the type with parameters, in any case', async () => {
    source.stream = (response) => {
      response.writeHead(200, { 'content-type': 'Text/Event-Stream;charset=utf-8' }).write(event('b', 6));
    };
    const started = start();
    await until('the flag is there', () => started.get('b'));
  });

  it.each([301, 302, 303, 307, 308])('follows a redirect by %d', async (status) => {
    const other = await startSource();
    other.stream = streamOf(event('b', 6));
    source.stream = (response) => {
      response.writeHead(status, { location: `${other.url}/api/v1/sse/config` }).end();
    };
    const started = start();
    await until('the flag is there', () => started.get('b'));
    await other.close();
  });

  it('gives a stream up that is silent for too long', async () => {
    start({ idle: 60 });
    await until('it came back', () => source.connections() > 2);
    expect(client?.status().sources[0]?.problem).toBe('not a byte for 60 ms');
  });

  it('keeps a stream that has only comments to say', async () => {
    source.stream = (response) => keepTalking(response);
    const started = start({ idle: 300 });
    await until('it is streaming', () => started.status().state === 'streaming');
    const since = performance.now();
    await until('the idle time has passed twice', () => performance.now() - since > 600);
    expect(source.connections()).toBe(1);
  });
});

function endingWith(pieces: readonly string[], after = 0): FakeSource['stream'] {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(pieces.join('') || ':\n\n');
    setTimeout(() => response.end(), after);
  };
}

function keepTalking(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => response.write(': keep-alive\n'), 20);
  response.on('close', () => clearInterval(timer));
}
