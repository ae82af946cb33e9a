/**
 * Evaluation in processes that explain nothing and in processes that explained every flag before:
 * `trace()` has the rules in common with `evaluate()`, and must cost nothing when it is not asked
 * for. Processes, because code that was once optimised for both uses stays so.
 *
 *     node scripts/run.mjs bench/explain.ts
 */
import type { Contexts } from '../src/evaluate/contexts.js';
import { Evaluator, type EvaluationOptions } from '../src/evaluate/evaluator.js';
import { committed } from '../test/evaluate/committed.js';
import { endChild, nextMessage, startChild } from './children.js';
import { people, realisticConfigs } from './evaluate-ruleset.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const PAIRS = 8;
const ROUNDS = 10;
/** In a round of evaluations, and in one of explanations, which take longer. */
const PEOPLE = { evaluate: 20, explain: 2 };

/** So long that the first explanations warm nothing up that these rounds do not. */
const WARM_UP = 40;

const OPTIONS: EvaluationOptions = { now: Date.UTC(2026, 0, 1), random: () => 0 };

/**
 * Evaluations, or explanations, a second of processor time in the quietest round: what else runs on
 * the machine only makes rounds slower.
 */
interface Rates {
  readonly evaluations: number;
  readonly explanations: number | undefined;
}

if (process.send === undefined) await compare();
else process.send(measure(JSON.parse(process.argv[2] ?? 'false') === true));

async function compare(): Promise<void> {
  const never: number[] = [];
  const after: number[] = [];
  const explanations: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    // The order changes from pair to pair, so that noise affects both alike.
    for (const explains of pair % 2 === 0 ? [false, true] : [true, false]) {
      const rates = await ratesOf(explains);
      (explains ? after : never).push(rates.evaluations);
      if (rates.explanations !== undefined) explanations.push(rates.explanations);
    }
  }
  const row = (name: string, rates: readonly number[]): string[] => [
    name,
    ...[median(rates), Math.min(...rates), Math.max(...rates)].map(figure),
  ];
  console.log(
    table(
      ['a second of processor time', 'median', 'least', 'most'],
      [
        row('evaluations, nothing was ever explained', never),
        row('evaluations, every flag was explained before', after),
        row('explanations', explanations),
      ],
    ),
  );
  const ratios = after.map((rate, pair) => rate / never[pair]!);
  console.log(
    `\nRatio of evaluations after explanations to those without, median of ${PAIRS} pairs: ${figure(median(ratios))}`,
  );
}

async function ratesOf(explains: boolean): Promise<Rates> {
  const child = startChild('explain.ts', explains);
  const rates = (await nextMessage(child)) as Rates;
  await endChild(child);
  return rates;
}

function measure(explains: boolean): Rates {
  const ruleset = committed(7n, realisticConfigs());
  const evaluator = new Evaluator(ruleset);
  const keys = Array.from(ruleset.configs(), ({ key }) => key);
  const explanations = explains
    ? rate(PEOPLE.explain, keys.length, (contexts) => explainAll(evaluator, keys, contexts))
    : undefined;
  const evaluations = rate(PEOPLE.evaluate, keys.length, (contexts) => {
    for (const key of keys) evaluator.evaluate(key, contexts, OPTIONS);
  });
  return { evaluations, explanations };
}

function explainAll(evaluator: Evaluator, keys: readonly string[], contexts: Contexts): void {
  for (const key of keys) evaluator.explain(key, contexts, OPTIONS);
}

/** The first rounds warm up and do not count. */
function rate(size: number, each: number, work: (contexts: Contexts) => void): number {
  const everyone = people((ROUNDS + WARM_UP) * size);
  const rates: number[] = [];
  for (let at = 0; at < everyone.length; at += size) {
    const some = everyone.slice(at, at + size);
    const before = process.cpuUsage();
    for (const contexts of some) work(contexts);
    const { user, system } = process.cpuUsage(before);
    rates.push((some.length * each * 1e6) / (user + system));
  }
  return Math.max(...rates.slice(-ROUNDS));
}
