/** Figures of repeated measurements. Pure. */

/**
 * The value that half of the values are at or below; the mean of the middle two when their number
 * is even.
 */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
  return (lower + upper) / 2;
}

/**
 * The smallest of the values that `percent` per cent of them are at or below (nearest rank): always
 * a value that was measured.
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = ascending(values);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) throw new Error('there are no values');
  return values.toSorted((a, b) => a - b);
}
