/**
 * Endless reading by commands that block, each reader over connections of its own: a blocking
 * command holds up everything else on its connection.
 */
import { sleep } from '../../core/clock.js';
import type { Signal } from '../../core/signal.js';
import type { RedisLocation } from '../location.js';
import { COMMAND_TIMEOUT, createRedisClient, reconnectDelay, whenReady, type RedisClient } from './client.js';
import { commandError } from './errors.js';
import { meaningOf } from './reply-error.js';

/**
 * The longest wait of a command for something new, milliseconds: half of the two seconds that the
 * port promises.
 */
export const BLOCK_MS = 1_000;

const CONNECT_TIMEOUT = 3_000;

/** Options of {@link overConnections}. */
export interface ReaderOptions {
  readonly location: RedisLocation;
  /** The store's name in errors. */
  readonly name: string;
  /** Notified when another server took over behind the same address: the reader connects again. */
  readonly moved: Signal;
  readonly signal: AbortSignal;
}

/** The signal of an outage. */
export interface Unavailable {
  readonly kind: 'away';
  readonly error: Error;
}

/**
 * Yields what `read` yields over one connection, and over the next one when that fails, until the
 * signal aborts. `away` comes once per outage; the next value of `read` ends it.
 */
export async function* overConnections<T>(
  { location, name, moved, signal }: ReaderOptions,
  read: (client: RedisClient) => AsyncIterable<T>,
): AsyncGenerator<T | Unavailable, void, void> {
  let attempt = 0;
  let away = false;
  while (!signal.aborted) {
    const client = createRedisClient(location, {
      reconnect: false,
      commandTimeout: BLOCK_MS + COMMAND_TIMEOUT,
    });
    let failure: unknown;
    client.on('error', (error: unknown) => (failure = error));
    const connection = new AbortController();
    const abort = () => client.disconnect();
    signal.addEventListener('abort', abort);
    const left = leaveWhen(moved, client, connection.signal);
    try {
      client.connect().catch(() => undefined);
      await whenReady(client, CONNECT_TIMEOUT, signal);
      for await (const each of read(client)) {
        attempt = 0;
        away = false;
        yield each;
      }
    } catch (error) {
      failure = error;
    } finally {
      signal.removeEventListener('abort', abort);
      connection.abort();
      client.disconnect();
    }
    if (isAborted(signal)) return;
    // A server that says that it is the wrong one, or not yet ready, is no outage if the next
    // connection works.
    const isFirst = attempt === 0 && !away;
    if ((await left) || (isFirst && mayPass(failure))) {
      attempt++;
      continue;
    }
    if (!away) yield { kind: 'away', error: commandError(name, 'read', failure) };
    away = true;
    await sleep(reconnectDelay(++attempt), signal);
  }
}

/**
 * Ends a connection when the server has moved; resolves to whether it did so, once `signal` aborts
 * at the latest.
 */
async function leaveWhen(moved: Signal, client: RedisClient, signal: AbortSignal): Promise<boolean> {
  const hasMoved = await moved.wait(undefined, signal);
  if (hasMoved) client.disconnect();
  return hasMoved;
}

function mayPass(failure: unknown): boolean {
  const meaning = meaningOf(failure);
  return meaning?.kind === 'refused' && meaning.retry !== 'never';
}

/**
 * Behind a function, because the compiler believes that a flag it has seen to be false stays so.
 */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
