/** Runs commands and scripts on Redis, and turns what goes wrong into the errors of the store. */
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../../core/errors.js';
import type { RedisLocation } from '../location.js';
import { storeName } from '../location.js';
import { COMMAND_TIMEOUT, createRedisClient, whenReady, type RedisClient } from './client.js';
import type { Reply } from './codec.js';
import { names } from './names.js';
import { PROBE } from './scripts.js';
import { WriteMonitor, type WriteState } from '../write-state.js';
import { commandError, refusesWrites, underReplicated, storeUnreachable } from './errors.js';

/** How long after the connection was lost commands still wait for it, milliseconds: a failover or restart is often shorter. */
const GRACE = 1_500;

/** How long a write waits for its replicas, milliseconds. */
const WAIT_TIMEOUT = 1_000;

type Argument = string | number | Buffer;

export interface Script {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly args?: readonly Argument[];
}

export class Commands {
  readonly name: string;
  readonly #wait: number;
  readonly #client: RedisClient;
  /** Where writes go when they wait for replicas: WAIT holds up all that comes after it on its connection. */
  readonly #waiting: RedisClient;
  readonly #outages = new Map<RedisClient, Outage>();
  readonly #log: Logger;
  readonly #writes: WriteMonitor;
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
    this.#client = this.#watch(
      createRedisClient(location, { reconnect: true, commandTimeout: COMMAND_TIMEOUT }),
    );
    this.#waiting =
      location.wait === 0
        ? this.#client
        : this.#watch(
            createRedisClient(location, { reconnect: true, commandTimeout: COMMAND_TIMEOUT + WAIT_TIMEOUT }),
          );
  }

  /** Whether the store takes writes, as far as the last ones tell. */
  get writes(): WriteState {
    return this.#writes.state;
  }

  /** Whether writes wait for replicas. */
  get waits(): boolean {
    return this.#wait > 0;
  }

  /** Connects, for the first time. @throws HoldfastError `store_unavailable` after `ms`. */
  async connect(ms: number): Promise<void> {
    try {
      await Promise.all(
        [...new Set([this.#client, this.#waiting])].map((client) => {
          // A first attempt that fails is followed by others; only whether one succeeds in time counts.
          client.connect().catch(() => undefined);
          return whenReady(client, ms);
        }),
      );
    } catch (error) {
      this.close();
      throw storeUnreachable(this.name, error);
    }
  }

  async read(script: Script): Promise<Reply> {
    return this.#run(this.#client, 'read', (client) => evaluate(client, script));
  }

  async command(name: string, ...args: Argument[]): Promise<Reply> {
    return this.#run(
      this.#client,
      'read',
      async (client) => (await client.callBuffer(name, [...args])) as Reply,
    );
  }

  /**
   * Runs a script that writes; resolves when enough replicas have what it wrote. Script and WAIT go over one connection, so that both
   * mean the same server, whatever fails over in between.
   *
   * @throws HoldfastError `store_unavailable`, whose text says whether the change was made.
   */
  async write(script: Script): Promise<Reply> {
    if (this.#wait === 0) {
      return this.#run(this.#client, 'write', (client) => evaluate(client, script));
    }
    return this.#run(this.#waiting, 'write', async (client) => {
      const results = await client
        .pipeline()
        .callBuffer('EVAL', scriptArguments(script))
        .call('WAIT', [this.#wait, WAIT_TIMEOUT])
        .exec();
      const [[failed, reply] = [], [unknown, replicas] = []] = results ?? [];
      const error = failed ?? unknown;
      if (error !== undefined && error !== null) throw error;
      if (Number(replicas) < this.#wait) throw underReplicated(this.name, Number(replicas), this.#wait);
      return reply as Reply;
    });
  }

  close(): void {
    this.#closed = true;
    this.#writes.close();
    this.#client.disconnect();
    this.#waiting.disconnect();
  }

  async #run<T>(
    client: RedisClient,
    intent: 'read' | 'write',
    work: (client: RedisClient) => Promise<T>,
  ): Promise<T> {
    await this.#connected(client);
    try {
      return await work(client);
    } catch (error) {
      if (refusesWrites(error)) this.#writes.refused(messageOf(error));
      throw commandError(this.name, intent, error);
    }
  }

  async #probe(): Promise<boolean> {
    await this.write({ lua: PROBE, keys: [names.marker] });
    return true;
  }

  /** Waits for a lost connection, but not longer than a short outage takes: in a long one every command fails at once. */
  async #connected(client: RedisClient): Promise<void> {
    if (client.status === 'ready') return;
    const outage = this.#outages.get(client);
    try {
      await whenReady(client, Math.max(0, (outage?.since ?? 0) + GRACE - Date.now()));
    } catch (error) {
      throw storeUnreachable(this.name, outage?.error ?? error);
    }
  }

  #watch(client: RedisClient): RedisClient {
    client.on('error', (error: unknown) => {
      const outage = this.#outages.get(client);
      if (outage !== undefined) outage.error = error;
    });
    client.on('ready', () => {
      if (this.#outages.delete(client)) this.#log.info({ store: this.name }, 'store is back');
    });
    client.on('close', () => {
      if (this.#closed || this.#outages.has(client)) return;
      this.#outages.set(client, { since: Date.now(), error: new Error('the connection was lost') });
      this.#log.warn({ store: this.name }, 'store is away');
    });
    return client;
  }
}

interface Outage {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Why it goes on, as far as known. */
  error: unknown;
}

export async function evaluate(client: RedisClient, script: Script): Promise<Reply> {
  return (await client.callBuffer('EVAL', scriptArguments(script))) as Reply;
}

/** EVAL with the text each time: one path for a single command, a pipeline and a Cluster, and Redis compiles a text only once. */
function scriptArguments(script: Script): Argument[] {
  return [script.lua, script.keys.length, ...script.keys, ...(script.args ?? [])];
}

/** For replies that our scripts do not give. */
export function unexpected(name: string, reply: string): HoldfastError {
  return new HoldfastError(
    'store_damaged',
    `The store (${name}) answered in a form that is not ours: ${reply}.`,
  );
}
