/** The events of a run, the same in every set-up. */

export interface LabEvent {
  /** From 1, in the order of publishing. */
  readonly number: number;
  /** The key it changes: a later event of the same key replaces it. */
  readonly key: string;
  /** Begins with the number. */
  readonly value: string;
}

/** @param bytes length of the value */
export function makeEvent(number: number, key: string, bytes: number): LabEvent {
  return { number, key, value: `${number} `.padEnd(bytes, 'x') };
}

/** The number that a value begins with. */
export function numberOf(value: string): number {
  const number = Number.parseInt(value, 10);
  if (Number.isNaN(number)) throw new Error(`not a value of the lab: ${value.slice(0, 40)}`);
  return number;
}
