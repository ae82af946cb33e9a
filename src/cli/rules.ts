/**
 * Edits of a config's rules in one environment. A rule is a value with conditions; the default is
 * the first value without any, and nothing after it is tried. Pure.
 */
import type { ConditionalValue, Config, ConfigRow, Criterion } from '../ruleset/model.js';
import { editedRow, withRow } from '../ruleset/rows.js';
import { describeRule } from '../words/configs.js';
import { parseConditions } from '../words/conditions.js';
import { ConditionError } from '../words/scanner.js';
import { UsageError } from './io.js';

/** A line of the list of rules. */
export interface ListedRule {
  /** The number that commands take, from 1; absent for the default and for rules of another row. */
  readonly number?: number;
  /** The rule in words. */
  readonly text: string;
  /** True for a rule of the default row, which is tried when no rule of the environment decides. */
  readonly isInDefaultRow?: true;
}

/** Finds the value of a row where no rule matches; `undefined` when it has none. */
export function defaultOf({ values = [] }: ConfigRow): ConditionalValue | undefined {
  return values.find(isDefault);
}

function isDefault({ criteria = [] }: ConditionalValue): boolean {
  return criteria.length === 0;
}

/** The rules of a row that are tried, and all values from its default on. */
function splitRow({ values = [] }: ConfigRow): [rules: ConditionalValue[], rest: ConditionalValue[]] {
  const end = values.findIndex(isDefault);
  return end === -1 ? [[...values], []] : [values.slice(0, end), values.slice(end)];
}

/** Lists what is tried in an environment, in its order: the numbered rules, and the default last. */
export function listRules(config: Config, environment: string): ListedRule[] {
  const row = editedRow(config, environment);
  const [rules, [otherwise]] = splitRow(row);
  const listed: ListedRule[] = rules.map((rule, i) => ({ number: i + 1, text: describeRule(rule) }));
  if (otherwise !== undefined) return [...listed, { text: describeRule(otherwise, rules.length === 0) }];
  const fallback = config.rows?.find((each) => each !== row && each.projectEnvId === undefined);
  const [more, [last]] = splitRow(fallback ?? {});
  const others = last === undefined ? more : [...more, last];
  return [...listed, ...others.map((rule) => ({ text: describeRule(rule), isInDefaultRow: true as const }))];
}

/** More rules than that from one list of conditions are a mistake. */
const MOST_RULES = 4;

/**
 * Reads conditions that must all hold, as the rules that say so: one, except for `<=` and `>=` with
 * versions, of which each makes two.
 *
 * @param texts one or several conditions each
 * @throws UsageError with the column at which a text cannot be read
 */
export function readConditions(texts: readonly string[]): Criterion[][] {
  if (texts.length === 0) {
    throw new UsageError("--if is missing; give a condition, such as --if 'user.plan is pro'.");
  }
  let rules: Criterion[][] = [[]];
  for (const text of texts) {
    const alternatives = readText(text);
    rules = alternatives.flatMap((each) => rules.map((rule) => [...rule, ...each]));
  }
  if (rules.length > MOST_RULES) {
    throw new UsageError('--if has too many comparisons of versions with <= and >=; add several rules.');
  }
  return rules;
}

function readText(text: string): Criterion[][] {
  try {
    return parseConditions(text);
  } catch (error) {
    if (error instanceof ConditionError) throw new UsageError(`--if ${error.message}`);
    throw error;
  }
}

/**
 * Adds rules to the row of an environment.
 *
 * @param at the number that the first of them gets; at the end when absent
 * @throws UsageError when there is no such place
 */
export function addRules(
  config: Config,
  environment: string,
  added: readonly ConditionalValue[],
  at?: number,
): Config {
  const row = editedRow(config, environment);
  const [rules, rest] = splitRow(row);
  const place = at ?? rules.length + 1;
  if (place < 1 || place > rules.length + 1) {
    const end = rules.length + 1;
    throw new UsageError(
      `--at must be ${end === 1 ? '1' : `from 1 to ${end}`}, and is ${place}: ${stateOf(config, rules)}.`,
    );
  }
  return withRow(config, row, { ...row, values: [...rules.toSpliced(place - 1, 0, ...added), ...rest] });
}

/**
 * Gives a rule another number; those in between move up or down.
 *
 * @throws UsageError when one of the numbers is that of no rule
 */
export function moveRule(config: Config, environment: string, from: number, to: number): Config {
  const row = editedRow(config, environment);
  const [rules, rest] = splitRow(row);
  checkNumber(config, rules, from, 'FROM');
  checkNumber(config, rules, to, 'TO');
  const moved = rules.slice(from - 1, from);
  const values = rules.toSpliced(from - 1, 1).toSpliced(to - 1, 0, ...moved);
  return withRow(config, row, { ...row, values: [...values, ...rest] });
}

/**
 * Removes a rule.
 *
 * @throws UsageError when no rule has that number
 */
export function removeRule(config: Config, environment: string, number: number): Config {
  const row = editedRow(config, environment);
  const [rules, rest] = splitRow(row);
  checkNumber(config, rules, number, 'NUMBER');
  if (rules.length === 1 && rest.length === 0) {
    const key = config.key ?? '';
    throw new UsageError(
      `${key} would have no value without its only rule; first set a default: holdfast set ${key} VALUE.`,
    );
  }
  return withRow(config, row, { ...row, values: [...rules.toSpliced(number - 1, 1), ...rest] });
}

function checkNumber(config: Config, rules: readonly ConditionalValue[], number: number, name: string): void {
  if (number >= 1 && number <= rules.length) return;
  if (rules.length === 0) throw new UsageError(`${stateOf(config, rules)}.`);
  const range = rules.length === 1 ? '1' : `from 1 to ${rules.length}`;
  throw new UsageError(`${name} must be ${range}, and is ${number}: ${stateOf(config, rules)}.`);
}

function stateOf({ key = '' }: Config, rules: readonly ConditionalValue[]): string {
  if (rules.length === 0) return `${key} has no rules`;
  return `${key} has ${rules.length} ${rules.length === 1 ? 'rule' : 'rules'} (holdfast rule list ${key})`;
}

/**
 * Reads the number of a rule.
 *
 * @param name the argument, for the error
 * @throws UsageError
 */
export function readRuleNumber(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(
    `${name} must be the number of a rule, from 1; it is ${JSON.stringify(text)}. holdfast rule list prints them.`,
  );
}
