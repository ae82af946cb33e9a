/** How long to leave a bucket alone that failed. */

const FIRST_MS = 500;
const MAX_MS = 30_000;

/** After that many failures in a row: doubling from 0.5 s to 30 s, between half and all of it. @param random from 0 to below 1 */
export function backoff(failures: number, random: number): number {
  const full = Math.min(MAX_MS, FIRST_MS * 2 ** (failures - 1));
  return Math.round(full * (0.5 + 0.5 * random));
}
