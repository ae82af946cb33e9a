/** Numbers of 64 bits. */
import type { ConfigValue } from '../ruleset/model.js';

/** An integer from decimal text: a `number` where that is exact, else a `bigint`. */
export function exactInteger(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/** The number that a value is. */
export function numberOf({ int, double }: ConfigValue): number | bigint | undefined {
  if (int !== undefined) return exactInteger(int);
  return double === undefined ? undefined : Number(double);
}
