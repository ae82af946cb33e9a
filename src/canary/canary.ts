/**
 * The canary: while this node leads, it measures what clients get, all the time. It keeps one hold
 * of its own through the client port of each proxy, commits a tiny change every ten seconds, and
 * takes the time until the change arrives there (docs/decisions/0063).
 *
 *     commit ─▶ store ─▶ feed ─▶ publisher ─▶ proxy ─▶ hold          the way of every change
 *        └────────────── delivery time, one clock ───────┘
 *
 * Commits and arrivals are of one process, so the time is that of one monotonic clock. Nothing waits
 * for the canary: it shares with the delivery of others what any environment shares, and ends a term
 * with its signal only, never with an error.
 */
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { ResolveHost } from '../publish/discovery.js';
import type { Store } from '../store/store.js';
import { Arrivals } from './arrivals.js';
import { CanaryCommits } from './commits.js';
import { CanaryHold } from './hold.js';
import { canaryTargets, type CanaryProxy, type CanaryTarget } from './targets.js';

/** The collaborators and times of the canary. */
export interface CanaryOptions {
  readonly store: Pick<Store, 'commit' | 'environment' | 'time'>;
  /** At least one. */
  readonly proxies: readonly CanaryProxy[];
  /** The text of the canary's API key. */
  readonly key: string;
  /** T, milliseconds: a change that has not arrived for longer makes a proxy silent. */
  readonly staleness: number;
  /** Milliseconds between two keep-alives of a hold. */
  readonly keepAlive: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** @param milliseconds from the beginning of a commit to its arrival */
  readonly onDelivered: (proxy: string, milliseconds: number) => void;
  readonly resolve?: ResolveHost | undefined;
}

/** The canary at one proxy. */
export interface CanaryProxyStatus {
  readonly proxy: string;
  /** `silent`: a change has not arrived for longer than T. `waiting`: no stream is open. */
  readonly state: 'ok' | 'silent' | 'waiting';
  /** The delivery of the last change that arrived, milliseconds. */
  readonly lastMs?: number;
  /** The age of the oldest change that has not arrived, milliseconds. */
  readonly waitingMs: number;
  /** The reason why no stream is open. */
  readonly error?: string;
}

/** The canary's part in health and metrics. */
export interface CanaryStatus {
  /** False on nodes that do not lead, which know of no proxy. */
  readonly leader: boolean;
  readonly proxies: readonly CanaryProxyStatus[];
  /** The reason for which the last change was not committed. */
  readonly error?: string;
}

/** Milliseconds between two changes. */
const INTERVAL_MS = 10_000;

/** Milliseconds between two looks at the state of proxies, for the log. */
const LOOK_MS = 1_000;

interface RunningHold {
  readonly hold: CanaryHold;
  readonly stop: () => Promise<void>;
}

