/**
 * Evaluation of 1,000 flags for many people, by the evaluator and by the public node SDK on the
 * same ruleset, in turn; and what it costs to compile a ruleset, and to follow a version that
 * changes one flag.
 *
 * Everything is measured in processor time of this process: both sides only compute, and what else
 * runs on the machine would otherwise be part of the figures, of the short rounds more than of the
 * long ones.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Contexts } from '../src/evaluate/contexts.js';
import { Evaluator, type EvaluationOptions } from '../src/evaluate/evaluator.js';
import type { Ruleset } from '../src/ruleset/ruleset.js';
import { commit, committed } from '../test/evaluate/committed.js';
import { plain, withoutLong } from '../test/evaluate/comparison.js';
import { Reference } from '../test/evaluate/reference.js';
import { changedFlag, FLAGS, people, realisticConfigs } from './evaluate-ruleset.js';

const ENVIRONMENT = 7n;

/**
 * `get` and `with` are the two ways in which users of the SDK evaluate: contexts given with each
 * flag, or bound before.
 */
const SIDES = ['holdfast', 'get', 'with'] as const;
type Side = (typeof SIDES)[number];

export interface EvaluationSizes {
  readonly rounds: number;
  /**
   * The number of users in a round, each evaluated for all flags by each side; each round has other
   * users.
   */
  readonly people: number;
  /** The number of times that a ruleset is compiled, and changed. */
  readonly compilations: number;
}

export interface EvaluationResult {
  readonly sizes: EvaluationSizes;
  /** Evaluations that were found to be equal, before anything was measured. */
  readonly compared: number;
  /** Evaluations a second of processor time, one figure per round. */
  readonly rates: Readonly<Record<Side, readonly number[]>>;
  readonly compilations: Compilations;
}

/**
 * Milliseconds of processor time that the evaluation of one flag takes, one figure per repetition.
 */
export interface Compilations {
  /** The first of a ruleset, which compiles it. */
  readonly first: readonly number[];
  /** The next after a version that changes one flag. */
  readonly changed: readonly number[];
  /** One more of the same version. */
  readonly unchanged: readonly number[];
}

/** Evaluates all flags for one person, and returns how many have a value. */
type Evaluate = (contexts: Contexts) => number;

/** @throws Error when the two sides do not say the same about all flags and people */
export async function measureEvaluation(sizes: EvaluationSizes): Promise<EvaluationResult> {
  const everyone = people(sizes.rounds * sizes.people);
  const ruleset = committed(ENVIRONMENT, realisticConfigs());
  const reference = await Reference.of(ruleset, false);
  try {
    const evaluator = new Evaluator(ruleset);
    // Also what warms both sides up.
    const compared = everyone.reduce((sum, contexts) => sum + countEqual(evaluator, reference, contexts), 0);
    const rates = measureRates(sidesOf(evaluator, reference, keysOf(ruleset)), everyone, sizes);
    return { sizes, compared, rates, compilations: measureCompilations(everyone[0]!, sizes.compilations) };
  } finally {
    reference.close();
  }
}

function countEqual(evaluator: Evaluator, reference: Reference, contexts: Contexts): number {
  const evaluations = evaluator.evaluateVisible(contexts, options());
  for (const evaluation of evaluations) {
    const key = evaluation.config?.key ?? '';
    const here = plain(evaluation);
    const sdk = withoutLong(reference.get(key, contexts));
    if (!isDeepStrictEqual(here, sdk)) {
      throw new Error(`${key} is ${JSON.stringify(here)} here and ${JSON.stringify(sdk)} in the SDK`);
    }
  }
  return evaluations.length;
}

function sidesOf(
  evaluator: Evaluator,
  reference: Reference,
  keys: readonly string[],
): Readonly<Record<Side, Evaluate>> {
  const count = (get: (key: string) => unknown): number => {
    let values = 0;
    for (const key of keys) if (get(key) !== undefined) values++;
    return values;
  };
  return {
    holdfast: (contexts) => evaluateAll(evaluator, contexts),
    get: (contexts) => count((key) => reference.get(key, contexts)),
    with: (contexts) => count(reference.with(contexts)),
  };
}

function evaluateAll(evaluator: Evaluator, contexts: Contexts): number {
  let values = 0;
  for (const { kind } of evaluator.evaluateVisible(contexts, options())) if (kind === 'resolved') values++;
  return values;
}

/** The order changes from round to round, so that noise affects all sides alike. */
function measureRates(
  sides: Readonly<Record<Side, Evaluate>>,
  everyone: readonly Contexts[],
  sizes: EvaluationSizes,
): Record<Side, number[]> {
  const rates: Record<Side, number[]> = { holdfast: [], get: [], with: [] };
  for (let round = 0; round < sizes.rounds; round++) {
    const some = everyone.slice(round * sizes.people, (round + 1) * sizes.people);
    for (let turn = 0; turn < SIDES.length; turn++) {
      const side = SIDES[(round + turn) % SIDES.length]!;
      let evaluated = 0;
      const milliseconds = timeOf(() => {
        for (const contexts of some) evaluated += sides[side](contexts);
      });
      if (evaluated !== FLAGS * some.length) throw new Error(`${side} gave ${evaluated} values`);
      rates[side].push((evaluated / milliseconds) * 1000);
    }
  }
  return rates;
}

function measureCompilations(contexts: Contexts, repetitions: number): Compilations {
  const figures = { first: [] as number[], changed: [] as number[], unchanged: [] as number[] };
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const ruleset = committed(ENVIRONMENT, realisticConfigs());
    const evaluator = new Evaluator(ruleset);
    const changed = changedFlag(repetition);
    const evaluate = (): unknown => evaluator.evaluate(changed.key ?? '', contexts, options());
    figures.first.push(timeOf(evaluate));
    commit(ruleset, [changed]);
    figures.changed.push(timeOf(evaluate));
    figures.unchanged.push(timeOf(evaluate));
  }
  return figures;
}

function keysOf(ruleset: Ruleset): string[] {
  return Array.from(ruleset.configs(), ({ key }) => key).filter((key) => !key.startsWith('segment.'));
}

function options(): EvaluationOptions {
  return { now: Date.now(), random: () => 0 };
}

/** Milliseconds of processor time. */
function timeOf(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
