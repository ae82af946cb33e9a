/**
 * Runs commands and scripts on Redis, and turns failures into errors of the store.
 *
 * A command that the server provably did not execute is tried again for a short while, so that a
 * failover is often over before a caller notices:
 *
 *     the address leads to A            A becomes a replica          B becomes master, the address leads to B
 *     commit ──▶ A ok                   commit ──▶ A: READONLY       connection given up, made again ──▶ B ok
 *
 * Invariant: a command whose outcome is unknown is never sent twice.
 */
import type { Logger } from 'pino';
import { sleep } from '../../core/clock.js';
import { HoldfastError } from '../../core/errors.js';
import { Signal } from '../../core/signal.js';
import type { RedisLocation } from '../location.js';
import { storeName } from '../location.js';
import { WriteMonitor, type WriteState } from '../write-state.js';
import { COMMAND_TIMEOUT, createRedisClient, whenReady, type RedisClient } from './client.js';
import type { Reply } from './codec.js';
import {
  commandError,
  explained,
  storeUnreachable,
  underReplicated,
  wasNotSent,
  type Intent,
} from './errors.js';
import { names } from './names.js';
import { meaningOf } from './reply-error.js';
import { ReplicatedWrites } from './replicated-writes.js';
import { evaluate, type Argument, type Script } from './script.js';
import { PROBE, TIME } from './scripts.js';

/**
 * The time for which commands wait for a lost connection, and repeat what was refused for the
 * moment, milliseconds: a failover or restart is often shorter.
 */
const GRACE = 1_500;

/** The pause before a refused command is repeated, milliseconds. */
const RETRY_PAUSE = 50;

/** The longest wait of a write for its replicas, milliseconds. */
const WAIT_TIMEOUT = 1_000;

/** Commands holds the connections over which everything but blocking reads is sent. */
export class Commands {
  readonly name: string;
  /**
   * Notified when writes moved to another server behind the same address: blocking readers must
   * follow them.
   */
  readonly moved = new Signal();
  readonly #wait: number;
  readonly #client: RedisClient;
  /**
   * The connection for writes that wait for replicas: WAIT holds up all that comes after it on its
   * connection.
   */
  readonly #waiting: RedisClient;
  readonly #replicatedWrites: ReplicatedWrites;
  readonly #outages = new Map<RedisClient, Outage>();
  readonly #log: Logger;
  readonly #writes: WriteMonitor;
  /**
   * The present refusal only ends with a write that succeeds: a probe needs fewer permissions than
   * a commit.
   */
  #forbidden = false;
  /** A replica answered in the place of a master, and no write has been made since. */
  #left = false;
  #closed = false;

