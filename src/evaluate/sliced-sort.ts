/** Sorts long arrays in slices. */
import type { WorkSlices } from './work-slices.js';

/** Elements that are sorted in one go: less than 1 ms. */
const RUN = 512;

/**
 * Sorts a copy of an array by merging runs (stable). The longest piece of work between two looks at the
 * slice is a merge of the whole array: 5 ms for 50,000 elements.
 */
export async function sortInSlices<T>(
  array: readonly T[],
  compare: (a: T, b: T) => number,
  slices: WorkSlices,
): Promise<T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < array.length; start += RUN) {
    runs.push(array.slice(start, start + RUN).sort(compare));
    if (slices.isOver) await slices.next();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(mergeSorted(runs[index] ?? [], runs[index + 1] ?? [], compare));
      if (slices.isOver) await slices.next();
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Merges two sorted arrays; of equal elements those of `a` come first. */
export function mergeSorted<T>(a: readonly T[], b: readonly T[], compare: (a: T, b: T) => number): T[] {
  if (a.length === 0) return [...b];
  const merged: T[] = [];
  let at = 0;
  for (const element of a) {
    for (let other = b[at]; other !== undefined && compare(other, element) < 0; other = b[++at]) {
      merged.push(other);
    }
    merged.push(element);
  }
  for (; at < b.length; at++) merged.push(b[at] as T);
  return merged;
}
