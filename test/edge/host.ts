/**
 * A host for the edge program as it is built: an HTTP server that gives each request to a new
 * instance of the WebAssembly, as Fastly does, sends what the instance sends, and where it hands
 * over to Fanout puts a real Pushpin in its place.
 */
import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { HttpCache } from './http-cache.js';
import type {
  Ask,
  BackendRequest,
  EdgeRequest,
  EdgeResponse,
  GuestStart,
  HeaderList,
  Outcome,
  Reply,
} from './messages.js';
import { compile } from './web-assembly.js';

export interface EdgeStart {
  /** Where backends are, such as `http://127.0.0.1:8080`, by name. */
  readonly backends: Readonly<Record<string, string>>;
  /** The Pushpin in Fanout's place, with `accept_pushpin_route`. */
  readonly fanout?: { readonly url: string; readonly route: string };
  /** False for a service without Fastly's HTTP cache for guests; default true. */
  readonly httpCache?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  /** Milliseconds since 1970; for the cache. */
  readonly now?: () => number;
}

export interface Edge {
  /** Where clients connect. */
  readonly url: string;
  /** The requests of the program to backends, in order. */
  readonly sent: readonly BackendRequest[];
  /** The requests that it handed over to Fanout. */
  readonly handoffs: readonly EdgeRequest[];
  /** Removes what the cache has with that surrogate key, as Fastly's API does. */
  purge(key: string): void;
  close(): Promise<void>;
}

const WASM = join(import.meta.dirname, '../../edge/bin/main.wasm');

export async function startEdge(options: EdgeStart): Promise<Edge> {
  const [wasm, guest] = await Promise.all([readFile(WASM).then(compile), guestCode()]);
  const cache = new HttpCache(options.now ?? Date.now);
  const sent: BackendRequest[] = [];
  const handoffs: EdgeRequest[] = [];
  const { httpCache = true, backends, fanout } = options;

  const answerTo = async (ask: Ask): Promise<Reply> => {
    switch (ask.kind) {
      case 'send':
        sent.push(ask.send);
        return send(backends[ask.send.backend], ask.send.request);
      case 'lookup':
        return { kind: 'found', found: cache.lookup(ask.request) };
      case 'store':
        cache.store(ask.request, ask.stored);
        return { kind: 'stored' };
    }
  };

  const server = createServer((request, response) => {
    void (async () => {
      const asked = await readRequest(request);
      const outcome = await run({ wasm, guest, request: asked, httpCache, answerTo });
      if (outcome.kind === 'respond') {
        respond(response, outcome.response);
        return;
      }
      handoffs.push(outcome.request);
      if (fanout === undefined) throw new Error('the program handed over, and there is no Fanout');
      holdAt(fanout, outcome.request, response);
    })().catch((error: unknown) => {
      // Errors of the program or of this file are for the test to see.
      response.writeHead(500, { 'Content-Type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent,
    handoffs,
    purge: (key) => cache.purge(key),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Run extends Omit<GuestStart, 'replies'> {
  readonly guest: string;
  readonly answerTo: (ask: Ask) => Promise<Reply>;
}

/** Runs one instance to its end; resolves when it has decided. */
function run({ guest, answerTo, ...start }: Run): Promise<Outcome> {
  const replies = new SharedArrayBuffer(4);
  const workerData: GuestStart = { ...start, replies };
  return new Promise((resolve, reject) => {
    // `node:wasi` says that it is experimental.
    const worker = new Worker(guest, { eval: true, workerData, execArgv: ['--no-warnings'] });
    worker.on('error', reject);
    worker.on('message', (message: Ask | Outcome | { kind: 'ended'; code: number }) => {
      if (message.kind === 'respond' || message.kind === 'handoff') {
        resolve(message);
      } else if (message.kind === 'ended') {
        reject(new Error(`the program ended with ${message.code} and decided nothing`));
      } else {
        void answerTo(message).then((reply) => {
          worker.postMessage(reply);
          Atomics.add(new Int32Array(replies), 0, 1);
          Atomics.notify(new Int32Array(replies), 0);
        }, reject);
      }
    });
  });
}

/** The guest's thread as one script, which a worker can run without a loader. */
async function guestCode(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'guest.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** Sends as Fastly does: over a connection of its own, with the headers as they are. */
function send(backend: string | undefined, { method, uri, headers, body }: EdgeRequest): Promise<Reply> {
  if (backend === undefined) return Promise.resolve({ kind: 'unreachable' });
  const { pathname, search } = new URL(uri);
  return new Promise((resolve) => {
    const outgoing = httpRequest(`${backend}${pathname}${search}`, {
      method,
      headers: flat(headers, body),
      agent: false,
    });
    outgoing.once('error', () => resolve({ kind: 'unreachable' }));
    outgoing.once('response', (incoming) => {
      void readBody(incoming).then((bytes) => {
        const response = { status: incoming.statusCode ?? 0, headers: pairs(incoming), body: bytes };
        resolve({ kind: 'response', response });
      });
    });
    outgoing.end(body);
  });
}

function respond(response: ServerResponse, { status, headers, body }: EdgeResponse): void {
  response.writeHead(status, flat(headers, body)).end(body);
}

/**
 * Fanout: asks the backend and holds the connection. Pushpin finds the backend by `Pushpin-Route`.
 */
function holdAt(
  fanout: NonNullable<EdgeStart['fanout']>,
  { method, uri, headers }: EdgeRequest,
  response: ServerResponse,
): void {
  const { pathname, search } = new URL(uri);
  const outgoing = httpRequest(`${fanout.url}${pathname}${search}`, {
    method,
    headers: [...headers, ['Pushpin-Route', fanout.route]].flat(),
    agent: false,
  });
  outgoing.once('error', () => response.destroy());
  outgoing.once('response', (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, incoming.rawHeaders);
    incoming.on('error', () => response.destroy());
    incoming.pipe(response);
  });
  response.once('close', () => outgoing.destroy());
  outgoing.end();
}

async function readRequest(request: IncomingMessage): Promise<EdgeRequest> {
  const uri = `http://${request.headers.host ?? 'edge'}${request.url ?? '/'}`;
  const body = await readBody(request);
  return { method: request.method ?? 'GET', uri, headers: pairs(request), body };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function pairs({ rawHeaders }: IncomingMessage): HeaderList {
  const list: HeaderList = [];
  for (let i = 0; i < rawHeaders.length; i += 2) list.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return list;
}

/** Headers for Node, framed by the length of the body, whatever they said of it. */
function flat(headers: HeaderList, body: Uint8Array): string[] {
  const kept = headers.filter(
    ([name]) => !/^(?:content-length|transfer-encoding|connection|keep-alive)$/i.test(name),
  );
  return [...kept, ...(body.length > 0 ? [['Content-Length', `${body.length}`]] : [])].flat();
}
