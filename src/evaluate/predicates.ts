/**
 * Compiles criteria to predicates. Where SDKs disagree, docs/evaluation.md records the choice.
 * Nothing here throws: a criterion that cannot be tested does not hold.
 */
import type { ConfigValue, Criterion } from '../ruleset/model.js';
import { compilePattern, type Pattern } from '../ruleset/pattern.js';
import { instant } from '../ruleset/dates.js';
import { exactInteger, numberOf } from './numbers.js';
import { compareSemanticVersions, parseSemanticVersion } from './versions.js';
import { compileWords, type WordSearch } from './word-search.js';
import {
  ALWAYS,
  NEVER,
  type Property,
  type PredicateId,
  type Predicate,
  type PredicateTable,
} from './predicate-table.js';

/** Resolves the names in criteria. */
export interface NameResolver {
  readonly predicates: PredicateTable;
  /** Membership in the segment of that key. */
  segment(key: string): PredicateId;
}

/** Operators that hold exactly where another one does not. */
const NEGATIONS: Readonly<Partial<Record<string, string>>> = {
  NOT_IN_SEG: 'IN_SEG',
  PROP_IS_NOT_ONE_OF: 'PROP_IS_ONE_OF',
  PROP_DOES_NOT_START_WITH_ONE_OF: 'PROP_STARTS_WITH_ONE_OF',
  PROP_DOES_NOT_END_WITH_ONE_OF: 'PROP_ENDS_WITH_ONE_OF',
  PROP_DOES_NOT_CONTAIN_ONE_OF: 'PROP_CONTAINS_ONE_OF',
  PROP_DOES_NOT_MATCH: 'PROP_MATCHES',
};

/** Compiles a criterion, unless an equal one exists. */
export function compileCriterion(criterion: Criterion, names: NameResolver): PredicateId {
  const { operator = 'NOT_SET' } = criterion;
  const negated = NEGATIONS[operator];
  if (negated !== undefined) return ~compileCriterion({ ...criterion, operator: negated }, names);
  const { propertyName = '', valueToMatch = {} } = criterion;
  if (operator === 'ALWAYS_TRUE') return ALWAYS;
  if (operator === 'IN_SEG')
    return valueToMatch.string === undefined ? NEVER : names.segment(valueToMatch.string);
  const { predicates: table } = names;
  const property = table.property(propertyName);
  // Lists can be long, and their words are kept anyway.
  const words = valueToMatch.stringList?.values?.map((text) => table.addWord(text));
  const name = `${operator} ${property.index} ${words?.join() ?? JSON.stringify(valueToMatch)}`;
  return table.add(
    name,
    () =>
      compileList(operator, property, valueToMatch, words ?? []) ??
      compileComparison(operator, property, valueToMatch),
  );
}

function compileList(
  operator: string,
  property: Property,
  { stringList }: ConfigValue,
  words: readonly number[],
): Predicate | undefined {
  const list = stringList?.values ?? [];
  switch (operator) {
    case 'PROP_IS_ONE_OF':
      return oneOf(property, words);
    case 'PROP_STARTS_WITH_ONE_OF':
      return startsWithOneOf(property, list);
    case 'PROP_ENDS_WITH_ONE_OF':
      return endsWithOneOf(property, list);
    case 'PROP_CONTAINS_ONE_OF':
      return containsOneOf(property, list);
    default:
      return undefined;
  }
}

function compileComparison(operator: string, property: Property, match: ConfigValue): Predicate {
  switch (operator) {
    case 'HIERARCHICAL_MATCH':
      return match.string === undefined ? no : startsWithOneOf(property, [match.string]);
    case 'PROP_LESS_THAN':
      return compareNumber(property, match, (number, limit) => number < limit);
    case 'PROP_LESS_THAN_OR_EQUAL':
      return compareNumber(property, match, (number, limit) => number <= limit);
    case 'PROP_GREATER_THAN':
      return compareNumber(property, match, (number, limit) => number > limit);
    case 'PROP_GREATER_THAN_OR_EQUAL':
      return compareNumber(property, match, (number, limit) => number >= limit);
    case 'IN_INT_RANGE':
      return inRange(property, match);
    case 'PROP_BEFORE':
      return compareInstant(property, match, (at, limit) => at < limit);
    case 'PROP_AFTER':
      return compareInstant(property, match, (at, limit) => at > limit);
    case 'PROP_MATCHES':
      return matches(property, match);
    case 'PROP_SEMVER_LESS_THAN':
      return compareVersion(property, match, (order) => order < 0);
    case 'PROP_SEMVER_EQUAL':
      return compareVersion(property, match, (order) => order === 0);
    case 'PROP_SEMVER_GREATER_THAN':
      return compareVersion(property, match, (order) => order > 0);
    default:
      return no;
  }
}

