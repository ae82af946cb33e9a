/**
 * Where the client stands, as one cursor for all sources: a version, which only goes up.
 */
import type { Saved } from './events.js';

export type Judgement =
  /** The source has more than we have, or the same. */
  | 'newer'
  | 'same'
  /** The source is older than what we have. */
  | 'behind'
  /** It is another environment than that of the copy we started from, which no source has confirmed: the copy is what is wrong. */
  | 'foreign copy'
  /** It is another environment than other sources have: the source is what is wrong. */
  | 'other environment';

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

  /** Which source was the last to bring something, or to say that there is nothing newer. */
  get source(): number | undefined {
    return this.#source;
  }

  /** When what we have was last known to be the newest. Milliseconds of the machine's clock. */
  get confirmedAt(): number | undefined {
    return this.#confirmedAt;
  }

  restore({ environment, version, age }: Saved, now: number): void {
    this.#environment = environment;
    this.#version = version;
    this.#basis = 'saved';
    this.#confirmedAt = now - age;
  }

  /** Back to nothing. */
  forget(): void {
    this.#environment = undefined;
    this.#version = 0n;
    this.#basis = 'nothing';
    this.#confirmedAt = undefined;
  }

  judge(environment: bigint | undefined, version: bigint): Judgement {
    if (environment !== undefined && this.#environment !== undefined && environment !== this.#environment) {
      return this.#basis === 'saved' ? 'foreign copy' : 'other environment';
    }
    if (version < this.#version) return 'behind';
    return version === this.#version ? 'same' : 'newer';
  }

  /** A source brought this, or confirmed it. Never goes back. */
  advance(source: number, environment: bigint | undefined, version: bigint): void {
    this.#environment ??= environment;
    if (version > this.#version) this.#version = version;
    this.#basis = 'source';
    this.#source = source;
  }

  /**
   * @param at when it was known to be the newest; an older knowledge does not replace a younger one
   * @param source who knew it
   */
  confirm(at: number, source: number): void {
    if (this.#confirmedAt !== undefined && at <= this.#confirmedAt) return;
    this.#confirmedAt = at;
    this.#source = source;
  }
}
