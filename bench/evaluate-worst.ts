/**
 * The longest turns of the event loop that contexts and rulesets can cause: compiling a ruleset and
 * evaluating all flags, as a node does for one request. docs/security.md has the figures.
 *
 *     node scripts/run.mjs bench/evaluate-worst.ts
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { eventLoop } from '../src/core/turns.js';
import type { Contexts, ContextValue } from '../src/evaluate/contexts.js';
import { Evaluators } from '../src/evaluate/evaluators.js';
import { encodeConfig, encodeEnvelope } from '../src/ruleset/codec.js';
import type { Config, ConfigValue } from '../src/ruleset/model.js';
import { Ruleset } from '../src/ruleset/ruleset.js';
import { people, realisticConfigs } from './evaluate-ruleset.js';
import { table } from './table.js';

interface Case {
  readonly name: string;
  readonly configs: readonly Config[];
  readonly contexts: Contexts;
}

const OPTIONS = { now: Date.UTC(2026, 0, 1), random: () => 0.5 };
const WORDS = Array.from({ length: 4_500 }, (_, index) => `w${(index * 7_919) % 100_000}x`);

const userWith = (x: ContextValue): Contexts => new Map([['user', new Map([['x', x]])]]);

function flag(key: string, operator: string, valueToMatch: ConfigValue): Config {
  const criteria = [{ propertyName: 'user.x', operator, valueToMatch }];
  const values = [{ criteria, value: { bool: true } }, { value: { bool: false } }];
  return { key, configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values }] };
}

function weighted(key: string): Config {
  const weightedValues = [true, false].map((bool) => ({ weight: 1, value: { bool } }));
  const value = { weightedValues: { hashByPropertyName: 'user.x', weightedValues } };
  return { key, configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values: [{ value }] }] };
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** A text of these parts in an order without a pattern, the same each time. */
function mixed(length: number, parts: readonly string[]): string {
  let random = 7;
  let text = '';
  while (text.length < length) {
    random = (random * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    text += parts[(random >> 8) % parts.length] ?? '';
  }
  return text.slice(0, length);
}

const CASES: readonly (() => Case)[] = [
  () => ({
    name: '20 expressions, 20 KB of text that nearly matches',
    configs: times(20, (i) => flag(`f${i}`, 'PROP_MATCHES', { string: `(?i)bot.{0,${30 + i}}crawler${i}` })),
    contexts: userWith(times(20, (i) => `crawler${i}`).join('') + mixed(20_000, ['bot', 'b', 'o', 't', ' '])),
  }),
  () => ({
    name: 'an expression of 3,600 instructions, 200 characters',
    configs: [flag('f', 'PROP_MATCHES', { string: `${'.{0,400}a'.repeat(3)}[cd]` })],
    contexts: userWith(mixed(200, ['a', 'b', 'c', 'd'])),
  }),
  () => ({
    name: '20 lists of 4,500 words, 60 KB of text',
    configs: times(20, (i) =>
      flag(`f${i}`, 'PROP_CONTAINS_ONE_OF', { stringList: { values: WORDS.map((word) => `${word}${i}`) } }),
    ),
    contexts: userWith(mixed(60_000, ['w1', 'w2', 'w3', 'x9'])),
  }),
  () => ({
    name: '20,000 flags with weights, a key of 60 KB',
    configs: times(20_000, (i) => weighted(`f${i}`)),
    contexts: userWith('k'.repeat(60_000)),
  }),
  () => ({
    name: '20,000 flags with lists, a list of 5,000 entries',
    configs: times(20_000, (i) =>
      flag(`f${i}`, 'PROP_IS_ONE_OF', { stringList: { values: [`a${i}`, 'b', 'c'] } }),
    ),
    contexts: userWith(times(5_000, (i) => `a${i + 30_000}`)),
  }),
  () => ({
    name: '20,000 flags with expressions',
    configs: times(20_000, (i) => flag(`f${i}`, 'PROP_MATCHES', { string: `^[a-z]+${i}@example\\.com$` })),
    contexts: userWith('someone5@example.com'),
  }),
  () => ({
    name: '50,000 ordinary flags',
    configs: times(50, (copy) =>
      realisticConfigs().map((config) => ({ ...config, key: `${config.key}.${copy}` })),
    ).flat(),
    contexts: people(1)[0] ?? new Map(),
  }),
];

const delay = monitorEventLoopDelay({ resolution: 1 });

/** The time of some work, and its longest turn. */
async function measure(work: () => Promise<unknown>): Promise<string> {
  await setTimeout(50);
  delay.reset();
  delay.enable();
  await setTimeout(20);
  const start = performance.now();
  await work();
  const taken = performance.now() - start;
  await setTimeout(20);
  delay.disable();
  return `${Math.round(delay.max / 1e6)} of ${Math.round(taken)} ms`;
}

async function measureCase({ name, configs, contexts }: Case): Promise<string[]> {
  const ruleset = new Ruleset({
    environment: 7n,
    version: BigInt(configs.length),
    at: 1n,
    envelope: encodeEnvelope({ id: 7n, projectId: 3n }),
    configs: configs.map((config, index) => encodeConfig({ ...config, id: `${index + 1}` })),
  });
  const evaluators = new Evaluators();
  const compile = () => evaluators.of(ruleset);
  const evaluate = async () => {
    const evaluator = await evaluators.of(ruleset);
    const slices = await eventLoop.begin();
    await evaluator.evaluateVisibleInSlices(contexts, OPTIONS, slices, () => undefined);
  };
  return [name, await measure(compile), await measure(evaluate), await measure(evaluate)];
}

const rows: string[][] = [];
for (const make of CASES) rows.push(await measureCase(make()));
console.log('The longest turn, of the time of the whole work:\n');
console.log(table(['ruleset and contexts', 'compile', 'first evaluation', 'next'], rows));
