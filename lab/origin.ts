/**
 * An SSE origin that follows the published advice for streaming miss: its streams end by
 * themselves, and each may be cached until two seconds before that.
 *
 * A stream begins with everything there is, as each client's does: it is shared by clients that
 * stand in different places, so it cannot begin where one of them stands.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LabEvent } from './event.js';

/** The way in which the origin ends its streams when it stops. */
export type End =
  | 'ended' // `response.end()`, as a good shutdown does: the response is complete
  | 'aborted'; // the socket is destroyed, so the reader of the response knows that it is not complete

export interface OriginOptions {
  /** Seconds after which a stream ends by itself. */
  readonly duration: number;
  /** `s-maxage`, seconds. */
  readonly ttl: number;
  readonly end: End;
}

/**
 * The pause that clients are asked to keep before they reconnect, as the author of the CDN's
 * article on SSE has it in his library. Milliseconds.
 */
const RETRY = 1_000;

export class Origin {
  readonly #options: OriginOptions;
  /** The last event of each key, in the order of the events. */
  readonly #state = new Map<string, LabEvent>();
  readonly #open = new Map<ServerResponse, NodeJS.Timeout>();
  #server: Server | undefined;
  #port = 0;
  #requests = 0;

  constructor(options: OriginOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** Streams that were asked for. */
  get requests(): number {
    return this.#requests;
  }

  /** Listens; on the same port again after `stop`. */
  async start(): Promise<void> {
    const server = createServer((_request, response) => this.#answer(response));
    // Well above what the cache keeps idle connections for, so that none is closed while it is
    // taken for the next request.
    server.keepAliveTimeout = 300_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  publish(event: LabEvent): void {
    this.#state.delete(event.key);
    this.#state.set(event.key, event);
    for (const response of this.#open.keys()) response.write(textOf(event));
  }

  /**
   * Ends all streams and listens again at once, as when a deploy puts a new process in the place of
   * the old one.
   */
  async restart(): Promise<void> {
    await this.stop(this.#options.end);
    await this.start();
  }

  async stop(end: End = 'aborted'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const written = [...this.#open].map(([response, timer]) => {
      clearTimeout(timer);
      this.#open.delete(response);
      return endStream(response, end);
    });
    await Promise.all(written);
    server.closeAllConnections();
    await closed;
  }

  #answer(response: ServerResponse): void {
    this.#requests++;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': `no-cache, s-maxage=${this.#options.ttl}`,
    });
    response.write(`retry: ${RETRY}\n\n${[...this.#state.values()].map(textOf).join('')}`);
    const timer = setTimeout(() => {
      this.#open.delete(response);
      response.end();
    }, this.#options.duration * 1_000);
    this.#open.set(response, timer);
    response.once('close', () => {
      clearTimeout(timer);
      this.#open.delete(response);
    });
  }
}

/** Resolves when the end is on its way. */
function endStream(response: ServerResponse, end: End): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    if (end === 'ended') response.end();
    else response.destroy();
  });
}

function textOf({ number, value }: LabEvent): string {
  return `data: ${value}\nid: ${number}\n\n`;
}