function no(): boolean {
  return false;
}

function untestable(): undefined {
  return undefined;
}

function oneOf(property: Property, list: readonly number[]): Predicate {
  const has = finder(list);
  return (pass) => {
    const { word, words } = pass.attribute(property);
    if (words === undefined) return has(word);
    return pass.spend(words.length, 1) ? words.some(has) : undefined;
  };
}

/** A list of up to this many numbers takes less memory than a set, and no more time. */
const SHORT = 8;

function finder(list: readonly number[]): (word: number) => boolean {
  if (list.length <= SHORT) return (word) => list.includes(word);
  const set = new Set(list);
  return (word) => set.has(word);
}

function startsWithOneOf(property: Property, list: readonly string[]): Predicate {
  return (pass) => {
    const { text } = pass.attribute(property);
    if (text !== undefined) for (const entry of list) if (text.startsWith(entry)) return true;
    return false;
  };
}

function endsWithOneOf(property: Property, list: readonly string[]): Predicate {
  return (pass) => {
    const { text } = pass.attribute(property);
    if (text !== undefined) for (const entry of list) if (text.endsWith(entry)) return true;
    return false;
  };
}

/** The words are compiled on first use: many predicates of a ruleset are never tested. */
function containsOneOf(property: Property, list: readonly string[]): Predicate {
  let search: WordSearch | undefined;
  return (pass) => {
    const { text } = pass.attribute(property);
    if (text === undefined) return false;
    if (!pass.spend(text.length, 1)) return undefined;
    search ??= compileWords(list);
    return search(text);
  };
}

type Number64 = number | bigint;

/** JavaScript compares a number with a bigint exactly, and NaN with nothing. */
function compareNumber(
  property: Property,
  match: ConfigValue,
  holds: (number: Number64, limit: Number64) => boolean,
): Predicate {
  const limit = numberOf(match);
  if (limit === undefined) return no;
  return (pass) => {
    const { value } = pass.attribute(property);
    return isNumber(value) && holds(value, limit);
  };
}

/** From the start (inclusive) to the end (exclusive); an absent bound does not limit. */
function inRange(property: Property, { intRange }: ConfigValue): Predicate {
  if (intRange === undefined) return no;
  const start = intRange.start === undefined ? -Infinity : exactInteger(intRange.start);
  const end = intRange.end === undefined ? Infinity : exactInteger(intRange.end);
  return (pass) => {
    const { value } = pass.attribute(property);
    return isNumber(value) && start <= value && value < end;
  };
}

function compareInstant(
  property: Property,
  match: ConfigValue,
  holds: (at: Number64, limit: Number64) => boolean,
): Predicate {
  const limit = instant(match.string ?? numberOf(match));
  if (limit === undefined) return no;
  return (pass) => {
    const at = pass.attribute(property).instant;
    return at !== undefined && holds(at, limit);
  };
}

/** Expressions are compiled on first use: compiling 20,000 of them takes seconds. */
function matches(property: Property, { string: expression }: ConfigValue): Predicate {
  if (expression === undefined) return untestable;
  let pattern: Pattern | undefined | null = null;
  return (pass) => {
    const { value } = pass.attribute(property);
    if (typeof value !== 'string') return undefined;
    if (pattern === null) pattern = patternOf(expression);
    if (pattern === undefined || !pass.spend(value.length, pattern.size)) return undefined;
    return pattern.test(value);
  };
}

/** Commits refuse expressions that do not compile, but a ruleset can come from elsewhere. */
function patternOf(expression: string): Pattern | undefined {
  try {
    return compilePattern(expression);
  } catch {
    return undefined;
  }
}

function compareVersion(
  property: Property,
  { string: text }: ConfigValue,
  holds: (order: number) => boolean,
): Predicate {
  const limit = text === undefined ? undefined : parseSemanticVersion(text);
  if (limit === undefined) return no;
  return (pass) => {
    const { version } = pass.attribute(property);
    return version !== undefined && holds(compareSemanticVersions(version, limit));
  };
}

function isNumber(value: unknown): value is Number64 {
  return typeof value === 'number' || typeof value === 'bigint';
}
