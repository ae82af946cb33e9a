/** Saves the last state, not each one: at most one write a second, never two at the same time. */
import { messageOf } from '../core/errors.js';
import type { LastGood } from './saved.js';

/** Milliseconds from the end of one write to the next. */
const REST = 1_000;

/** Starts a timer; the function that is returned cancels it. */
export type SetTimer = (callback: () => void, milliseconds: number) => () => void;

/** Writes the state to its place after changes. */
export class Saver {
  readonly #lastGood: LastGood;
  readonly #state: () => Uint8Array | undefined;
  readonly #setTimer: SetTimer;
  readonly #warn: (text: string) => void;
  #isDirty = false;
  #writing: Promise<void> | undefined;
  #cancelRest: (() => void) | undefined;

  /** @param state returns the bytes to save now */
  constructor(
    lastGood: LastGood,
    state: () => Uint8Array | undefined,
    setTimer: SetTimer,
    warn: (text: string) => void,
  ) {
    this.#lastGood = lastGood;
    this.#state = state;
    this.#setTimer = setTimer;
    this.#warn = warn;
  }

  /** Notes that there is something new to save. */
  changed(): void {
    this.#isDirty = true;
    if (this.#writing === undefined && this.#cancelRest === undefined) this.#begin();
  }

  /** Saves what is not saved yet, and nothing afterwards. */
  async close(): Promise<void> {
    this.#cancelRest?.();
    await this.#writing;
    this.#cancelRest?.();
    if (this.#isDirty) await this.#write();
  }

  #begin(): void {
    this.#writing = this.#write().then(() => {
      this.#writing = undefined;
      this.#cancelRest = this.#setTimer(() => {
        this.#cancelRest = undefined;
        if (this.#isDirty) this.#begin();
      }, REST);
    });
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    try {
      const bytes = this.#state();
      if (bytes !== undefined) await this.#lastGood.save(bytes);
    } catch (error) {
      this.#warn(`the ruleset could not be saved: ${messageOf(error)}`);
    }
  }
}
