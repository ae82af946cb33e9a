/**
 * Random rulesets and contexts, evaluated here and by the unmodified node SDK: the same value by
 * the same rule, wherever the public SDKs agree with each other (what is left out is in the heads
 * of random-*.ts). A *case* is one config with one set of contexts.
 *
 * That both say the same proves little if both always say no. So the cases are counted by what they
 * came to, and the tests at the end fail when an operator, a kind of value or a weight was not put
 * to the test. They also fail when a difference ended the comparison early.
 */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { messageOf } from '../../src/core/errors.js';
import { committed } from './committed.js';
import { compare, plain } from './comparison.js';
import { mapsOf, randomContexts, type RandomContexts } from './random-contexts.js';
import { OPERATORS } from './random-criteria.js';
import {
  drawsLots,
  ENVIRONMENT,
  KEYS,
  KINDS,
  partsOf,
  randomRuleset,
  type RandomRuleset,
} from './random-rulesets.js';
import { Reference } from './reference.js';
import { Tally } from './tally.js';

const RULESETS = 50;
const CONTEXTS_EACH = 10;
const CASES = 20_000;

/**
 * A low bound for the number of results: there are about 500 criteria per operator, and the rarest
 * hold 50 times.
 */
const ENOUGH = 5;

/** Milliseconds. Far more than the cases take; it ends the search for a smaller counterexample. */
const TIME_LIMIT = 90_000;

const tally = new Tally();
let failure: string | undefined;

beforeAll(async () => {
  const contexts = fc.array(randomContexts, { minLength: CONTEXTS_EACH, maxLength: CONTEXTS_EACH });
  const details = await fc.check(fc.asyncProperty(randomRuleset, contexts, compareAll), {
    numRuns: RULESETS,
    interruptAfterTimeLimit: TIME_LIMIT,
  });
  if (details.failed) failure = `With the seed ${details.seed}: ${messageOf(details.errorInstance)}`;
}, 2 * TIME_LIMIT);

it('evaluates a ruleset to the same values, by the same rules, as the public SDK', () => {
  if (failure !== undefined) throw new Error(failure);
});

it(`compares at least ${CASES} cases`, () => {
  expect(tally.cases).toBeGreaterThanOrEqual(CASES);
});

it.each(OPERATORS)('covers both results of %s', (operator) => {
  const { held = 0, failed = 0 } = tally.operators[operator] ?? {};
  expect(held).toBeGreaterThan(ENOUGH);
  expect(failed).toBeGreaterThan(ENOUGH);
});

it('covers values with criteria and values after all criteria', () => {
  const { rule, otherwise, nothing } = tally.ends;
  expect(rule).toBeGreaterThan(tally.cases / 4);
  expect(otherwise).toBeGreaterThan(tally.cases / 4);
  expect(nothing).toBeGreaterThan(tally.cases / 50);
  expect(tally.fallenThrough).toBeGreaterThan(tally.cases / 100);
});

it.each(KINDS)('covers values of kind %s', (kind) => {
  expect(tally.kinds[kind]).toBeGreaterThan(10 * ENOUGH);
});

it('covers weights that choose the first, second, third and fourth value', () => {
  const [first = 0, second = 0, third = 0, fourth = 0] = tally.chosen;
  expect(Math.min(first, second, third, fourth)).toBeGreaterThan(5 * ENOUGH);
  expect(Math.max(first, second, third, fourth)).toBeLessThan((first + second + third + fourth) / 2);
});

async function compareAll(random: RandomRuleset, many: readonly RandomContexts[]): Promise<void> {
  const ruleset = committed(ENVIRONMENT, random.configs, random.defaultContext);
  const configs = new Map(random.configs.map((config) => [config.key ?? '', config]));
  const evaluator = new Evaluator(ruleset);
  const reference = await Reference.of(ruleset, true);
  try {
    for (const given of many) {
      const contexts = mapsOf(given);
      const options = { now: Date.now(), random: () => 0.5 };
      const bulk = evaluator.evaluateVisible(contexts, options);
      const visible = new Map(bulk.map((evaluation) => [evaluation.config?.key, evaluation]));
      for (const key of KEYS) {
        const config = configs.get(key);
        if (drawsLots(config, given, random)) continue;
        const alone = evaluator.evaluate(key, contexts, options);
        const difference = compare(key, [alone, visible.get(key) ?? alone], reference, contexts);
        if (difference !== undefined) {
          const { configs: parts, defaultContext } = partsOf(random, key);
          throw new Error(
            JSON.stringify({ ...difference, contexts: given, configs: parts, defaultContext }, text, 1),
          );
        }
        tally.count(config, plain(alone), alone);
      }
    }
  } finally {
    reference.close();
  }
}

/** A text for values that JSON has no form for. */
function text(_name: string, value: unknown): unknown {
  if (value === undefined) return 'undefined';
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
    ? String(value)
    : value;
}
