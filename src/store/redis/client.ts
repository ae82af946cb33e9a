/**
 * Connections to Redis: the server, the login, and the limits of every wait.
 *
 * ioredis sends nothing twice: it would otherwise repeat a commit whose answer was lost, and the
 * repeat would find its own work and report a conflict. So nothing is queued while there is no
 * connection, and nothing is resent after one was lost. Commands that were provably not executed
 * are repeated by commands.ts.
 */
import { Cluster, Redis } from 'ioredis';
import { equalJitter } from '../../core/backoff.js';
import type { RedisLocation } from '../location.js';
import { meaningOf } from './reply-error.js';

/** A connection to one Redis, or the connections to a Cluster. */
export type RedisClient = Redis | Cluster;

/** The range of the delays before a connection is made again. */
const RECONNECT = { first: 50, max: 1_000 };

/** The time after which a command without an answer has failed, milliseconds. */
export const COMMAND_TIMEOUT = 2_000;

/**
 * The time after which a connection that is owed an answer is dead (a cut cable says nothing),
 * milliseconds.
 */
const SOCKET_TIMEOUT = 5_000;

/** Options of {@link createRedisClient}. */
export interface RedisClientOptions {
  /**
   * Try again, for ever, when the connection is lost or cannot be made. Otherwise the client ends.
   */
  readonly reconnect: boolean;
  /** Milliseconds. */
  readonly commandTimeout: number;
  /**
   * Called when a connection is given up because the server behind it turned out to be a replica.
   */
  readonly onLeave?: () => void;
}

/**
 * Creates a client that does not connect before `connect()`. Its `error` events are for its owner
 * to listen to.
 */
export function createRedisClient(location: RedisLocation, options: RedisClientOptions): RedisClient {
  return location.mode === 'cluster'
    ? createClusterClient(location, options)
    : createServerClient(location, options);
}

/**
 * The delay before the n-th attempt to connect again: short at first, then about every second,
 * never in step with other nodes.
 */
export function reconnectDelay(attempt: number): number {
  return equalJitter(attempt, RECONNECT, Math.random());
}

/**
 * Resolves when the client can take commands; rejects after `ms`, when it has ended, or when the
 * signal aborts.
 */
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
          ...(location.sentinelUsername === undefined ? {} : { sentinelUsername: location.sentinelUsername }),
          ...(location.sentinelPassword === undefined ? {} : { sentinelPassword: location.sentinelPassword }),
          sentinelRetryStrategy: retry,
          ...(location.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
        }
      : { host: node?.host ?? '', port: node?.port ?? 0 };
  return new GatheringRedis({
    ...connectionOptions(location, options),
    ...server,
    db: location.db,
    retryStrategy: retry,
    enableOfflineQueue: false,
    lazyConnect: true,
    // It needs INFO, which an ACL may forbid; a server that is still loading is recognised by its
    // replies.
    enableReadyCheck: false,
  });
}

/**
 * A client that sends the commands of one turn of the event loop in one write, so that the server reads and answers
 * them in one step (docs/decisions/0077). The connections of a Cluster are not of this class: ioredis makes them.
 */
class GatheringRedis extends Redis {
  #isGathering = false;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    // There is none before the client connects.
    const stream = this.stream as Redis['stream'] | undefined;
    if (stream !== undefined && !this.#isGathering) {
      this.#isGathering = true;
      stream.cork();
      setImmediate(() => {
        this.#isGathering = false;
        stream.uncork();
      });
    }
    return super.sendCommand(...args);
  }
}

function createClusterClient(location: RedisLocation, options: RedisClientOptions): Cluster {
  return new Cluster([...location.nodes], {
    redisOptions: connectionOptions(location, options),
    clusterRetryStrategy: retryStrategy(options),
    enableOfflineQueue: false,
    lazyConnect: true,
    // A command whose connection was lost may have been executed; redirected ones were not, so
    // those are followed.
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
    protocol: 2 as const, // the scripts' replies have no use for RESP3, and some proxies and services lack it
    commandTimeout: options.commandTimeout,
    connectTimeout: 3_000,
    socketTimeout: SOCKET_TIMEOUT,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectionName: 'holdfast',
    // After a failover behind one address, the connection still leads to the server that is a
    // replica now.
    reconnectOnError: (error: Error) => {
      const meaning = meaningOf(error);
      const leave = options.reconnect && meaning?.kind === 'refused' && meaning.retry === 'elsewhere';
      if (leave) options.onLeave?.();
      return leave;
    },
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
