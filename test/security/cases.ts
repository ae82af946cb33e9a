/** The number of random inputs per parser in one run of the tests, and the judgement of a case. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { HoldfastError } from '../../src/core/errors.js';
import { httpStatusOf } from '../../src/http/errors.js';
import { runs } from '../support/runs.js';

/** The inputs, and the number of cases of each in a full run. */
export const FULL = {
  'JSON bodies': 16_000,
  'protobuf bodies': 16_000,
  'inbox events': 6_000,
  'OpenFeature bodies': 4_000,
  'contexts in paths': 4_000,
  'Authorization headers': 12_000,
  'positions (Last-Event-ID, x-prefab-start-at-id)': 10_000,
  'If-None-Match headers': 5_000,
  'Grip-Sig headers': 2_500,
  'Grip-Last headers': 8_000,
  'recovery link paths': 4_000,
  'sets of settings': 3_000,
  'GRIP URLs and keys': 5_000,
  'store locations': 6_000,
  'Retry-After headers of proxies': 4_000,
  'event streams in the command line': 2_000,
  'values and datafiles in the command line': 4_000,
  'answers of servers in the command line': 2_000,
  'requests over HTTP': 4_000,
  'bytes on a socket': 500,
} as const;

export type Input = keyof typeof FULL;

/** The number of cases of each input in this run. */
export const CASES = Object.fromEntries(
  Object.entries(FULL).map(([input, cases]) => [input, runs(cases)]),
) as Readonly<Record<Input, number>>;

/** The number of cases of a full run. */
export const TOTAL = Object.values(FULL).reduce((sum, each) => sum + each, 0);

/**
 * A case that takes longer counts as hanging. Generous, because the machine may be busy.
 * Milliseconds.
 */
export const HANGS = 5_000;

/**
 * Checks `judge` with that many inputs; what it returns is counted, so that a test can see that not
 * all went one way.
 */
export function check<T>(
  input: Input,
  arbitrary: fc.Arbitrary<T>,
  judge: (value: T) => string,
): Map<string, number> {
  const outcomes = new Map<string, number>();
  const property = fc.property(arbitrary, (value) => {
    const since = performance.now();
    const outcome = judge(value);
    expect(performance.now() - since).toBeLessThan(HANGS);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  fc.assert(property, { numRuns: CASES[input] });
  expect([...outcomes.values()].reduce((sum, each) => sum + each, 0)).toBe(CASES[input]);
  return outcomes;
}

/** The same for what answers later. */
export async function checkAsync<T>(
  input: Input,
  arbitrary: fc.Arbitrary<T>,
  judge: (value: T) => Promise<string>,
): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const property = fc.asyncProperty(arbitrary, async (value) => {
    const outcome = await judge(value);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  await fc.assert(property, { numRuns: CASES[input], timeout: HANGS });
  expect([...outcomes.values()].reduce((sum, each) => sum + each, 0)).toBe(CASES[input]);
  return outcomes;
}

/**
 * Runs a reader of input from outside: what it refuses, it refuses as the caller's fault, with a
 * code and a sentence.
 */
export function refusedOr(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    expect([error.code, Math.floor(httpStatusOf(error.code) / 100)]).toEqual([error.code, 4]);
    expect(error.message).not.toBe('');
    return 'refused';
  }
}

/** Text with parts of it taken out, put in, doubled and replaced. */
export function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat({ max: 4 }),
    put: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('"', '\\', '{', ']', ',', '\0', ' ', '-', '1'),
    ),
  });
  return fc.tuple(text, fc.array(change, { minLength: 1, maxLength: 3 })).map(([before, changes]) =>
    changes.reduce((result, { at, cut, put }) => {
      const start = Math.floor(at * result.length);
      return result.slice(0, start) + put + result.slice(start + cut);
    }, before),
  );
}

/** The same of bytes, and pieces of another message put in. */
export function mutatedBytes(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.oneof(fc.nat({ max: 3 }), fc.constant(1_000_000)),
    put: fc.oneof(fc.uint8Array({ maxLength: 3 }), bytes),
  });
  return fc.tuple(bytes, fc.array(change, { minLength: 1, maxLength: 3 })).map(([before, changes]) =>
    changes.reduce<Uint8Array>((result, { at, cut, put }) => {
      const start = Math.floor(at * result.length);
      return Buffer.concat([result.subarray(0, start), put, result.subarray(start + cut)]);
    }, before),
  );
}

/** Text as a header can have it: every byte but the ones that end it. */
export const headerText = fc
  .array(
    fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9)),
    { maxLength: 40 },
  )
  .map((codes) => String.fromCharCode(...codes));
