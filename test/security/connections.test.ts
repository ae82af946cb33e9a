/**
 * Clients that are slow, silent, too much or not HTTP at all, over sockets. Limits of time are
 * shortened, so that a test sees them pass; the last test holds the real ones.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CONNECTION_LIMITS, createHttpServer } from '../../src/http/server.js';
import { ADMIN_TOKEN, basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag, text } from '../support/configs.js';
import { until } from '../support/until.js';

const LIMITS = { headers: 400, request: 900, check: 50, stalled: 1_500 };

let app: TestApp;
let environment: TestEnvironment;
const clients: Client[] = [];

beforeAll(async () => {
  app = await startApp({ limits: LIMITS });
  environment = await app.environment();
  await environment.commit(flag('a', true));
});

afterAll(() => app.close());

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

/** A socket that says what it is told, and keeps what it hears. */
class Client {
  readonly #socket: Socket;
  readonly #since = performance.now();
  #heard = '';
  #timer: NodeJS.Timeout | undefined;
  /** Milliseconds from connecting until the connection ended. */
  readonly closed: Promise<number>;

  constructor(reads = true) {
    this.#socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    // Being cut off is what these tests are about.
    this.#socket.on('error', () => undefined);
    if (reads) this.#socket.on('data', (part: Buffer) => (this.#heard += part.toString('latin1')));
    // Not `once`, which rejects when the connection is reset.
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => resolve(performance.now() - this.#since));
    });
    clients.push(this);
  }

  get heard(): string {
    return this.#heard;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  say(text: string | Buffer): this {
    if (this.#socket.writable) this.#socket.write(text);
    return this;
  }

  /**
   * One byte after the other, each after that many milliseconds, for as long as there is a
   * connection.
   */
  drip(text: string, every: number): this {
    let at = 0;
    this.#timer = setInterval(() => this.say(text[at++ % text.length]!), every);
    return this;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }
}

const HEAD = 'Host: x\r\n';
const ADMIN = `Authorization: Bearer ${ADMIN_TOKEN}\r\n`;
const change = () => `POST /admin/v1/environments/${environment.id}/changes HTTP/1.1\r\n${HEAD}`;

/** That the server is there for others. */
async function expectServing(): Promise<void> {
  await app.http.get('/livez').expect(200);
  await app.http.get('/api/v1/configs/0').set('Authorization', basic(environment.key)).expect(200);
}