/** Measures delivery in terms of leadership, one after the other. */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #holds = new Map<string, RunningHold>();
  readonly #last = new Map<string, number>();
  readonly #silent = new Set<string>();
  #arrivals = new Arrivals();
  #leading = false;
  #error: string | undefined;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** The state of the canary, if this node leads. */
  status(): CanaryStatus {
    const proxies = [...this.#holds.entries()].map(([proxy, { hold }]) => this.#proxyStatus(proxy, hold));
    return {
      leader: this.#leading,
      proxies,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  /**
   * Measures until the signal aborts; resolves then, whatever happens. To be called while this node
   * has the lease.
   */
  async lead(signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#options;
    const commits = new CanaryCommits(store);
    this.#arrivals = new Arrivals();
    this.#leading = true;
    const watching = this.#watch(signal);
    try {
      while (!signal.aborted) {
        // In this order, the first change is there before the first hold asks for it.
        await this.#commit(commits, signal);
        await this.#reconcile();
        await clock.sleep(INTERVAL_MS, signal);
      }
    } finally {
      this.#leading = false;
      await watching;
      await Promise.all([...this.#holds.values()].map(({ stop }) => stop()));
      for (const state of [this.#holds, this.#last, this.#silent]) state.clear();
      this.#error = undefined;
    }
  }

  async #commit(commits: CanaryCommits, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let version: bigint | undefined;
    const at = clock.monotonic();
    const begin = (begun: bigint): void => {
      version = begun;
      this.#arrivals.begun(begun, at);
    };
    try {
      const isCommitted = await commits.commit(begin);
      if (!isCommitted && version !== undefined) this.#arrivals.withdraw(version);
      this.#error = undefined;
    } catch (error) {
      if (version !== undefined) this.#arrivals.withdraw(version);
      if (signal.aborted) return;
      if (this.#error === undefined) {
        log.warn({ error: messageOf(error) }, 'the canary cannot commit; trying until it can');
      }
      this.#error = messageOf(error);
    }
  }

  /** Keeps the holds in step with the addresses of the proxies. */
  async #reconcile(): Promise<void> {
    const found = await this.#targets();
    for (const [proxy, { stop }] of this.#holds) {
      if (found.has(proxy)) continue;
      this.#holds.delete(proxy);
      this.#last.delete(proxy);
      this.#silent.delete(proxy);
      this.#arrivals.remove(proxy);
      await stop();
    }
    for (const [proxy, target] of found) {
      if (!this.#holds.has(proxy)) this.#holds.set(proxy, this.#start(target));
    }
  }

  async #targets(): Promise<Map<string, CanaryTarget>> {
    const { proxies, resolve, log } = this.#options;
    const found = await Promise.all(
      proxies.map(async (proxy) => {
        try {
          return await canaryTargets(proxy, resolve);
        } catch (error) {
          const reason = messageOf(error);
          log.debug({ proxy: proxy.address.name, error: reason }, 'the canary finds no address of a proxy');
          return this.#kept(proxy);
        }
      }),
    );
    return new Map(found.flat().map((target) => [target.proxy, target]));
  }

  /** The targets of a proxy whose name cannot be resolved now: those that it had, or its name. */
  #kept({ address, clientUrl }: CanaryProxy): CanaryTarget[] {
    const kept = [...this.#holds.values()]
      .map(({ hold }) => hold.target)
      .filter(({ proxy }) => proxy === address.name || proxy.startsWith(`${address.name} at `));
    return kept.length > 0 ? kept : [{ proxy: address.name, clientUrl }];
  }

  #start(target: CanaryTarget): RunningHold {
    const { key, keepAlive, clock, onDelivered } = this.#options;
    const { proxy } = target;
    this.#arrivals.add(proxy);
    const onEvent = (version: bigint): void => {
      for (const milliseconds of this.#arrivals.arrived(proxy, version, clock.monotonic())) {
        this.#last.set(proxy, milliseconds);
        onDelivered(proxy, milliseconds);
      }
    };
    const hold = new CanaryHold({ target, key, idle: 2 * keepAlive + 5_000, clock, onEvent });
    const stopping = new AbortController();
    const done = hold.run(stopping.signal);
    const stop = async (): Promise<void> => {
      stopping.abort();
      await done;
    };
    return { hold, stop };
  }

  /** Logs the beginning and the end of each silence, once. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      for (const { proxy, state, waitingMs, error } of this.status().proxies) {
        const isSilent = state === 'silent';
        if (isSilent === this.#silent.has(proxy)) continue;
        if (isSilent) {
          this.#silent.add(proxy);
          log.error({ proxy, waitingMs, error }, 'the canary does not receive its changes from a proxy');
        } else if (waitingMs === 0) {
          this.#silent.delete(proxy);
          log.info({ proxy }, 'the canary receives its changes from the proxy again');
        }
      }
      await clock.sleep(LOOK_MS, signal);
    }
  }

  #proxyStatus(proxy: string, hold: CanaryHold): CanaryProxyStatus {
    const { staleness, clock } = this.#options;
    const waitingMs = Math.round(this.#arrivals.waiting(proxy, clock.monotonic()));
    const { error } = hold;
    const last = this.#last.get(proxy);
    return {
      proxy,
      state: waitingMs > staleness ? 'silent' : error === undefined ? 'ok' : 'waiting',
      ...(last === undefined ? {} : { lastMs: Math.round(last) }),
      waitingMs,
      ...(error === undefined ? {} : { error }),
    };
  }
}
