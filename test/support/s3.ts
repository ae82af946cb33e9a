/**
 * A server of the S3 protocol for tests (s3rver), and a gate in front of it, which a test tells
 * what to do with requests.
 *
 * s3rver lacks four things, which the gate adds:
 *
 * - It knows access keys and does not check signatures of version 4; the gate can, sessions included.
 * - It takes conditional writes and ignores the conditions, as older stores do; the gate can keep them.
 * - A read during a write of the same name gets the length of one content and the bytes of the other. Every
 *   store promises one of the two, so the gate lets one request in at a time.
 * - It cannot make the tokens of long lists where OpenSSL has no DES; the gate asks for lists in the older
 *   form, which has no tokens.
 *
 * HOLDFAST_TEST_BUCKET makes test/bucket/s3.test.ts run against another store too.
 */
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import { freePort } from './ports.js';
import { refusalOf, type SessionKey } from './signature-v4.js';

/** The behaviour of the gate at a request: passes it on (`undefined`), or one of these. */
export type Fault =
  /** Answers itself. */
  | { readonly status: number }
  /** Takes the connection away before the request reaches the store. */
  | 'reset'
  /** Passes the request on, and takes the connection away in place of the answer. */
  | 'swallow'
  /** Passes the request on, and takes the connection away half way through the answer's body. */
  | 'cut'
  /** Never answers. */
  | 'hang'
  /** Passes it on when that resolves. */
  | Promise<void>;

export interface Asked {
  readonly method: string;
  /** Within the bucket. */
  readonly name: string;
}

export interface S3Setup {
  readonly port: number;
  /** The URL of the bucket `belt`, behind the gate. */
  readonly url: string;
  /** Every request that came to the gate. */
  readonly asked: Asked[];
  /** Decides about each request from now on. */
  fault(decide: (asked: Asked) => Fault | undefined): void;
  /**
   * Is not there any more: what is under way is cut, and connections are refused. What it has
   * stored stays.
   */
  kill(): Promise<void>;
  /** Is there again, on the same port, after `kill`. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const BUCKET = 'belt';

export interface S3Rules {
  /** False: conditions of writes are ignored; default: true. */
  readonly conditions?: boolean;
  /**
   * The only keys that are known, and `undefined` for those that ran out: then signatures are
   * checked.
   */
  readonly keyOf?: (accessKeyId: string) => SessionKey | undefined;
}

export async function startS3({ conditions = true, keyOf }: S3Rules = {}): Promise<S3Setup> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-s3-'));
  const store = new S3rver({
    port: await freePort(),
    address: '127.0.0.1',
    directory,
    silent: true,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  const gate = new Gate((await store.run()).port, conditions, keyOf);
  const port = await gate.listen();
  return {
    port,
    url: `s3://S3RVER:S3RVER@${BUCKET}/flags?endpoint=http://127.0.0.1:${port}`,
    asked: gate.asked,
    fault: (decide) => {
      gate.decide = decide;
    },
    kill: () => gate.close(),
    restart: async () => {
      await gate.listen(port);
    },
    stop: async () => {
      await gate.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

class Gate {
  readonly asked: Asked[] = [];
  decide: (asked: Asked) => Fault | undefined = () => undefined;
  readonly #server: Server;
  readonly #store: number;
  readonly #conditions: boolean;
  readonly #keyOf: S3Rules['keyOf'];
  /** Settles when no request is in the store. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: number, conditions: boolean, keyOf: S3Rules['keyOf']) {
    this.#keyOf = keyOf;
    this.#store = store;
    this.#conditions = conditions;
    this.#server = createServer((incoming, outgoing) => {
      this.#handle(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  /** @param wanted 0 for a free port */
  async listen(wanted = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(wanted, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = new URL(incoming.url ?? '/', 'http://gate').pathname;
    const asked = { method: incoming.method ?? '', name: path.slice(`/${BUCKET}/`.length) };
    this.asked.push(asked);
    const body = await read(incoming);
    if (this.#keyOf !== undefined) {
      const refusal = refusalOf(incoming, this.#keyOf);
      if (refusal !== undefined) {
        return void outgoing.writeHead(403).end(`<Error><Code>${refusal}</Code></Error>`);
      }
      // s3rver knows one key, and no sessions.
      const { authorization = '' } = incoming.headers;
      incoming.headers.authorization = authorization.replace(/Credential=[^/]+/, 'Credential=S3RVER');
    }
    const fault = this.decide(asked);
    if (fault === 'reset') return void outgoing.destroy();
    if (fault === 'hang') return;
    if (fault instanceof Promise) await fault;
    else if (typeof fault === 'object') return void outgoing.writeHead(fault.status).end();
    const answer = await this.#inTurn(incoming, body);
    if (fault === 'swallow') return void outgoing.destroy();
    outgoing.writeHead(answer.status, answer.headers);
    if (fault !== 'cut') return void outgoing.end(answer.body);
    outgoing.write(answer.body.subarray(0, answer.body.length / 2), () => outgoing.destroy());
  }

  #inTurn(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const conditional = incoming.method === 'PUT' && this.#conditions;
    const done = this.#last.then(() =>
      conditional ? this.#conditional(incoming, body) : this.#forward(incoming, body),
    );
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #conditional(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const { 'if-match': match, 'if-none-match': noneMatch } = incoming.headers;
    if (match !== undefined || noneMatch !== undefined) {
      const { status, headers } = await this.#present(incoming.url ?? '');
      const holds = noneMatch === '*' ? status === 404 : headers.etag === match;
      if (!holds) return { status: 412, headers: {}, body: Buffer.from('') };
    }
    return this.#forward(incoming, body);
  }

  /** The content of the store; asked without a signature, which s3rver lets pass. */
  async #present(path: string): Promise<Answer> {
    return await this.#send({ method: 'HEAD', path, headers: {} }, Buffer.from(''));
  }

  #forward({ method = '', url = '', headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const path = url.replace('list-type=2&', '').replace('start-after=', 'marker=');
    return this.#send({ method, path, headers }, body);
  }

  #send(
    options: { method: string; path: string; headers: IncomingMessage['headers'] },
    body: Buffer,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = forward({ host: '127.0.0.1', port: this.#store, ...options }, (answer) => {
        read(answer).then((bytes) => {
          resolve({ status: answer.statusCode ?? 500, headers: answer.headers, body: bytes });
        }, reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
