/**
 * Connections to Redis: which server, how, and how long to wait for it.
 *
 * Nothing is ever sent twice behind our back: ioredis would otherwise repeat a commit whose answer was lost, and the repeat would
 * find its own work and report a conflict. So nothing is queued while there is no connection, and nothing is resent after one was lost.
 */
import { Cluster, Redis } from 'ioredis';
import { equalJitter } from '../../core/backoff.js';
import type { RedisLocation } from '../location.js';

export type RedisClient = Redis | Cluster;

/** The range of the delays before a connection is made again. */
const RECONNECT = { first: 50, max: 1_000 };

/** A command without an answer for so long has failed, milliseconds. */
export const COMMAND_TIMEOUT = 2_000;

/** A connection that is owed an answer for so long is dead (a cut cable says nothing), milliseconds. */
const SOCKET_TIMEOUT = 5_000;

export interface RedisClientOptions {
  /** Try again, for ever, when the connection is lost or cannot be made. Otherwise the client ends. */
  readonly reconnect: boolean;
  /** Milliseconds. */
  readonly commandTimeout: number;
}

/** A client that does not connect before `connect()`. Its `error` events are for its owner to listen to. */
export function createRedisClient(location: RedisLocation, options: RedisClientOptions): RedisClient {
  return location.mode === 'cluster'
    ? createClusterClient(location, options)
    : createServerClient(location, options);
}

/** The delay before the n-th attempt to connect again: short at first, then about every second, never in step with other nodes. */
export function reconnectDelay(attempt: number): number {
  return equalJitter(attempt, RECONNECT, Math.random());
}

/** Resolves when the client can take commands; rejects after `ms`, when it has ended, or when the signal aborts. */
export function whenReady(client: RedisClient, ms: number, signal?: AbortSignal): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    let last: unknown;
    const onReady = () => finish(resolve);
    const onError = (error: unknown) => (last = error);
    const onEnd = () => finish(() => reject(asError(last, 'the connection was closed')));
    const timer = setTimeout(() => finish(() => reject(asError(last, `no connection within ${ms} ms`))), ms);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      client.off('ready', onReady).off('error', onError).off('end', onEnd);
      signal?.removeEventListener('abort', onEnd);
      settle();
    };
    client.on('ready', onReady).on('error', onError).on('end', onEnd);
    signal?.addEventListener('abort', onEnd);
    if (signal?.aborted === true) onEnd();
  });
}

function createServerClient(location: RedisLocation, options: RedisClientOptions): Redis {
  const [node] = location.nodes;
  const retry = retryStrategy(options);
  const server =
    location.mode === 'sentinel'
      ? {
          sentinels: [...location.nodes],
          name: location.masterName ?? '',
          sentinelRetryStrategy: retry,
          ...(location.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
        }
      : { host: node?.host ?? '', port: node?.port ?? 0 };
  return new Redis({
    ...connectionOptions(location, options),
    ...server,
    db: location.db,
    retryStrategy: retry,
    enableOfflineQueue: false,
    lazyConnect: true,
  });
}

function createClusterClient(location: RedisLocation, options: RedisClientOptions): Cluster {
  return new Cluster([...location.nodes], {
    redisOptions: connectionOptions(location, options),
    clusterRetryStrategy: retryStrategy(options),
    enableOfflineQueue: false,
    lazyConnect: true,
    // A command whose connection was lost may have been executed; redirected ones were not, so those are followed.
    retryDelayOnFailover: 0,
    maxRedirections: 5,
    slotsRefreshTimeout: 2_000,
    // With TLS the certificate names hosts, so a name must not be resolved before the handshake.
    ...(location.tls ? { dnsLookup: keepName } : {}),
  });
}

function connectionOptions(location: RedisLocation, options: RedisClientOptions) {
  return {
    ...(location.username === undefined ? {} : { username: location.username }),
    ...(location.password === undefined ? {} : { password: location.password }),
    ...(location.tls ? { tls: {} } : {}),
    protocol: 2 as const, // the replies of our scripts have no use for RESP3, and some proxies and services lack it
    commandTimeout: options.commandTimeout,
    connectTimeout: 3_000,
    socketTimeout: SOCKET_TIMEOUT,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectionName: 'holdfast',
    // After a failover we may still be connected to what is a replica now.
    reconnectOnError: (error: Error) => options.reconnect && error.message.startsWith('READONLY'),
  };
}

function retryStrategy(options: RedisClientOptions): (attempt: number) => number | null {
  return options.reconnect ? reconnectDelay : () => null;
}

function keepName(address: string, callback: (error: null, address: string) => void): void {
  callback(null, address);
}

function asError(error: unknown, otherwise: string): Error {
  return error instanceof Error ? error : new Error(otherwise);
}
