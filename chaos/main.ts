/**
 * `npm run chaos -- [--seed N | --seeds A..B] [--minutes M] [--subscribers N] [--faults KIND,KIND]
 * [--strict-loss] [--keep] [--plan]`: meets a real installation with faults that are drawn from the
 * seed, and checks every promise of docs/guarantees.md. Prints a table; on a violation also the
 * seed, the time line and the folder of the logs, and ends with 1.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../src/core/errors.js';
import { kindNamed } from './kinds.js';
import { makePlan, planText } from './plan.js';
import { lineOf, report } from './report.js';
import { runSeed, type RunOptions, type RunResult } from './run.js';

/**
 * The time in which faults begin, milliseconds, unless --minutes says otherwise; with start, rest
 * and checks a seed takes about twice as long.
 */
const LENGTH = 15_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    subscribers: { type: 'string', default: '100' },
    faults: { type: 'string' },
    'strict-loss': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
  },
});

// Each SDK says at its start that it has nowhere to send telemetry to.
console.debug = () => undefined;

process.exitCode = await main();

async function main(): Promise<number> {
  const kinds = values.faults?.split(',').map((name) => kindNamed(name.trim()));
  const length = values.minutes === undefined ? LENGTH : number('minutes', values.minutes) * 60_000;
  const results: RunResult[] = [];
  let broken = 0;
  let asked = false;
  // The seed at hand is brought to its end, so that nothing is left running; a second signal ends
  // everything at once.
  process.once('SIGINT', () => {
    asked = true;
    print('Interrupted: this seed is the last one; interrupt again to end at once.');
  });
  for (const seed of seeds()) {
    if (isSet(() => asked)) break;
    if (values.plan) {
      const plan = makePlan({ seed, length, ...(kinds === undefined ? {} : { kinds }) });
      print(`seed ${seed}:\n${planText(plan)}`);
      continue;
    }
    const result = await attempt({
      seed,
      length,
      subscribers: number('subscribers', values.subscribers),
      kinds,
      strictLoss: values['strict-loss'],
      keep: values.keep,
    });
    if (result === undefined) broken++;
    else results.push(result);
  }
  if (values.plan) return 0;
  print(`\n${report(results)}`);
  const violated = results.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed);
  if (violated.length > 0) print(`\nSeeds with violations: ${violated.join(', ')}`);
  if (broken > 0) print(`\nSeeds that could not be run: ${broken}`);
  return violated.length + broken > 0 ? 1 : 0;
}

/**
 * Behind a function, because the compiler believes that a flag it has seen to be false stays so.
 */
function isSet(flag: () => boolean): boolean {
  return flag();
}

async function attempt(options: RunOptions): Promise<RunResult | undefined> {
  try {
    const result = await runSeed(options);
    print(lineOf(result));
    if (result.violations.length > 0) print(violationText(result));
    return result;
  } catch (error) {
    print(`seed ${options.seed} could not be run: ${messageOf(error)}`);
    return undefined;
  }
}

function violationText({ seed, violations, dir }: RunResult): string {
  const shown = violations.slice(0, 20).map(({ check, text }) => `  [${check}] ${text}`);
  const more = violations.length > shown.length ? [`  and ${violations.length - shown.length} more`] : [];
  const timeline = dir === undefined ? '' : readFileSync(join(dir, 'timeline.txt'), 'utf8');
  const lines = timeline.split('\n').filter((line) => !line.includes('VIOLATION:'));
  return [
    `VIOLATIONS with seed ${seed}:`,
    ...shown,
    ...more,
    'Time line:',
    ...lines,
    `Logs: ${dir ?? 'removed'}`,
  ].join('\n');
}

function seeds(): number[] {
  if (values.seeds === undefined) return [number('seed', values.seed)];
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(values.seeds) ?? [];
  if (from === undefined || to === undefined) throw new Error('--seeds must be like 1..100');
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => Number(from) + index);
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} must be a number, not ${text}`);
  return value;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
