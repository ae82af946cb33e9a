/** The position of the client, as one cursor for all sources: a version, which only goes up. */
import type { Saved } from './events.js';

/** The relation of a source's version to the cursor. */
export type Judgement =
  /** The source has more than we have, or the same. */
  | 'newer'
  | 'same'
  /** The source is older than what we have. */
  | 'behind'
  /**
   * It is another environment than that of the copy we started from, which no source has confirmed:
   * the copy is what is wrong.
   */
  | 'foreign copy'
  /** It is another environment than other sources have: the source is what is wrong. */
  | 'other environment';

/** The version that the client has, its environment, and the source that confirmed it last. */
export class ClientCursor {
  #environment: bigint | undefined;
  #version = 0n;
  /** `saved` until a source has confirmed it. */
  #basis: 'nothing' | 'saved' | 'source' = 'nothing';
  #source: number | undefined;
  #confirmedAt: number | undefined;

  get environment(): bigint | undefined {
    return this.#environment;
  }

  get version(): bigint {
    return this.#version;
  }

  get basis(): 'nothing' | 'saved' | 'source' {
    return this.#basis;
  }

  /**
   * The index of the source that was the last to bring something, or to say that there is nothing
   * newer.
   */
  get source(): number | undefined {
    return this.#source;
  }

  /**
   * The time at which the ruleset was last known to be the newest. Milliseconds of the machine's
   * clock.
   */
  get confirmedAt(): number | undefined {
    return this.#confirmedAt;
  }

  /** Starts from a saved copy. */
  restore({ environment, version, age }: Saved, now: number): void {
    this.#environment = environment;
    this.#version = version;
    this.#basis = 'saved';
    this.#confirmedAt = now - age;
  }

  /** Goes back to nothing. */
  forget(): void {
    this.#environment = undefined;
    this.#version = 0n;
    this.#basis = 'nothing';
    this.#confirmedAt = undefined;
  }

  /** Compares a source's version to the cursor. */
  judge(environment: bigint | undefined, version: bigint): Judgement {
    if (environment !== undefined && this.#environment !== undefined && environment !== this.#environment) {
      return this.#basis === 'saved' ? 'foreign copy' : 'other environment';
    }
    if (version < this.#version) return 'behind';
    return version === this.#version ? 'same' : 'newer';
  }

  /** Moves to a version that a source brought or confirmed. Never goes back. */
  advance(source: number, environment: bigint | undefined, version: bigint): void {
    this.#environment ??= environment;
    if (version > this.#version) this.#version = version;
    this.#basis = 'source';
    this.#source = source;
  }

  /**
   * Notes that the ruleset was known to be the newest.
   *
   * @param at the time of that knowledge; older knowledge does not replace newer
   * @param source the index of the source that had it
   */
  confirm(at: number, source: number): void {
    if (this.#confirmedAt !== undefined && at <= this.#confirmedAt) return;
    this.#confirmedAt = at;
    this.#source = source;
  }
}
