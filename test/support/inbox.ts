/** A real Redis with an inbox, what nodes do with it, and how a test interrupts them. */
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Committer } from '../../src/commit/committer.js';
import { heal } from '../../src/recovery/heal.js';
import { HoldfastError } from '../../src/core/errors.js';
import { InboxConsumer } from '../../src/inbox/consumer.js';
import { encodeConfig } from '../../src/ruleset/codec.js';
import { Replica } from '../../src/replica/replica.js';
import type { Config } from '../../src/ruleset/model.js';
import { openStore } from '../../src/store/open.js';
import type { Inbox } from '../../src/store/inbox.js';
import type { Store } from '../../src/store/store.js';
import { recordingLog } from '../store/fixtures.js';
import { createEnvironment } from './commits.js';
import { flag } from './configs.js';
import { startRedis, type RedisServer } from './redis.js';
import { until } from './until.js';

export const INBOX = '{holdfast}:inbox';
export const REJECTED = '{holdfast}:rejected';

export type Fields = readonly (readonly [name: string | Buffer, value: string | Buffer])[];

export interface InboxStack {
  readonly server: RedisServer;
  /** A client as any other system has one. */
  readonly raw: Redis;
  /** A store as a node opens it; closed with the stack. */
  open(): Promise<Store>;
  /** A node's consumer, at work until `stop` or the end of the stack. */
  consume(options?: ConsumeOptions): Promise<Consuming>;
  add(...fields: Fields): Promise<string>;
  /** Adds a change of these configs, as JSON. */
  addChange(environment: number, ...configs: Config[]): Promise<string>;
  /** The rejected fields in their order. */
  rejected(): Promise<{ id: string; fields: [Buffer, Buffer][] }[]>;
  /** The keys of all committed changes, in the order of the feed. */
  committed(): Promise<string[]>;
  /** Waits until the inbox is empty. */
  settled(): Promise<void>;
  /** Forgets everything, and creates environments 1 and 2. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export interface ConsumeOptions {
  readonly consumer?: string;
  /** Puts something on the way of the calls to the store. */
  readonly faults?: Faults;
}

/** Hooks of a call: before it, and after it was carried out but before its answer arrives. */
export type Faults = Partial<Record<Step, { before?: Fault; after?: Fault }>>;
export type Step = 'commit' | 'acknowledge' | 'reject' | 'repeated' | 'time' | 'version';
export type Fault = (...args: unknown[]) => Promise<void> | void;

export interface Consuming {
  readonly consumer: InboxConsumer;
  readonly replica: Replica;
  readonly counts: { committed: number; repeated: number; rejected: string[] };
  readonly lines: () => Record<string, unknown>[];
  readonly stop: () => Promise<void>;
}

/** As of a process that is killed: nothing that was to happen afterwards ever happens. */
export const dies: Fault = () => new Promise(() => undefined);

/** The fault at the n-th call, from 1. */
export function at(n: number, fault: Fault): Fault {
  let call = 0;
  return (...args) => (++call === n ? fault(...args) : undefined);
}

/** As of a connection that is cut, the next so many times. */
export function fails(times = 1, error: Error = away()): Fault {
  let left = times;
  return () => {
    if (left-- > 0) throw error;
  };
}

const away = (): HoldfastError => new HoldfastError('store_unavailable', 'away, says the test');

