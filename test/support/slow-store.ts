/** A real file store in a folder of its own, whose calls a test can delay, fail or watch. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '../../src/core/errors.js';
import { createLog } from '../../src/observe/log.js';
import { openFileStore } from '../../src/store/file/store.js';
import type { FeedSignal, FeedPosition, Store } from '../../src/store/store.js';

/** The methods that answer with a promise. */
export type Call = {
  [Name in keyof Store]: Store[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Store];

export interface Gate {
  /** Resolves when a call has come to the gate. */
  readonly reached: Promise<void>;
  /** Lets the call go on. */
  open(): void;
}

export interface SlowStore {
  /** The store for the code under test. */
  readonly store: Store;
  /** The store itself, which is never slow: another node's view, so to speak. */
  readonly direct: Store;
  /** The number of calls of each method. */
  readonly calls: Partial<Record<Call, number>>;
  /**
   * The next call of that method waits before (it then sees what is there when the gate opens) or
   * after the store's answer.
   */
  hold(call: Call, when: 'before' | 'after'): Gate;
  /** True makes those methods reject with `store_unavailable`. */
  away(calls: readonly Call[], away: boolean): void;
  /** Puts something on the way of the feed; what it returns takes a signal's place. */
  onFeed(change: (signal: FeedSignal) => FeedSignal[] | Promise<FeedSignal[]>): void;
  close(): Promise<void>;
}

export const storeAway = (): HoldfastError => new HoldfastError('store_unavailable', 'away, says the test');

export async function openSlowStore(): Promise<SlowStore> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-store-'));
  const direct = await openFileStore(directory, { log: createLog('silent') });
  const calls: SlowStore['calls'] = {};
  const gates = new Map<string, { reached: () => void; opened: Promise<void> }>();
  const absent = new Set<Call>();
  let onFeed: (signal: FeedSignal) => FeedSignal[] | Promise<FeedSignal[]> = (signal) => [signal];

  const pass = async (call: Call, when: 'before' | 'after'): Promise<void> => {
    const gate = gates.get(`${call} ${when}`);
    gates.delete(`${call} ${when}`);
    gate?.reached();
    await gate?.opened;
  };
  /** A test's replacement of a method. */
  const replaced: Partial<Store> = {};
  const wrap =
    (call: Call) =>
    async (...args: never[]): Promise<unknown> => {
      calls[call] = (calls[call] ?? 0) + 1;
      await pass(call, 'before');
      if (absent.has(call)) throw storeAway();
      const answer = await (direct[call] as (...given: never[]) => Promise<unknown>).apply(direct, args);
      await pass(call, 'after');
      return answer;
    };
  async function* follow(from: FeedPosition, signal: AbortSignal): AsyncGenerator<FeedSignal> {
    for await (const each of direct.follow(from, signal)) yield* await onFeed(each);
  }
  const store = new Proxy(direct, {
    get: (target, name) => {
      if (name === 'follow') return follow;
      if (name in replaced) return Reflect.get(replaced, name) as unknown;
      const own: unknown = Reflect.get(target, name);
      return typeof own === 'function' ? wrap(name as Call) : own;
    },
    set: (_, name, value) => Reflect.set(replaced, name, value),
  });
  return {
    store,
    direct,
    calls,
    hold: (call, when) => {
      let reached = (): void => undefined;
      let open = (): void => undefined;
      const arrival = new Promise<void>((resolve) => (reached = resolve));
      const opened = new Promise<void>((resolve) => (open = resolve));
      gates.set(`${call} ${when}`, { reached, opened });
      return { reached: arrival, open };
    },
    away: (names, away) => names.forEach((name) => (away ? absent.add(name) : absent.delete(name))),
    onFeed: (change) => (onFeed = change),
    close: async () => {
      await direct.close();
      await rm(directory, { recursive: true });
    },
  };
}
