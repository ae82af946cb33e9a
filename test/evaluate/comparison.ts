/** Compares the results of the evaluator with those of the public SDK. */
import { isDeepStrictEqual } from 'node:util';
import type { Contexts } from '../../src/evaluate/contexts.js';
import type { Evaluation, LoggerLevel } from '../../src/evaluate/result.js';
import type { Decision, Reference } from './reference.js';

/** As the node SDK has them. */
const LEVELS: Readonly<Record<LoggerLevel, number>> = {
  TRACE: 1,
  DEBUG: 2,
  INFO: 3,
  WARN: 5,
  ERROR: 6,
  FATAL: 9,
};

/** A config for which the two sides differ. */
export interface Difference {
  readonly key: string;
  readonly here: unknown;
  readonly sdk: unknown;
}

/** The value that the node SDK returns for such an evaluation. */
export function plain(evaluation: Evaluation): unknown {
  if (evaluation.kind === 'unresolved') return undefined;
  const { value } = evaluation;
  if (value.kind === 'duration') return value.milliseconds;
  return value.kind === 'logLevel' ? LEVELS[value.value] : value.value;
}

/** An integer that does not fit into 32 bits is an object in the SDK; as we have it. */
export function withoutLong(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('__isLong__' in value)) return value;
  const integer = BigInt((value as { toString(): string }).toString());
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/**
 * Both evaluations of a config: the value, and the row, rule and variant as far as the SDK reports
 * them.
 */
export function compare(
  key: string,
  evaluations: readonly Evaluation[],
  reference: Reference,
  contexts: Contexts,
): Difference | undefined {
  const { value, decision } = reference.explain(key, contexts);
  const sdk = { value: withoutLong(value), decision };
  for (const evaluation of evaluations) {
    const here = { value: plain(evaluation), decision: decision && decisionOf(evaluation) };
    if (!isDeepStrictEqual(here, sdk)) return { key, here, sdk };
  }
  return undefined;
}

function decisionOf(evaluation: Evaluation): Decision | undefined {
  if (evaluation.kind === 'unresolved') return undefined;
  const { row, conditional, weighted } = evaluation;
  return { row, conditional, weighted };
}
