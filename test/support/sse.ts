/**
 * An SSE client for tests, straight on node:http: keeps every byte, forgives nothing, never
 * reconnects.
 */
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { SseParser, type SseBlock } from '../../src/core/sse.js';

export interface SseEvent {
  readonly data: string;
  /** The `id:` of this event itself; `undefined` when it has none. */
  readonly id: string | undefined;
  /** The event name; `undefined` when there is none, which means `message`. */
  readonly event: string | undefined;
  /** When it was complete, by performance.now(). Milliseconds. */
  readonly at: number;
}

export interface SseOptions {
  /** An API key: sent as the password of Basic authentication. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the headers of the answer must be here; default 10,000. */
  readonly timeout?: number;
}

export type SseEnd =
  | 'ended' // the response is complete
  | 'broken' // the connection was lost in the middle of it
  | 'closed'; // by close()

export interface SseConnection {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly events: readonly SseEvent[];
  /** The text after the colon, in order. */
  readonly comments: readonly string[];
  /** The values of `retry:`, milliseconds. */
  readonly retries: readonly number[];
  /** Violations that a strict reader objects to, such as unknown fields. */
  readonly errors: readonly string[];
  /** The body so far, whatever it is. */
  raw(): Buffer;
  /** Resolves when `condition` holds; it is looked at after every chunk and at the end. */
  waitFor(condition: (connection: SseConnection) => boolean, timeout?: number): Promise<void>;
  /** The first event for which `condition` holds, which may have arrived before. */
  waitForEvent(condition: (event: SseEvent) => boolean, timeout?: number): Promise<SseEvent>;
  /** The end of the response. Never rejects. */
  readonly closed: Promise<SseEnd>;
  isClosed(): boolean;
  close(): void;
}

/** Opens a stream; resolves when the status and headers are here, whatever the status. */
export function openSse(url: string | URL, options: SseOptions = {}): Promise<SseConnection> {
  const headers: Record<string, string> = { accept: 'text/event-stream', ...options.headers };
  if (options.key !== undefined) {
    headers.authorization = `Basic ${Buffer.from(`test:${options.key}`).toString('base64')}`;
  }
  return new Promise((resolve, reject) => {
    // No agent: a connection of its own, which close() really closes.
    const outgoing = request(url, { headers, agent: false });
    const timer = setTimeout(() => {
      outgoing.destroy(new Error(`no answer from ${url.toString()} in time`));
    }, options.timeout ?? 10_000);
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      // From here on a lost connection is an end of the stream, not an error of this call.
      outgoing.on('error', () => undefined);
      resolve(readStream(response, () => outgoing.destroy()));
    });
    outgoing.end();
  });
}

function readStream(response: IncomingMessage, destroy: () => void): SseConnection {
  const chunks: Buffer[] = [];
  const events: SseEvent[] = [];
  const comments: string[] = [];
  const retries: number[] = [];
  const errors: string[] = [];
  const watchers = new Set<() => void>();
  let end: SseEnd | undefined;
  const parser = new SseParser();
  const record = (block: SseBlock) => {
    if (block.kind === 'event') {
      events.push({ id: block.id, event: block.name, data: block.data, at: performance.now() });
    } else if (block.kind === 'comment') comments.push(block.text);
    else if (block.kind === 'retry') retries.push(block.milliseconds);
    else errors.push(`ignored: ${block.line}`);
  };
  const notify = () => {
    for (const watcher of [...watchers]) watcher();
  };
  const closed = new Promise<SseEnd>((resolve) => {
    response.once('close', () => {
      end ??= response.complete ? 'ended' : 'broken';
      resolve(end);
      notify();
    });
  });
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    for (const block of parser.read(chunk)) record(block);
    notify();
  });

  const waitFor = (condition: () => boolean, timeout: number) =>
    new Promise<void>((resolve, reject) => {
      const settle = (done: () => void) => {
        watchers.delete(look);
        clearTimeout(timer);
        done();
      };
      const fail = (why: string) => {
        const seen = `status ${response.statusCode ?? 0}, ${events.length} events, ${comments.length} comments`;
        const last = JSON.stringify(Buffer.concat(chunks).toString().slice(-500));
        settle(() => reject(new Error(`${why} (${seen}, the last bytes: ${last})`)));
      };
      const look = () => {
        if (condition()) settle(resolve);
        else if (end !== undefined) fail(`the stream was ${end} before the condition held`);
      };
      const timer = setTimeout(() => fail(`the condition did not hold within ${timeout} ms`), timeout);
      watchers.add(look);
      look();
    });

  const connection: SseConnection = {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    comments,
    retries,
    errors,
    raw: () => Buffer.concat(chunks),
    waitFor: (condition, timeout = 10_000) => waitFor(() => condition(connection), timeout),
    waitForEvent: async (condition, timeout = 10_000) => {
      await waitFor(() => events.some(condition), timeout);
      return events.find(condition)!;
    },
    closed,
    isClosed: () => end !== undefined,
    close: () => {
      end ??= 'closed';
      destroy();
    },
  };
  return connection;
}