describe('a client that is cut off in time', () => {
  it('a client that is cut off in time connects and says nothing', async () => {
    const client = new Client();
    const lived = await client.closed;
    expect(lived).toBeGreaterThan(LIMITS.headers - 100);
    expect(lived).toBeLessThan(LIMITS.headers + 2_000);
  });

  it('a client that is cut off in time sends its headers a byte at a time, and gets the reason', async () => {
    const client = new Client().drip(`GET /livez HTTP/1.1\r\n${HEAD}X-Slow: ${'x'.repeat(10_000)}`, 20);
    const lived = await client.closed;
    expect(lived).toBeGreaterThan(LIMITS.headers - 100);
    expect(lived).toBeLessThan(LIMITS.headers + 2_000);
    expect(client.heard).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
  });

  it('a client that is cut off in time sends its body a byte at a time, and nothing of it is committed', async () => {
    const before = (await app.admin('get', `/environments/${environment.id}`)).body.version as string;
    const body = JSON.stringify({ configs: [flag('slow', true)] });
    const client = new Client()
      .say(`${change()}${ADMIN}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`)
      .drip(body, 50);
    const lived = await client.closed;
    expect(lived).toBeGreaterThan(LIMITS.request - 100);
    expect(lived).toBeLessThan(LIMITS.request + 2_000);
    expect((await app.admin('get', `/environments/${environment.id}`)).body.version).toBe(before);
  });

  it('a client that is cut off in time sends a body without end although it was refused', async () => {
    const client = new Client().say(`${change()}Transfer-Encoding: chunked\r\n\r\n`).drip('1\r\nx\r\n', 5);
    expect(await client.closed).toBeLessThan(LIMITS.request + 2_000);
    expect(client.heard).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('a client that is cut off in time sends its second request slowly on a connection that was good', async () => {
    const client = new Client().say(`GET /livez HTTP/1.1\r\n${HEAD}\r\n`);
    await until('the first is answered', () => client.heard.includes('ok\n'));
    client.drip(`GET /livez HTTP/1.1\r\n${HEAD}X: ${'x'.repeat(10_000)}`, 20);
    expect(await client.closed).toBeLessThan(LIMITS.headers + 3_000);
  });

  it('a client that is cut off in time takes nothing of an answer that is larger than what lies between', async () => {
    const large = await app.environment();
    for (let i = 0; i < 8; i++) {
      const configs = Array.from({ length: 20 }, (_, j) => text(`big.${i}.${j}`, 'x'.repeat(45_000)));
      await large.commit(...configs);
    }
    const authorization = `Authorization: ${basic(large.key)}\r\n`;
    const client = new Client(false).say(`GET /api/v1/configs/0 HTTP/1.1\r\n${HEAD}${authorization}\r\n`);
    await until('it is being answered', async () => (await connections()) > 0);
    const since = performance.now();
    await until('the server has given it up', async () => (await connections()) === 0, { timeout: 15_000 });
    expect(performance.now() - since).toBeGreaterThan(LIMITS.stalled / 2);
    client.close();
  });

  it('a client that is cut off in time is one of two hundred of them, and others are served in the meantime', async () => {
    const crowd = Array.from({ length: 200 }, () =>
      new Client().say(`POST /admin/v1/environments HTTP/1.1\r\n${HEAD}${ADMIN}Content-Length: 9\r\n\r\n{`),
    );
    await expectServing();
    const lived = await Promise.all(crowd.map(({ closed }) => closed));
    expect(Math.max(...lived)).toBeLessThan(LIMITS.request + 5_000);
  });

  /**
   * Connections that the server has; those of the other requests of these tests are closed with
   * their answers.
   */
  async function connections(): Promise<number> {
    const { server } = app;
    return new Promise((resolve, reject) => {
      server.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }
});

describe('a direct hold', () => {
  it('a direct hold is not cut by these limits: it is a request that has arrived, and an answer that is taken', async () => {
    const stream = await environment.open();
    let value = true;
    await until('more time has passed than any limit allows', async () => {
      value = !value;
      await environment.commit(flag('a', value));
      return performance.now() - stream.events[0]!.at > LIMITS.stalled + 500;
    });
    expect(stream.isClosed()).toBe(false);
    await app.closeStreams();
  });
});

describe('headers', () => {
  const ask = async (extra: string) => {
    const client = new Client().say(`GET /livez HTTP/1.1\r\n${HEAD}Connection: close\r\n${extra}\r\n`);
    await client.closed;
    return client.heard.split('\r\n')[0];
  };

  it('headers of almost 16 KiB are read, and of more are refused with 431', async () => {
    expect(await ask(`X: ${'x'.repeat(15 * 1024)}\r\n`)).toBe('HTTP/1.1 200 OK');
    expect(await ask(`X: ${'x'.repeat(16 * 1024)}\r\n`)).toBe('HTTP/1.1 431 Request Header Fields Too Large');
  });

  it('headers have the same limit for the path', async () => {
    const client = new Client().say(`GET /${'x'.repeat(17 * 1024)} HTTP/1.1\r\n${HEAD}\r\n`);
    await client.closed;
    expect(client.heard).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('headers may be many, and very many are refused', async () => {
    expect(await ask('a:\r\n'.repeat(900))).toBe('HTTP/1.1 200 OK');
    expect(await ask('a:\r\n'.repeat(20_000))).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('headers that are an authorization after two thousand others admit no request without one', async () => {
    const client = new Client().say(
      `GET /admin/v1/environments HTTP/1.1\r\n${HEAD}Connection: close\r\n${'a:\r\n'.repeat(2_500)}${ADMIN}\r\n`,
    );
    await client.closed;
    // Node 20 drops the headers beyond its limit of 2,000; Node 24 refuses the request.
    expect(client.heard).toMatch(/^HTTP\/1\.1 (401|200|431) /);
    await expectServing();
  });

  it('headers with a line break, a NUL or a space in a name are refused, and never repeated', async () => {
    for (const bad of ['X: a\rb\r\n', 'X: a\0b\r\n', 'X y: a\r\n', ': a\r\n', 'X: a\n b\r\n', 'X : a\r\n']) {
      expect([bad, await ask(bad)]).toEqual([bad, 'HTTP/1.1 400 Bad Request']);
    }
  });
});

describe('one request inside another', () => {
  const POST = `POST /livez HTTP/1.1\r\n${HEAD}`;
  const INNER = `GET /admin/v1/environments HTTP/1.1\r\n${HEAD}${ADMIN}\r\n`;

  it.each([
    ['both lengths', `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`],
    ['two lengths', `${POST}Content-Length: 4\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`],
    ['a length with a sign', `${POST}Content-Length: +${INNER.length}\r\n\r\n${INNER}`],
    ['an unknown coding', `${POST}Transfer-Encoding: xchunked\r\n\r\n${INNER}`],
    ['chunked not last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${INNER}`],
    ['a chunk of a negative size', `${POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n${INNER}`],
    ['no host', `GET /livez HTTP/1.1\r\n\r\n${INNER}`],
  ])(
    'one request inside another is not read where proxies could read something else: %s',
    async (_, bytes) => {
      const client = new Client().say(bytes);
      await client.closed;
      // Where the head is good and the body is not, the head has been answered: 405, and then
      // nothing.
      expect(client.heard.match(/HTTP\/1\.1 \d+/g)?.join()).toMatch(
        /^HTTP\/1\.1 (400|405)(,HTTP\/1\.1 400)?$/,
      );
      expect(client.heard).not.toContain('"environments"');
    },
  );

  it('one request inside another after good ones is not read when it is garbage, and the connection ends', async () => {
    const good = `GET /livez HTTP/1.1\r\n${HEAD}\r\n`;
    const client = new Client().say(`${good.repeat(3)}\u0000\u0001garbage\r\n\r\n${INNER}`);
    await client.closed;
    // Node gives up what it has not sent.
    expect(client.heard.match(/HTTP\/1\.1 \d+/g)?.join()).toMatch(/^HTTP\/1\.1 200(,HTTP\/1\.1 (200|400))*$/);
    expect(client.heard).not.toContain('"environments"');
    await expectServing();
  });

  it('a thousand times without reading is answered in order or cut, and takes no others down', async () => {
    const client = new Client().say(`GET /readyz HTTP/1.1\r\n${HEAD}\r\n`.repeat(1_000));
    await until('all are answered', () => client.heard.split('HTTP/1.1 200 OK').length === 1_001);
    await expectServing();
  });
});

describe('what is no HTTP', () => {
  it.each([
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['Redis', Buffer.from('*1\r\n$4\r\nPING\r\n')],
    ['zeroes', Buffer.alloc(100_000)],
    ['line breaks', Buffer.from('\r\n'.repeat(50_000))],
    ['a CONNECT', Buffer.from('CONNECT internal:6379 HTTP/1.1\r\nHost: internal:6379\r\n\r\n')],
    ['a path that is a URL', Buffer.from('GET http://internal/admin HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a path that is a star', Buffer.from('OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a version that is none', Buffer.from('GET / HTTP/9.9\r\nHost: x\r\n\r\n')],
    [
      'an upgrade',
      Buffer.from('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
    ],
  ])('what is no HTTP takes nothing down: %s', async (_, bytes) => {
    const client = new Client().say(bytes);
    await until('it is answered or cut', () => client.isClosed || client.heard.includes('\r\n\r\n'));
    await expectServing();
  });
});

describe('a real node', () => {
  it('a real node has limits that a client which sends a byte a second meets, and one on a slow line does not', async () => {
    const server = createHttpServer(() => undefined);
    expect(server.headersTimeout).toBeLessThanOrEqual(10_000);
    expect(server.requestTimeout).toBeLessThanOrEqual(30_000);
    // The largest change on 300 kbit/s.
    expect(server.requestTimeout).toBeGreaterThan(((1024 * 1024 * 8) / 300_000) * 1000);
    expect(CONNECTION_LIMITS.check).toBeLessThanOrEqual(1_000);
    // Longer than a direct hold can be without a byte, and shorter than for ever.
    expect(server.timeout).toBeGreaterThan(2 * 29_000);
    expect(server.timeout).toBeLessThanOrEqual(120_000);
    expect(server.keepAliveTimeout).toBeGreaterThanOrEqual(60_000);
  });

  it('a real node has the limits that docs/protocol.md has', () => {
    const protocol = readFileSync(join(import.meta.dirname, '../../docs/protocol.md'), 'utf8');
    const [, limits = ''] = /\n## Limits\n([^]*?)\n## /.exec(protocol) ?? [];
    const { headerBytes, headers, request, stalled, idle } = CONNECTION_LIMITS;
    for (const limit of [headerBytes, headers, request, stalled, idle]) {
      expect(limits).toMatch(new RegExp(`\\| ${limit.toLocaleString('en')} +\\|`));
    }
  });
});
