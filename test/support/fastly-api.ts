/**
 * Fastly's API in the parts that Holdfast calls, as documented and as strictly as may be:
 * publishing to Fanout, and purging. Who breaks a rule is answered as Fastly would, and the rule is
 * noted, so that a test can demand that none was.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PublishedItem } from './publish-endpoint.js';

export interface FastlyApiOptions {
  readonly service?: string;
  readonly token?: string;
  /** Requests that are allowed in each window; default: any number. */
  readonly limit?: number;
  /** The length of a window, seconds. */
  readonly window?: number;
  /** Milliseconds since 1970; windows are counted by it. */
  readonly now?: () => number;
}

export interface FastlyApi {
  /** `http://127.0.0.1:<port>/service/<service>` */
  readonly url: string;
  readonly service: string;
  readonly token: string;
  /** The tokens that are good now. */
  readonly tokens: Set<string>;
  /** Items that were published, in order. */
  readonly items: PublishedItem[];
  /** The keys of each purge. */
  readonly purges: string[][];
  /** Every request, by its status. */
  readonly statuses: number[];
  /** The rules that were broken, and how. */
  readonly broken: string[];
  /** The answers to the next requests, in turn, given without doing what they ask. */
  readonly failures: (number | 'cut')[];
  /** Called with each purge. */
  onPurge: (keys: readonly string[]) => void;
  close(): Promise<void>;
}

/** The size of a publish request, in bytes as sent. */
const MAX_BODY = 64 * 1000;
const MAX_KEYS = 256;

/** A rule that a request broke. */
class Broken extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export async function startFastlyApi(options: FastlyApiOptions = {}): Promise<FastlyApi> {
  const { service = 'SU1Z0isxPaozGVKXdv0eY', token = 'fastly-token', now = Date.now } = options;
  const tokens = new Set([token]);
  const limiter = new Limiter(options.limit ?? Infinity, (options.window ?? 3600) * 1000, now);
  const server = createServer((request, response) => {
    void read(request).then((body) => handle(request, body, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api: FastlyApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/service/${service}`,
    service,
    token,
    tokens,
    items: [],
    purges: [],
    statuses: [],
    broken: [],
    failures: [],
    onPurge: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  function handle(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const failure = api.failures.shift();
    if (failure === 'cut') {
      response.destroy();
      return;
    }
    let answer: { status: number; body: string; headers?: Readonly<Record<string, string>> };
    try {
      limiter.count();
      answer = failure === undefined ? serve(request, body) : { status: failure, body: 'Try again.\n' };
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      api.broken.push(`${request.method ?? ''} ${request.url ?? ''}: ${error.message}`);
      answer = { status: error.status, body: error.message, headers: error.headers };
    }
    api.statuses.push(answer.status);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  function serve(request: IncomingMessage, body: Buffer): { status: number; body: string } {
    if (request.method !== 'POST') throw new Broken(405, 'not a POST');
    if (request.url === `/service/${service}/publish/`) {
      // GRIP's form; the API's own header counts too.
      if (!tokens.has(request.headers.authorization?.replace('Bearer ', '') ?? ''))
        throw new Broken(401, 'no bearer token');
      api.items.push(...readItems(request, body));
      return { status: 200, body: 'Published\n' };
    }
    if (request.url === `/service/${service}/purge`) {
      if (!tokens.has(String(request.headers['fastly-key']))) throw new Broken(401, 'no token');
      const keys = readKeys(request, body);
      api.purges.push(keys);
      api.onPurge(keys);
      return { status: 200, body: JSON.stringify(Object.fromEntries(keys.map((key) => [key, 'id']))) };
    }
    throw new Broken(404, 'no such path: publishing needs its last slash, purging has none');
  }
  return api;
}

/** So many requests in each window, and not one more until it ends, whatever comes. */
class Limiter {
  readonly #limit: number;
  readonly #window: number;
  readonly #now: () => number;
  #started = -Infinity;
  #count = 0;
  #refused = false;

  constructor(limit: number, window: number, now: () => number) {
    this.#limit = limit;
    this.#window = window;
    this.#now = now;
  }

  count(): void {
    if (this.#now() >= this.#started + this.#window) {
      this.#started = this.#now();
      this.#count = 0;
      this.#refused = false;
    }
    this.#count++;
    if (this.#count <= this.#limit) return;
    const reset = Math.ceil((this.#started + this.#window) / 1000);
    const headers = { 'Fastly-RateLimit-Remaining': '0', 'Fastly-RateLimit-Reset': `${reset}` };
    const how = this.#refused ? 'came again before the reset that it was told' : 'is one too many';
    this.#refused = true;
    throw new Broken(429, `the request ${how}`, headers);
  }
}

function readItems(request: IncomingMessage, body: Buffer): PublishedItem[] {
  if (body.length > MAX_BODY) throw new Broken(413, `${body.length} bytes`);
  if (!request.headers['content-type']?.startsWith('application/json')) throw new Broken(415, 'not JSON');
  const { items } = parse(body) as { items?: unknown };
  if (!Array.isArray(items)) throw new Broken(400, 'no items');
  for (const item of items as Partial<PublishedItem>[]) {
    if (typeof item.channel !== 'string' || item.formats === undefined) throw new Broken(400, 'no item');
  }
  return items as PublishedItem[];
}

function readKeys(request: IncomingMessage, body: Buffer): string[] {
  const header = request.headers['surrogate-key'];
  const { surrogate_keys: listed } = body.length === 0 ? {} : (parse(body) as { surrogate_keys?: string[] });
  const keys = typeof header === 'string' ? header.split(' ') : (listed ?? []);
  if (keys.length === 0) throw new Broken(400, 'no keys');
  if (keys.length > MAX_KEYS) throw new Broken(400, `${keys.length} keys`);
  if (keys.some((key) => !/^[\x21-\x7e]{1,1024}$/.test(key))) throw new Broken(400, 'a key that is none');
  return keys;
}

function parse(body: Buffer): object {
  try {
    return JSON.parse(body.toString()) as object;
  } catch {
    throw new Broken(400, 'not JSON');
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
