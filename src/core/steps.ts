/**
 * Work in steps: a generator that yields between small pieces, so that one function serves callers
 * that need the result immediately and callers that must not keep the event loop (turns.ts).
 *
 * A step takes well under a slice. State that the work reads may have changed after a yield when it
 * runs in slices: the caller checks.
 */
import { eventLoop, type Slices, type Turns } from './turns.js';

/** Work that yields after each step and returns its result. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Runs all steps in this turn. */
export function runSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Runs steps in slices of turns that the caller began. */
export async function runInSlices<T>(steps: Steps<T>, slices: Pick<Slices, 'isOver' | 'next'>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (slices.isOver) await slices.next();
  }
}

/** Runs steps in slices of turns of their own. */
export async function runInTurns<T>(steps: Steps<T>, turns: Turns = eventLoop): Promise<T> {
  return runInSlices(steps, await turns.begin());
}

/**
 * The time that the beginning of a work may take in the turn of its caller, milliseconds: several
 * callers can have one turn.
 */
const BEGINNING_MS = 4;

/**
 * Runs steps immediately, and what is not done after 4 ms in slices of turns of their own. For work
 * that is mostly short: then nothing can change between its steps.
 */
export async function runSoon<T>(
  steps: Steps<T>,
  turns: Turns = eventLoop,
  monotonic: () => number = () => performance.now(),
): Promise<T> {
  const until = monotonic() + BEGINNING_MS;
  do {
    const step = steps.next();
    if (step.done === true) return step.value;
  } while (monotonic() < until);
  return runInTurns(steps, turns);
}

/** The elements that are sorted in one step: less than 1 ms. */
const RUN = 512;

/**
 * Sorts a copy of an array by merging runs (stable). The longest step is a merge of the whole
 * array: 5 ms for 50,000 elements.
 */
export function* sortSteps<T>(array: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < array.length; start += RUN) {
    runs.push(array.slice(start, start + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(mergeSorted(runs[index] ?? [], runs[index + 1] ?? [], compare));
      yield;
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Maps an array, a number of elements per step. */
export function* mapSteps<T, U>(
  array: Iterable<T>,
  map: (element: T, index: number) => U,
  perStep = 64,
): Steps<U[]> {
  const mapped: U[] = [];
  for (const element of array) {
    mapped.push(map(element, mapped.length));
    if (mapped.length % perStep === 0) yield;
  }
  return mapped;
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
