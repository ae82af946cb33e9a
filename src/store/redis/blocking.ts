/** Reading for ever by commands that block, each reader over connections of its own: a blocking command holds up all else on its connection. */
import { sleep } from '../../core/clock.js';
import type { RedisLocation } from '../location.js';
import { reconnectDelay, COMMAND_TIMEOUT, createRedisClient, whenReady, type RedisClient } from './client.js';
import { commandError } from './errors.js';

/** How long a command waits for something new, milliseconds: half of the two seconds within which the port promises word. */
export const BLOCK_MS = 1_000;

const CONNECT_TIMEOUT = 3_000;

export interface ReaderOptions {
  readonly location: RedisLocation;
  /** For errors. */
  readonly name: string;
  readonly signal: AbortSignal;
}

export interface Unavailable {
  readonly kind: 'away';
  readonly error: Error;
}

/**
 * What `read` yields over one connection, and over the next one when that fails, until the signal aborts. `away` comes once per outage:
 * whatever `read` yields ends it.
 */
export async function* overConnections<T>(
  { location, name, signal }: ReaderOptions,
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
    const abort = () => client.disconnect();
    signal.addEventListener('abort', abort);
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
      client.disconnect();
    }
    if (isAborted(signal)) return;
    if (!away) yield { kind: 'away', error: commandError(name, 'read', failure) };
    away = true;
    await sleep(reconnectDelay(++attempt), signal);
  }
}

/** Behind a function, because the compiler believes that a flag it has seen to be false stays so. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
