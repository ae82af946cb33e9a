/**
 * Tells a holder of a lease that died from one that is slow.
 *
 * A holder subscribes to a channel of its own. The subscription ends with its connection, which the
 * system closes when the process dies, however it dies; a process that merely stalls keeps it. So
 * nodes that find the lease held and no subscriber need not wait until the lease is over.
 *
 *     holder ──subscription──▶ Redis ◀──"held, and not subscribed"?── another node, four times a second
 *
 * Which holders have shown themselves is in a key of its own: one that never did (an older release,
 * a user without the permission) keeps the lease until it ends.
 */
import { sleep } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import type { Logger } from 'pino';
import type { RedisLocation } from '../location.js';
import { COMMAND_TIMEOUT, createRedisClient, whenReady, type RedisClient } from './client.js';

/** The longest wait for a connection, milliseconds. */
const CONNECT_MS = 3_000;
/**
 * The pause before the next connection, milliseconds: with the time to connect, much shorter than
 * the absence after which another node takes over.
 */
const PAUSE_MS = 100;

/** The time for which a holder must be absent before it is replaced, milliseconds. */
const ABSENT_MS = 500;
/**
 * Looks that are further apart are not of one absence, milliseconds: the holder may have been there
 * in between.
 */
const APART_MS = 2_000;

/** Options of {@link LeasePresence}. */
export interface LeasePresenceOptions {
  readonly location: RedisLocation;
  /** The store's name in the log. */
  readonly name: string;
  readonly log: Logger;
  /** Ends all connections; a lease that is held is left to its end or to another process. */
  readonly closing: AbortSignal;
}

/** Keeps a subscription while this process holds a lease. */
export class LeasePresence {
  readonly #options: LeasePresenceOptions;
  #shown: AbortController | undefined;
  /** The connection that is subscribed. */
  #client: RedisClient | undefined;
  /** Looks of this process at the lease, one after the other, that did not find its subscription. */
  #unseen = 0;
  #warned = false;

  constructor(options: LeasePresenceOptions) {
    this.#options = options;
  }

  /**
   * Subscribes, and goes on until {@link hide}.
   *
   * @param isSeen whether the server that has the lease has the subscription
   */
  show(channel: string, isSeen: boolean): void {
    if (this.#shown === undefined) {
      this.#unseen = 0;
      this.#shown = new AbortController();
      void this.#keep(channel, AbortSignal.any([this.#shown.signal, this.#options.closing]));
      return;
    }
    this.#unseen = isSeen ? 0 : this.#unseen + 1;
    // It leads to a server that is a replica now, or to another one of a Cluster. More and more
    // rarely, because a server may also be unable to say.
    if (isPowerOfTwo(this.#unseen)) this.#client?.disconnect();
  }

  /** Ends the subscription. */
  hide(): void {
    this.#shown?.abort();
    this.#shown = undefined;
  }

  async #keep(channel: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#subscribe(channel, signal).catch((error: unknown) => this.#warn(error));
      await sleep(PAUSE_MS, signal);
    }
  }

  /** Resolves when the connection has ended. */
  async #subscribe(channel: string, signal: AbortSignal): Promise<void> {
    const client = createRedisClient(this.#options.location, {
      reconnect: false,
      commandTimeout: COMMAND_TIMEOUT,
    });
    const abort = () => client.disconnect();
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    client.on('error', () => undefined).on('end', ended);
    signal.addEventListener('abort', abort);
    try {
      client.connect().catch(() => undefined);
      await whenReady(client, CONNECT_MS, signal);
      await client.subscribe(channel);
      this.#client = client;
      this.#unseen = 0;
      await end;
    } catch (error) {
      if (client.status === 'ready') throw error;
    } finally {
      this.#client = undefined;
      signal.removeEventListener('abort', abort);
      client.disconnect();
    }
  }

  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const { name: store, log } = this.#options;
    log.warn(
      { store, error: messageOf(error) },
      'the store refuses a subscription: if this node dies while it leads, another takes over after six seconds instead of one',
    );
  }
}

/** Remembers since when the holder of a lease has been absent. */
export class HolderAbsence {
  #absent: { readonly holder: string; readonly since: number; readonly last: number } | undefined;

  /** @param holder that was found to be absent; `undefined` when none was */
  note(holder: string | undefined, now: number): void {
    const known = this.#absent;
    const goesOn = known?.holder === holder && known !== undefined && now - known.last <= APART_MS;
    this.#absent =
      holder === undefined ? undefined : { holder, since: goesOn ? known.since : now, last: now };
  }

  /** Returns the holder that has been absent for so long that it may be replaced, if any. */
  replaceable(now: number): string | undefined {
    const { holder, since = now } = this.#absent ?? {};
    return now - since >= ABSENT_MS ? holder : undefined;
  }
}

function isPowerOfTwo(count: number): boolean {
  return count >= 2 && (count & (count - 1)) === 0;
}
