/** Listening and closing of a process with an HTTP interface. */
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HoldfastError, messageOf } from '../core/errors.js';

/** An address to listen on. */
export interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * The time that requests under way at the end of the drain may still take: longer than the store
 * may.
 */
const REQUESTS_MS = 4_000;

/**
 * Starts to listen and resolves to the port.
 *
 * @param setting the variable that names the port
 * @throws HoldfastError `field_invalid` when the address cannot be used
 */
export async function listen(server: Server, { host, port }: Address, setting = 'PORT'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new HoldfastError(
          'field_invalid',
          `${setting}: cannot listen on ${host}:${port} (${messageOf(error)}); free it or choose another`,
          {
            field: setting,
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
 * Returns a function that makes each later answer close its connection, answers under way included,
 * so that clients and proxies turn to other nodes.
 */
export function closingAnswers(server: Server): () => void {
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

/**
 * Stops accepting connections, closes idle ones, and the others as soon as they are idle, or after
 * a while.
 */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // An answer that had begun before may leave its connection open; Node closes only those that are
  // idle at the call.
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  const all = setTimeout(() => server.closeAllConnections(), REQUESTS_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(all);
}

/**
 * Waits for all works, at most for the given time; resolves to the names of those that have not
 * ended.
 */
export async function settleWithin(
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

/** Returns the host for a URL to paste into a browser, which the unspecified addresses are not. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
