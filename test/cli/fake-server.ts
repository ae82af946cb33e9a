/**
 * Just enough of the HTTP interface to test the commands against, and strict: a request that
 * docs/protocol.md does not allow is answered 400 and fails the test that made it. What the real
 * server does with commands is tested in test/e2e.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { concat, encodeConfig, encodeEnvelope } from '../../src/ruleset/codec.js';
import { eventText } from '../../src/ruleset/event.js';
import type { Config } from '../../src/ruleset/model.js';

export const TOKEN = 'an-admin-token-of-tests';
export const KEY = 'key-P1-E1-SDK-tests';
const BODY_LIMIT = 1024 * 1024;

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers instead of the server, or does something behind the client's back and returns false. */
export type Intercept = (seen: SeenRequest, response: ServerResponse) => boolean;

export class FakeServer {
  readonly url: string;
  readonly seen: SeenRequest[] = [];
  readonly configs = new Map<string, Config>();
  /** Each is used up by one request, in order. */
  readonly intercepts: Intercept[] = [];
  /** Connections to the stream that are open. */
  readonly streams: ServerResponse[] = [];
  version = 100n;
  /** Weak ETags, as after a proxy that compresses. */
  weak = false;
  readonly #answers = new Map<string, string>();
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#take(request, response);
    });
  }

  static async start(): Promise<FakeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeServer(server);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Puts configs into the environment as if they had been committed. */
  put(...configs: Config[]): void {
    for (const config of configs) {
      this.version++;
      this.configs.set(config.key ?? '', { ...config, id: `${this.version}` });
    }
  }

  get commits(): { configs: Config[] }[] {
    return this.seen
      .filter(({ method, path }) => method === 'POST' && path.endsWith('/changes'))
      .map(({ body }) => JSON.parse(body) as { configs: Config[] });
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url: path = '', headers } = request;
    const seen = { method, path, headers, body: Buffer.concat(parts).toString() };
    this.seen.push(seen);
    if (this.intercepts.shift()?.(seen, response) === true) return;
    const expected = path.startsWith('/admin/')
      ? `Bearer ${TOKEN}`
      : `Basic ${Buffer.from(`holdfast:${KEY}`).toString('base64')}`;
    if (headers.authorization !== expected) refuse(response, 401, 'unauthorized', 'Wrong credential.');
    else this.#answer(seen, response);
  }

  #answer(seen: SeenRequest, response: ServerResponse): void {
    switch (`${seen.method} ${seen.path}`) {
      case 'GET /admin/v1/environments/1/configs': {
        json(response, this.#ruleset(false), { etag: `${this.weak ? 'W/' : ''}"${this.version}"` });
        return;
      }
      case 'GET /api/v1/configs/0?format=json': {
        json(response, this.#ruleset(true));
        return;
      }
      case 'POST /admin/v1/environments/1/changes': {
        this.#commit(seen, response);
        return;
      }
      case 'GET /api/v1/sse/config':
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('\n: holdfast\n');
        this.streams.push(response);
        return;
      default:
        refuse(response, 404, 'not_found', `Environment or path ${seen.path} does not exist.`);
    }
  }

  #ruleset(tombstones: boolean): unknown {
    const configs = [...this.configs.values()];
    return {
      configs: tombstones ? configs : configs.filter(({ configType }) => configType !== 'DELETED'),
      configServicePointer: { projectId: '1', projectEnvId: '1' },
    };
  }

  #commit({ headers, body }: SeenRequest, response: ServerResponse): void {
    const key = headers['idempotency-key'];
    if (headers['content-type'] !== 'application/json' || typeof key !== 'string') {
      refuse(response, 400, 'body_invalid', 'A change needs a content type and an Idempotency-Key.');
      return;
    }
    if (body.length > BODY_LIMIT) {
      refuse(response, 413, 'change_too_large', 'At most 1 MiB.');
      return;
    }
    const known = this.#answers.get(key);
    if (known !== undefined) return void response.writeHead(200).end(known);
    const expected = headers['if-match'];
    if (expected !== undefined && expected !== `"${this.version}"`) {
      refuse(response, 412, 'version_mismatch', `The environment is at version ${this.version}.`);
      return;
    }
    const previous = `${this.version}`;
    const { configs } = JSON.parse(body) as { configs: Config[] };
    this.put(...configs);
    const ids = configs.map((config) => ({ key: config.key, id: this.configs.get(config.key ?? '')?.id }));
    const answer = JSON.stringify({ previous, version: `${this.version}`, configs: ids });
    this.#answers.set(key, answer);
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  }
}

export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ error: { code, message } }));
}

function json(response: ServerResponse, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const envelope = encodeEnvelope({ id: 1n, projectId: 1n });

/** An event of the stream. */
export function event(id: bigint, ...configs: Config[]): string {
  return eventText({ previous: 0n, id, configs: configs.map(encodeConfig) }, envelope);
}

/** The size that a change has when it is encoded. */
export function encodedBytes(configs: readonly Config[]): number {
  return concat(configs.map(encodeConfig), envelope).length;
}
