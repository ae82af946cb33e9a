/**
 * One pass through the inbox. Pure.
 *
 * Order is promised to the events of one environment. An environment whose oldest event cannot be
 * decided now is held for the rest of the pass: its events are passed over, and those of other
 * environments are decided. The next pass begins with the oldest event again.
 */
import type { InboxEvent } from '../store/inbox.js';

/** Events that a pass holds at most. Their ids go along with each decision: 20 KB. */
const HELD_EVENTS = 1_000;
/** Bytes of these at most: each pass reads them again. */
const HELD_BYTES = 16 * 1024 * 1024;
/**
 * Milliseconds after which a pass ends while it holds events, so that they are tried again soon.
 */
const LONGEST_MS = 1_000;

/** The events that a pass through the inbox holds. */
export class InboxPass {
  readonly #began: number;
  readonly #environments = new Set<bigint>();
  readonly #passed: string[] = [];
  #bytes = 0;

  /** @param now milliseconds, monotonic */
  constructor(now: number) {
    this.#began = now;
  }

  /** The ids of the held events, ascending. */
  get passed(): readonly string[] {
    return this.#passed;
  }

  /** The id of the last held event, after which the pass goes on; `undefined` when none is held. */
  get after(): string | undefined {
    return this.#passed.at(-1);
  }

  /** True for an environment whose events are held. */
  isHeld(environment: bigint | undefined): boolean {
    return environment !== undefined && this.#environments.has(environment);
  }

  /** Holds an event, and all later ones of its environment. */
  hold({ id, bytes }: InboxEvent, environment: bigint): void {
    this.#environments.add(environment);
    this.#passed.push(id);
    this.#bytes += bytes;
  }

  /** True when no more events can be held: those behind them wait. */
  get isFull(): boolean {
    return this.#passed.length >= HELD_EVENTS || this.#bytes >= HELD_BYTES;
  }

  /** True when the held events are to be tried again, although there is more to read. */
  isDue(now: number): boolean {
    return this.#passed.length > 0 && (this.isFull || now - this.#began >= LONGEST_MS);
  }
}
