/** One run: the same clients, events and restart in several set-ups, side by side. */
import { setMaxListeners } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { runClient, type ClientKind } from './clients.js';
import { makeEvent } from './event.js';
import { Journal } from './journal.js';
import type { SetUp } from './set-up.js';

export interface RunOptions {
  /** The number of clients of each kind, in each set-up. */
  readonly clients: Readonly<Partial<Record<ClientKind, number>>>;
  readonly seconds: number;
  /** Seconds after which each set-up is restarted, once; `undefined`: never. */
  readonly restartAt?: number | undefined;
  /** Milliseconds between two events; default 1,000. */
  readonly every?: number;
  /** The length of an event's value; default 40. */
  readonly bytes?: number;
  /**
   * True when all events change the same key, so that each replaces the one before; default: each
   * has its own.
   */
  readonly oneKey?: boolean;
}

export interface ClientRecord {
  readonly kind: ClientKind;
  readonly journal: Journal;
}

export interface RunResult {
  /** The set-up's name. */
  readonly name: string;
  readonly clients: readonly ClientRecord[];
  /** The sum over all clients; `undefined` where it was not counted. */
  readonly originRequests: number | undefined;
}

export interface Run {
  readonly options: RunOptions;
  /** The number of each event → when it was published, milliseconds since the run began. */
  readonly published: ReadonlyMap<number, number>;
  readonly results: readonly RunResult[];
  /**
   * The longest that the lab, which is all clients and the origins of (a) and (b), was kept from
   * its work by itself or by others. Milliseconds.
   */
  readonly ownDelay: number;
}

/**
 * Clients begin within so long, as those of a fleet do: they are not what is measured.
 * Milliseconds.
 */
const ARRIVAL = 500;
/** The last event is published so long before the end, so that it can arrive. Milliseconds. */
export const REST = 1_000;

export async function run(
  setUps: ReadonlyMap<string, SetUp>,
  options: RunOptions,
  signal?: AbortSignal,
): Promise<Run> {
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  const begin = performance.now();
  const now = (): number => performance.now() - begin;
  const until = (at: number): Promise<void> => delay(Math.max(0, at - now()), undefined, { signal });
  const over = new AbortController();
  const stopping = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  // Each client listens to it.
  setMaxListeners(0, stopping);
  const parts = [...setUps].map(([name, setUp]) => start(name, setUp, options, now, stopping));
  const published = new Map<number, number>();
  const all = (act: (setUp: SetUp) => Promise<void>): Promise<unknown> =>
    Promise.all([...setUps.values()].map(act));

  const publishing = (async () => {
    const { every = 1_000, bytes = 40, oneKey = false } = options;
    const sent: Promise<unknown>[] = [];
    for (let number = 1; (number - 0.5) * every <= options.seconds * 1_000 - REST; number++) {
      await until((number - 0.5) * every);
      published.set(number, now());
      const event = makeEvent(number, oneKey ? 'same' : `${number}`, bytes);
      // Not one after the other: a set-up that is slow to take an event must not hold up the
      // others.
      sent.push(all((setUp) => setUp.publish(event)));
    }
    await Promise.all(sent);
  })();
  const restarting = (async () => {
    if (options.restartAt === undefined) return;
    await until(options.restartAt * 1_000);
    await all((setUp) => setUp.restart());
  })();
  try {
    await Promise.all([publishing, restarting, until(options.seconds * 1_000)]);
    const results = await Promise.all(parts.map(({ result }) => result()));
    return { options, published, results, ownDelay: delays.max / 1e6 };
  } finally {
    delays.disable();
    over.abort();
    await Promise.all(parts.map(({ ended }) => ended));
  }
}

interface Part {
  readonly result: () => Promise<RunResult>;
  /** Settled when all clients have ended. */
  readonly ended: Promise<unknown>;
}

function start(
  name: string,
  setUp: SetUp,
  options: RunOptions,
  now: () => number,
  signal: AbortSignal,
): Part {
  const clients: ClientRecord[] = [];
  const ended: Promise<void>[] = [];
  for (const [kind, count] of Object.entries(options.clients) as [ClientKind, number][]) {
    for (let index = 0; index < count; index++) {
      const journal = new Journal(now);
      clients.push({ kind, journal });
      ended.push(arriveAndRun(kind, setUp, journal, (index / count) * ARRIVAL, signal));
    }
  }
  return {
    result: async () => ({ name, clients, originRequests: await setUp.originRequests() }),
    ended: Promise.all(ended),
  };
}

async function arriveAndRun(
  kind: ClientKind,
  { target }: SetUp,
  journal: Journal,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  await delay(after, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (!signal.aborted) await runClient(kind, target, journal, signal);
}