export async function startInbox(
  url?: (server: RedisServer) => string,
  server?: RedisServer,
): Promise<InboxStack> {
  const redis = server ?? (await startRedis());
  const location = url?.(redis) ?? redis.url;
  const raw = new Redis({ port: redis.port, host: '127.0.0.1' });
  // Tests end servers; the client comes back by itself.
  raw.on('error', () => undefined);
  const closing: (() => Promise<unknown>)[] = [];
  const open = async (): Promise<Store> => {
    const store = await openStore(location, { log: recordingLog().log });
    closing.push(() => store.close());
    return store;
  };
  const observer = await openStore(location, { log: recordingLog().log });
  const add = async (...fields: Fields): Promise<string> => (await raw.xadd(INBOX, '*', ...fields.flat()))!;
  const end = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  return {
    server: redis,
    raw,
    open,
    consume: async (options = {}) => {
      const consuming = await consume(await open(), options);
      closing.push(() => consuming.stop());
      return consuming;
    },
    add,
    addChange: (environment, ...configs) =>
      add(['environment', `${environment}`], ['json', json(...configs)]),
    rejected: async () => readStream(raw, REJECTED),
    committed: () => committedKeys(observer),
    settled: async () => {
      await until('the inbox is empty', async () => (await raw.xlen(INBOX)) === 0, {
        timeout: 20_000,
        context: () => `status: ${raw.status}`,
      });
    },
    clear: async () => {
      await end();
      await raw.flushall();
      for (const id of [1n, 2n]) await createEnvironment(observer, id);
    },
    stop: async () => {
      await end();
      await observer.close();
      raw.disconnect();
      await redis.stop();
    },
  };
}

/** The text of the field `json`. */
export const json = (...configs: Config[]): string => JSON.stringify({ configs });

/** The bytes that go into the field `configs`. */
export function encodeConfigs(...configs: Config[]): Buffer {
  return Buffer.concat(configs.map((config) => encodeConfig(config).bytes));
}

/** A flag that is told from others by its key. */
export const change = (key: string): Config => flag(key, true);

async function consume(store: Store, { consumer = `node-${Math.random()}`, faults = {} }: ConsumeOptions) {
  const { log, lines } = recordingLog();
  const faulty = withFaults(store, faults);
  const replica = new Replica({
    store: faulty,
    log,
    heal: (lost) => heal({ store: faulty, log }, lost),
  });
  const committer = new Committer({ store: faulty, replica });
  const counts: Consuming['counts'] = { committed: 0, repeated: 0, rejected: [] };
  const inbox = new InboxConsumer({
    store: faulty,
    inbox: faulty.inbox!,
    replica,
    committer,
    consumer,
    log,
    onCommitted: () => counts.committed++,
    onRepeated: () => counts.repeated++,
    onRejected: (code) => counts.rejected.push(code),
    now: () => performance.now(),
    // A tenth of the time: what is waited for are conditions, and what is tested is not how long.
    sleep: (ms, signal) => delay(ms / 10, undefined, { signal }).catch(() => undefined),
  });
  await replica.start();
  const stopping = new AbortController();
  const led = inbox.lead(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    // One that died never ends.
    await Promise.race([led, delay(200)]);
    await replica.stop();
  };
  return { consumer: inbox, replica, counts, lines, stop };
}

/** The store with faults on the way to it. What is not named passes. */
function withFaults(store: Store, faults: Faults): Store {
  const wrap = <T extends Store | Inbox>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name === 'inbox') return wrap(value as Inbox);
        if (typeof value !== 'function') return value;
        const fault = faults[name as Step];
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        if (fault === undefined) return call;
        return async (...args: unknown[]) => {
          await fault.before?.(...args);
          const answer = await call(...args);
          await fault.after?.(...args);
          return answer;
        };
      },
    });
  return wrap(store);
}

async function readStream(raw: Redis, name: string): Promise<{ id: string; fields: [Buffer, Buffer][] }[]> {
  const entries = (await raw.xrangeBuffer(name, '-', '+')) as unknown as [Buffer, Buffer[]][];
  return entries.map(([id, flat]) => ({
    id: id.toString(),
    fields: Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]),
  }));
}

async function committedKeys(store: Store): Promise<string[]> {
  const head = await store.head();
  const keys: string[] = [];
  const ended = new AbortController();
  if (head === '0-0') return keys;
  for await (const word of store.follow('0-0', ended.signal)) {
    for (const entry of word.kind === 'entries' ? word.entries : []) {
      if (entry.kind === 'change') keys.push(...entry.change.configs.map(({ key }) => key));
      if (entry.position === head) ended.abort();
    }
  }
  return keys;
}
