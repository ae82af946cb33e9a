/** Every way in for changes looks like this to the harness. */

/** Bounds of a pause, milliseconds. */
export type Pace = readonly [number, number];

export interface Writer {
  readonly name: string;
  /**
   * Commits until the signal aborts; what is on its way then is brought to its end, and entered in
   * the ledger.
   */
  run(signal: AbortSignal): Promise<void>;
}
