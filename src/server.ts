/**
 * A running Holdfast node: a composition that listens, and how it stops.
 */
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Committer } from './commit/committer.js';
import { compose, type Secrets } from './compose.js';
import { openBuckets } from './compose-belt.js';
import type { Settings } from './config.js';
import { HoldfastError, messageOf } from './errors.js';
import { createHttpServer } from './http/server.js';
import { REAL } from './nature.js';
import type { Logger } from './observe/log.js';
import type { Store } from './store/store.js';

export interface RunningServer {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly committer: Committer;
  /**
   * Stops: readiness off, the lease given up, direct holds ended over the drain time, requests that are under way finished. Resolves
   * within the drain time and 5 s, whatever clients, proxies and the store do; what has not ended by then is left behind, and ends with the
   * process. The store stays open; it is the caller's. [protocol] #stopping
   */
  stop(): Promise<void>;
}

/** What a stop may take beyond the drain. */
const FINISH_MS = 5_000;
/** How long requests that are under way when the drain is over may take: longer than the store may. */
const REQUESTS_MS = 4_000;

/**
 * Starts a node on an open store.
 *
 * @throws HoldfastError `store_unavailable` when the store cannot be read; `field_invalid` when the port cannot be used
 */
export async function startServer(
  settings: Settings,
  secrets: Secrets,
  store: Store,
  log: Logger,
): Promise<RunningServer> {
  const buckets = await openBuckets(settings);
  const node = compose(settings, secrets, store, log, REAL, buckets);
  const { app, replica, committer, directHolds, lead, enter } = node;
  await replica.start();
  const server = createHttpServer(app);
  const closeAfterAnswers = closingAnswers(server);
  const port = await listen(server, settings);
  const stopping = new AbortController();
  const led = lead(stopping.signal);
  enter('serving');

  const stop = async (): Promise<void> => {
    enter('stopping');
    closeAfterAnswers();
    // The lease first: another node takes over while this one still answers.
    stopping.abort();
    const served = directHolds.drain(settings.drainSeconds).then(() => close(server));
    const works = { publishing: led, requests: served, following: served.then(() => replica.stop()) };
    const unfinished = await endWithin(settings.drainSeconds * 1000 + FINISH_MS, works);
    if (unfinished.length > 0) log.warn({ unfinished }, 'stopping without waiting any longer');
  };
  return { url: `http://${reachable(settings.host)}:${port}`, committer, stop };
}

/** Resolves to the port. @throws HoldfastError `field_invalid` when it cannot be used */
export async function listen(server: Server, { host, port }: Settings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new HoldfastError(
          'field_invalid',
          `PORT: cannot listen on ${host}:${port} (${messageOf(error)}); free it or choose another`,
          {
            field: 'PORT',
            cause: error,
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/**
 * Returns what makes each answer from then on close its connection, also of requests that are under way, so that clients and proxies turn
 * to other nodes.
 */
function closingAnswers(server: Server): () => void {
  const open = new Set<ServerResponse>();
  let closing = false;
  const mark = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('Connection', 'close');
  };
  server.prependListener('request', (_request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (closing) mark(response);
  });
  return () => {
    closing = true;
    for (const response of open) mark(response);
  };
}

/** Closes: no connection is accepted any more, idle ones are closed, and the others when they are idle, or after a while. */
export async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // An answer that had begun before may leave its connection open; Node closes only those that are idle when it is told to close.
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  const all = setTimeout(() => server.closeAllConnections(), REQUESTS_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(all);
}

/** Waits until all works have ended, but not longer; resolves to the names of those that have not. */
export async function endWithin(
  milliseconds: number,
  works: Readonly<Record<string, Promise<void>>>,
): Promise<string[]> {
  const unfinished = new Set(Object.keys(works));
  const all = Object.entries(works).map(([name, work]) => work.then(() => unfinished.delete(name)));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([Promise.all(all), late]);
  clearTimeout(timer);
  return [...unfinished];
}

/** An address that one can paste: the unspecified ones are not. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
