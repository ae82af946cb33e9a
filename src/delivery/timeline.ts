/**
 * The time line of the last changes: commit, in the leader's memory, accepted by each proxy. The
 * canary sees changes of its own only, so its time is the proxy's (docs/decisions/0050). The leader writes it to the store, so that the next leader goes on with it
 * and every node can show it.
 */
import { TIMELINE_MAX_BYTES } from '../store/node-reports.js';
import type { AcceptedReport, ArrivalReport, ChangeReport } from './model.js';
import { parseTimeline } from './parse.js';

/** The changes that are kept. */
const CHANGES_MAX = 50;

/** The proxies of a change that are kept. */
const PROXIES_MAX = 50;

/** A change, as its commit or its arrival names it. */
export interface TimedChange {
  readonly environment: bigint;
  readonly version: bigint;
  /** The time of the commit, milliseconds since 1970 by the store's clock. */
  readonly at: number;
}

interface Entry {
  readonly environment: string;
  readonly version: string;
  readonly at: number;
  configs: number;
  appliedMs: number | undefined;
  readonly proxies: Map<string, { acceptedMs?: number }>;
}

/** ChangeTimeline collects the steps of the last changes. */
export class ChangeTimeline {
  readonly #now: () => number;
  readonly #hides: (environment: bigint) => boolean;
  /** By environment and version; in any order. */
  readonly #entries = new Map<string, Entry>();
  /** The last change that each proxy accepted. */
  readonly #accepted = new Map<string, AcceptedReport>();
  #changed = false;

  /**
   * @param now milliseconds since 1970
   * @param hides true for an environment whose changes are not shown
   */
  constructor(now: () => number, hides: (environment: bigint) => boolean = () => false) {
    this.#now = now;
    this.#hides = hides;
  }

  /** Notes that the feed has brought a change to this node. */
  applied(change: TimedChange, configs: number): void {
    const entry = this.#entry(change);
    if (entry === undefined) return;
    entry.configs = configs;
    entry.appliedMs ??= Math.max(0, Math.round(this.#now() - change.at));
  }

  /** Notes that a proxy accepted a change. */
  accepted(proxy: string, change: TimedChange): void {
    const lagMs = Math.max(0, Math.round(this.#now() - change.at));
    if (this.#accepted.size < PROXIES_MAX || this.#accepted.has(proxy)) {
      const { environment, version } = change;
      const at = new Date(this.#now()).toISOString();
      this.#accepted.set(proxy, { environment: `${environment}`, version: `${version}`, at, lagMs });
    }
    const arrival = this.#arrival(proxy, change);
    // A change that is sent again, by a new leader, arrived when it was accepted first.
    if (arrival !== undefined) arrival.acceptedMs ??= lagMs;
  }

  /** Returns the last change that a proxy accepted, while this node leads. */
  lastAccepted(proxy: string): AcceptedReport | undefined {
    return this.#accepted.get(proxy);
  }

  /** Returns the changes, the newest first. */
  changes(): ChangeReport[] {
    return [...this.#entries.values()].sort((a, b) => b.at - a.at).map(reportOf);
  }

  /** Adds what another leader wrote. A text that cannot be read is taken for none. */
  restore(text: string | undefined): void {
    for (const change of parseTimeline(text)) {
      const { environment, version, configs, appliedMs } = change;
      const entry = this.#entry({
        environment: BigInt(environment),
        version: BigInt(version),
        at: Date.parse(change.at),
      });
      if (entry === undefined) continue;
      if (entry.configs === 0) entry.configs = configs;
      if (appliedMs !== undefined) entry.appliedMs = appliedMs;
      for (const { proxy, acceptedMs } of change.proxies) {
        const ours = entry.proxies.get(proxy);
        entry.proxies.set(proxy, {
          ...ours,
          ...(acceptedMs === undefined ? {} : { acceptedMs }),
        });
      }
    }
  }

  /** Returns the text for the store if there is something new, within its bound. */
  takeText(): string | undefined {
    if (!this.#changed) return undefined;
    this.#changed = false;
    const changes = this.changes();
    for (;;) {
      const text = JSON.stringify(changes);
      if (Buffer.byteLength(text) <= TIMELINE_MAX_BYTES) return text;
      changes.length = Math.floor(changes.length / 2);
    }
  }

  /** Makes the next `takeText` return a text, because the last one could not be written. */
  markChanged(): void {
    this.#changed = true;
  }

  #arrival(proxy: string, change: TimedChange): { acceptedMs?: number } | undefined {
    const entry = this.#entry(change);
    if (entry === undefined) return undefined;
    let arrival = entry.proxies.get(proxy);
    if (arrival === undefined && entry.proxies.size < PROXIES_MAX) {
      entry.proxies.set(proxy, (arrival = {}));
    }
    return arrival;
  }

  /** Returns the entry of a change; `undefined` for one that is too old, or not to be shown. */
  #entry({ environment, version, at }: TimedChange): Entry | undefined {
    const key = `${environment}:${version}`;
    const known = this.#entries.get(key);
    this.#changed = true;
    if (known !== undefined || this.#hides(environment)) return known;
    const entry: Entry = {
      environment: `${environment}`,
      version: `${version}`,
      at,
      configs: 0,
      appliedMs: undefined,
      proxies: new Map(),
    };
    this.#entries.set(key, entry);
    if (this.#entries.size > CHANGES_MAX) this.#dropOldest();
    return this.#entries.get(key);
  }

  #dropOldest(): void {
    let oldest: [string, Entry] | undefined;
    for (const each of this.#entries) if (oldest === undefined || each[1].at < oldest[1].at) oldest = each;
    if (oldest !== undefined) this.#entries.delete(oldest[0]);
  }
}

function reportOf({ environment, version, at, configs, appliedMs, proxies }: Entry): ChangeReport {
  return {
    environment,
    version,
    at: new Date(at).toISOString(),
    configs,
    ...(appliedMs === undefined ? {} : { appliedMs }),
    proxies: [...proxies].map(([proxy, arrival]): ArrivalReport => ({ proxy, ...arrival })),
  };
}
