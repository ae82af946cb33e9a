/**
 * A running Holdfast node: a composition that listens, and how it stops.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Committer } from './commit/committer.js';
import { compose, type Secrets } from './compose.js';
import type { Settings } from './config.js';
import { HoldfastError, messageOf } from './errors.js';
import { createHttpServer } from './http/server.js';
import type { Logger } from './observe/log.js';
import type { Store } from './store/store.js';

export interface RunningServer {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly committer: Committer;
  /**
   * Stops: readiness off, direct holds ended over the drain time, requests that are under way finished, the lease given up. The store
   * stays open; it is the caller's.
   */
  stop(): Promise<void>;
}

/** How long a stopping server waits for requests that are under way. */
const FINISH_MS = 5_000;

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
  const { app, replica, committer, directHolds, lead, enter } = compose(settings, secrets, store, log, {
    now: Date.now,
    monotonic: () => performance.now(),
    random: Math.random,
  });
  await replica.start();
  const server = createHttpServer(app);
  const port = await listen(server, settings);
  const stopping = new AbortController();
  const led = lead(stopping.signal);
  enter('serving');

  const stop = async (): Promise<void> => {
    enter('stopping');
    // The lease first: another node takes over while this one still answers.
    stopping.abort();
    await Promise.all([led, directHolds.drain(settings.drainSeconds)]);
    await close(server);
    await replica.stop();
  };
  return { url: `http://${reachable(settings.host)}:${port}`, committer, stop };
}

async function listen(server: Server, { host, port }: Settings): Promise<number> {
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

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), FINISH_MS);
  await closed;
  clearTimeout(timer);
}

/** An address that one can paste: the unspecified ones are not. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
