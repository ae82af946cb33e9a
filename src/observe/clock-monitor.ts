/**
 * ClockMonitor notices a wrong clock of this machine: requests are then refused that are right, and
 * nothing else says why.
 *
 * Two things prove that clocks differ: a proxy's signature with the right key and issuer whose time
 * is over or has not begun, and the store's own time. Both clocks can be the wrong one; the reason
 * names the difference.
 */
import type { Logger } from 'pino';

/**
 * The longest difference from the store's clock that is no problem: half of what signatures
 * tolerate. Seconds.
 */
const MAX_OFFSET = 30;
/** A signature counts as a problem for so long after the last such signature. Milliseconds. */
const PERIOD_MS = 60_000;
/** An answer of the store that took longer says too little about its time. Milliseconds. */
const MAX_ROUND_TRIP_MS = 5_000;

/** The knowledge about the clock of this machine. */
export interface ClockStatus {
  /**
   * The store's clock less that of this machine, seconds; `undefined` until the store was asked.
   */
  readonly offset: number | undefined;
  /** The proof that a clock is wrong; `undefined` without one. */
  readonly problem:
    { readonly reason: string; /** Milliseconds since 1970. */ readonly since: number } | undefined;
}

/** Options of {@link ClockMonitor}. */
export interface ClockMonitorOptions {
  readonly log: Logger;
  /** Milliseconds since 1970, by the clock that is watched. */
  readonly now: () => number;
  /** Milliseconds, monotonic. */
  readonly monotonic: () => number;
}

type Proof = 'signature' | 'store';

/**
 * ClockMonitor remembers the proofs of a wrong clock, and logs the beginning and the end of each,
 * once.
 */
export class ClockMonitor {
  readonly #options: ClockMonitorOptions;
  readonly #problems = new Map<Proof, { readonly reason: string; readonly since: number }>();
  #mistimedAt = -Infinity;
  #offset: number | undefined;

  constructor(options: ClockMonitorOptions) {
    this.#options = options;
  }

  get status(): ClockStatus {
    if (this.#options.monotonic() - this.#mistimedAt > PERIOD_MS) {
      this.#solved('signature', `no signature was out of its time for ${PERIOD_MS / 1000} s`);
    }
    return { offset: this.#offset, problem: this.#problems.get('store') ?? this.#problems.get('signature') };
  }

  /**
   * Notes a signature of a configured proxy that is out of its time.
   *
   * @param seconds since it expired, or until its time begins
   */
  mistimed(kind: 'expired' | 'not-yet-valid', seconds: number): void {
    this.#mistimedAt = this.#options.monotonic();
    const reason =
      kind === 'expired'
        ? `a proxy's signature expired ${seconds} s ago: this node's clock is ahead of the proxy's, or a signature was used again`
        : `a proxy's signature becomes valid in ${seconds} s: this node's clock is behind the proxy's`;
    this.#occurred('signature', reason);
  }

  /**
   * Asks the store for its time and compares the clocks.
   *
   * @param storeTime the store's clock, microseconds since 1970
   */
  async compare(storeTime: () => Promise<bigint>): Promise<void> {
    const { now, monotonic } = this.#options;
    const asked = monotonic();
    const micros = await storeTime();
    const took = monotonic() - asked;
    if (took > MAX_ROUND_TRIP_MS) return;
    // The store took its time in between, half of the round trip ago within half of the round trip.
    this.#offset = (Number(micros) / 1000 - (now() - took / 2)) / 1000;
    const seconds = Math.round(Math.abs(this.#offset));
    if (seconds > MAX_OFFSET) {
      const relation = this.#offset < 0 ? 'ahead of' : 'behind';
      this.#occurred('store', `this node's clock is ${seconds} s ${relation} the store's`);
    } else this.#solved('store', "this node's clock agrees with the store's again");
  }

  #occurred(proof: Proof, reason: string): void {
    const known = this.#problems.get(proof);
    this.#problems.set(proof, { reason, since: known?.since ?? this.#options.now() });
    if (known === undefined) this.#options.log.error({ reason }, 'a clock is wrong');
  }

  #solved(proof: Proof, message: string): void {
    if (this.#problems.delete(proof)) this.#options.log.info(message);
  }
}