  constructor(location: RedisLocation, log: Logger) {
    this.name = storeName(location);
    this.#wait = location.wait;
    this.#log = log;
    this.#writes = new WriteMonitor({
      name: this.name,
      log,
      now: Date.now,
      probe: () => this.#probe(),
    });
    this.#client = this.#create(location, COMMAND_TIMEOUT);
    this.#waiting =
      location.wait === 0 ? this.#client : this.#create(location, COMMAND_TIMEOUT + WAIT_TIMEOUT);
    this.#replicatedWrites = new ReplicatedWrites({
      client: this.#waiting,
      wait: location.wait,
      timeout: WAIT_TIMEOUT,
      explain: (error, waited) => explained(error, waited, COMMAND_TIMEOUT + WAIT_TIMEOUT),
    });
  }

  /** The state of writes, as far as the last ones tell. */
  get writes(): WriteState {
    return this.#writes.state;
  }

  /** True when writes wait for replicas. */
  get waits(): boolean {
    return this.#wait > 0;
  }

  /**
   * Connects, for the first time, and waits for a server that is loading its data.
   *
   * @throws HoldfastError `store_unavailable` after `ms`
   */
  async connect(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    try {
      await Promise.all(
        [...new Set([this.#client, this.#waiting])].map((client) => {
          // A first attempt that fails is followed by others; only whether one succeeds in time
          // counts.
          client.connect().catch(() => undefined);
          return whenReady(client, ms);
        }),
      );
      const time = { lua: TIME, keys: [names.head] };
      await this.#run(this.#client, 'read', (client, sending) => evaluate(client, time, sending), deadline);
    } catch (error) {
      this.close();
      throw error instanceof HoldfastError ? error : storeUnreachable(this.name, error);
    }
  }

  /** Runs a script of which it does not matter whether it was executed when there is no answer. */
  async read(script: Script): Promise<Reply> {
    return this.#run(this.#client, 'read', (client, sending) => evaluate(client, script, sending));
  }

  /** Runs a command that reads. */
  async command(name: string, ...args: Argument[]): Promise<Reply> {
    return this.#run(
      this.#client,
      'read',
      async (client) => (await client.callBuffer(name, [...args])) as Reply,
    );
  }

  /**
   * Runs a script that writes; resolves when enough replicas have its writes. Scripts and their WAIT
   * go over one connection, so that all mean the same server, whatever fails over in between.
   *
   * @throws HoldfastError `store_unavailable`, whose text says whether the change was made.
   */
  async write(script: Script): Promise<Reply> {
    const reply = await (this.#wait === 0
      ? this.#run(this.#client, 'write', (client, sending) => evaluate(client, script, sending))
      : this.#run(this.#waiting, 'write', () => this.#replicated(script)));
    if (this.#left) {
      this.#left = false;
      this.moved.notify();
    }
    if (this.#forbidden) {
      this.#forbidden = false;
      this.#writes.accepted();
    }
    return reply;
  }

  close(): void {
    this.#closed = true;
    this.#writes.close();
    this.#client.disconnect();
    this.#waiting.disconnect();
  }

  async #replicated(script: Script): Promise<Reply> {
    const { reply, replicas } = await this.#replicatedWrites.write(script);
    if (replicas < this.#wait) {
      this.#writes.refused(`Only ${replicas} of ${this.#wait} replicas confirm writes (wait=${this.#wait}).`);
      throw underReplicated(this.name, replicas, this.#wait);
    }
    return reply;
  }

  async #run<T>(
    client: RedisClient,
    intent: Intent,
    work: (client: RedisClient, sending: () => void) => Promise<T>,
    deadline = Date.now() + GRACE,
  ): Promise<T> {
    for (let repeated = false; ;) {
      await this.#connected(client);
      let asked = performance.now();
      const sending = (): void => void (asked = performance.now());
      try {
        return await work(client, sending);
      } catch (failure) {
        // A write that waits for replicas may have queued before it was sent, and is explained there.
        const isSent = client === this.#client;
        const error = isSent ? explained(failure, performance.now() - asked, COMMAND_TIMEOUT) : failure;
        // The answer was not read because this process did not run: asking again costs nothing.
        if (error !== failure && intent === 'read' && !repeated) {
          repeated = true;
          continue;
        }
        const next = retryOf(error);
        this.#left ||= next === 'elsewhere';
        if (next === 'never' || Date.now() + RETRY_PAUSE > deadline || this.#closed) {
          this.#noteRefusal(error);
          throw commandError(this.name, intent, error);
        }
      }
      await sleep(RETRY_PAUSE, NEVER);
    }
  }

  #noteRefusal(error: unknown): void {
    const meaning = meaningOf(error);
    const forbidden = meaning?.kind === 'interrupted' && meaning.forbidden;
    if (meaning?.kind !== 'refused' && !forbidden) return;
    if (meaning.kind === 'refused' && meaning.code === undefined) return;
    this.#forbidden ||= forbidden || (meaning.kind === 'refused' && meaning.code === 'NOPERM');
    this.#writes.refused(commandError(this.name, 'read', error).message);
  }

  async #probe(): Promise<boolean> {
    if (this.#forbidden) return false;
    await this.write({ lua: PROBE, keys: [names.marker] });
    return true;
  }

  /**
   * Waits for a lost connection, but not longer than a short outage takes: in a long one every
   * command fails immediately.
   */
  async #connected(client: RedisClient): Promise<void> {
    if (client.status === 'ready') return;
    const outage = this.#outages.get(client);
    try {
      await whenReady(client, Math.max(0, (outage?.since ?? 0) + GRACE - Date.now()));
    } catch (error) {
      throw storeUnreachable(this.name, outage?.error ?? error);
    }
  }

  /**
   * A client whose outages are kept and logged; one that ends by our own doing is logged only if it
   * lasts.
   */
  #create(location: RedisLocation, commandTimeout: number): RedisClient {
    let leaving = false;
    const onLeave = () => (leaving = true);
    const client = createRedisClient(location, { reconnect: true, commandTimeout, onLeave });
    client.on('error', (error: unknown) => {
      const outage = this.#outages.get(client);
      if (outage !== undefined) outage.error = error;
    });
    client.on('ready', () => {
      const outage = this.#outages.get(client);
      this.#outages.delete(client);
      if (outage?.logged === true) this.#log.info({ store: this.name }, 'the store is available again');
    });
    client.on('close', () => {
      if (this.#closed) return;
      const outage = this.#outages.get(client) ?? {
        since: Date.now(),
        error: new Error('the connection was lost'),
        logged: false,
      };
      this.#outages.set(client, outage);
      if (!leaving && !outage.logged) {
        outage.logged = true;
        this.#log.warn({ store: this.name }, 'the store is unavailable');
      }
      leaving = false;
    });
    return client;
  }
}

interface Outage {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Its last known reason. */
  error: unknown;
  logged: boolean;
}

/** A pause of a command is short, and nothing ends it early. */
const NEVER = new AbortController().signal;

/** Where a failed command may be sent again without being executed twice. */
function retryOf(error: unknown) {
  if (wasNotSent(error)) return 'here';
  const meaning = meaningOf(error);
  return meaning?.kind === 'refused' ? meaning.retry : 'never';
}
