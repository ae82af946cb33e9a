/**
 * Alarms at time boundaries: they wake the event streams that this process holds when what their
 * clients see changes by time alone. One timer per environment, while it has such streams. The
 * streams that proxies hold are notified by the leader; see publish/boundary-watch.ts.
 */
import { clientBoundaries } from '../evaluate/client-boundaries.js';
import type { RulesetListener } from '../replica/listeners.js';
import type { Replica } from '../replica/replica.js';

/** A timer cannot be longer than 2^31 ms, and would end immediately; clocks may be set, too. */
const LONGEST_MS = 60 * 60 * 1000;

/** The environments to watch, as the replica has them. */
export type AlarmSource = Pick<Replica, 'watch' | 'loaded'>;

interface Alarm {
  readonly listeners: Set<RulesetListener>;
  readonly unwatch: () => void;
  timer: NodeJS.Timeout | undefined;
}

/** The alarms of all environments. */
export class BoundaryAlarms {
  readonly #source: AlarmSource;
  readonly #now: () => number;
  readonly #alarms = new Map<bigint, Alarm>();

  /** @param now milliseconds since 1970 */
  constructor(source: AlarmSource, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /**
   * Calls the listener after each boundary of an environment, which must be loaded, until the
   * returned function is called.
   */
  watch(environment: bigint, listener: RulesetListener): () => void {
    const alarm = this.#alarms.get(environment) ?? this.#begin(environment);
    alarm.listeners.add(listener);
    return () => {
      if (!alarm.listeners.delete(listener) || alarm.listeners.size > 0) return;
      clearTimeout(alarm.timer);
      alarm.unwatch();
      this.#alarms.delete(environment);
    };
  }

  #begin(environment: bigint): Alarm {
    const alarm: Alarm = {
      listeners: new Set(),
      // A change can bring boundaries, and take them away.
      unwatch: this.#source.watch(environment, () => this.#arm(environment, alarm)),
      timer: undefined,
    };
    this.#alarms.set(environment, alarm);
    this.#arm(environment, alarm);
    return alarm;
  }

  #arm(environment: bigint, alarm: Alarm): void {
    clearTimeout(alarm.timer);
    const ruleset = this.#source.loaded(environment);
    const now = this.#now();
    const next = ruleset && clientBoundaries(ruleset).next(now);
    if (next === undefined) return;
    const wait = Math.min(LONGEST_MS, next - now);
    alarm.timer = setTimeout(() => this.#ring(environment, alarm, next), wait).unref();
  }

  #ring(environment: bigint, alarm: Alarm, boundary: number): void {
    const ruleset = this.#source.loaded(environment);
    // A timer may end a millisecond early.
    if (ruleset !== undefined && this.#now() >= boundary)
      for (const listener of alarm.listeners) listener(ruleset);
    this.#arm(environment, alarm);
  }
}
