/**
 * WriteMonitor keeps track of whether a store takes writes: readiness, a metric and the log need
 * the answer between two writes, too.
 *
 * A refusal is known from the write that it met. Its end may go unnoticed on a node that has
 * nothing to write, so the store is asked with a write without meaning (`probe`) until it takes
 * one.
 */
import type { Logger } from 'pino';

/** The state of a store's writes, as far as the last ones tell. */
export type WriteState =
  | { readonly state: 'ok' }
  | {
      readonly state: 'refusing';
      /** A sentence or an error text for operators; without credentials. */
      readonly reason: string;
      /** Milliseconds since 1970. */
      readonly since: number;
    };

/** The time after a refusal until the store is asked again, milliseconds. */
const PROBE_EVERY = 1_000;

/** Options of {@link WriteMonitor}. */
export interface WriteMonitorOptions {
  /** The store's name in logs. */
  readonly name: string;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Resolves to true when the store has taken a write without meaning; a rejection counts as false.
   */
  readonly probe: () => Promise<boolean>;
  /** Milliseconds; see PROBE_EVERY. */
  readonly probeEvery?: number;
}

/**
 * WriteMonitor remembers whether writes are refused, why and since when, and logs both ends of it.
 */
export class WriteMonitor {
  readonly #options: WriteMonitorOptions;
  #state: WriteState = { state: 'ok' };
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WriteMonitorOptions) {
    this.#options = options;
  }

  get state(): WriteState {
    return this.#state;
  }

  /**
   * Notes that a write was refused. The first refusal is logged; later ones only update the reason.
   */
  refused(reason: string): void {
    const { name, log, now } = this.#options;
    if (this.#state.state === 'refusing') {
      this.#state = { ...this.#state, reason };
      return;
    }
    this.#state = { state: 'refusing', reason, since: now() };
    log.error({ store: name, reason }, 'the store refuses writes');
    this.#schedule();
  }

  /** Notes that a write was made. */
  accepted(): void {
    if (this.#state.state === 'ok') return;
    const { name, log, now } = this.#options;
    const ms = now() - this.#state.since;
    this.#state = { state: 'ok' };
    clearTimeout(this.#timer);
    log.info({ store: name, ms }, 'the store takes writes again');
  }

  /** Ends the probes. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#probe(), this.#options.probeEvery ?? PROBE_EVERY).unref();
  }

  async #probe(): Promise<void> {
    const taken = await this.#options.probe().catch(() => false);
    if (this.#closed || this.#state.state === 'ok') return;
    if (taken) this.accepted();
    else this.#schedule();
  }
}
