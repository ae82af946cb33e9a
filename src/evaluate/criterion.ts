/**
 * Criteria made into functions. Whatever SDKs disagree on is decided as docs/evaluation.md says. Nothing here throws: a criterion that
 * cannot be judged does not hold.
 */
import type { ConfigValue, Criterion } from '../ruleset/model.js';
import { compilePattern, type Pattern } from '../ruleset/pattern.js';
import { instant } from './dates.js';
import { exactInteger, numberOf } from './numbers.js';
import type { Property, Reading, Run } from './run.js';
import { compareSemanticVersions, parseSemanticVersion } from './versions.js';

/** Whether a criterion holds. */
export type Test = (run: Run) => boolean;

/** Where criteria find what they name. */
export interface Names {
  property(name: string): Property;
  /** Whether a run is in that segment. */
  segment(key: string): Test;
}

const NEVER: Test = () => false;
const ALWAYS: Test = () => true;

export function compileCriterion(criterion: Criterion, names: Names): Test {
  const { operator = 'NOT_SET', valueToMatch = {} } = criterion;
  const property = () => names.property(criterion.propertyName ?? '');
  const list = valueToMatch.stringList?.values ?? [];
  switch (operator) {
    case 'ALWAYS_TRUE':
      return ALWAYS;
    case 'IN_SEG':
    case 'NOT_IN_SEG': {
      const inside = valueToMatch.string === undefined ? NEVER : names.segment(valueToMatch.string);
      return operator === 'IN_SEG' ? inside : not(inside);
    }
    case 'PROP_IS_ONE_OF':
      return oneOf(property(), list);
    case 'PROP_IS_NOT_ONE_OF':
      return not(oneOf(property(), list));
    case 'PROP_STARTS_WITH_ONE_OF':
      return someText(property(), list, (text, entry) => text.startsWith(entry));
    case 'PROP_DOES_NOT_START_WITH_ONE_OF':
      return not(someText(property(), list, (text, entry) => text.startsWith(entry)));
    case 'PROP_ENDS_WITH_ONE_OF':
      return someText(property(), list, (text, entry) => text.endsWith(entry));
    case 'PROP_DOES_NOT_END_WITH_ONE_OF':
      return not(someText(property(), list, (text, entry) => text.endsWith(entry)));
    case 'PROP_CONTAINS_ONE_OF':
      return someText(property(), list, (text, entry) => text.includes(entry));
    case 'PROP_DOES_NOT_CONTAIN_ONE_OF':
      return not(someText(property(), list, (text, entry) => text.includes(entry)));
    default:
      return compileComparison(operator, property, valueToMatch);
  }
}

/** The operators that have no opposite which holds when they cannot be judged. */
function compileComparison(operator: string, property: () => Property, match: ConfigValue): Test {
  switch (operator) {
    case 'HIERARCHICAL_MATCH':
      return match.string === undefined
        ? NEVER
        : someText(property(), [match.string], (text, entry) => text.startsWith(entry));
    case 'PROP_LESS_THAN':
      return compareNumber(property(), match, (number, limit) => number < limit);
    case 'PROP_LESS_THAN_OR_EQUAL':
      return compareNumber(property(), match, (number, limit) => number <= limit);
    case 'PROP_GREATER_THAN':
      return compareNumber(property(), match, (number, limit) => number > limit);
    case 'PROP_GREATER_THAN_OR_EQUAL':
      return compareNumber(property(), match, (number, limit) => number >= limit);
    case 'IN_INT_RANGE':
      return inRange(property(), match);
    case 'PROP_BEFORE':
      return compareInstant(property(), match, (at, limit) => at < limit);
    case 'PROP_AFTER':
      return compareInstant(property(), match, (at, limit) => at > limit);
    case 'PROP_MATCHES':
      return matches(property(), match, true);
    case 'PROP_DOES_NOT_MATCH':
      return matches(property(), match, false);
    case 'PROP_SEMVER_LESS_THAN':
      return compareVersion(property(), match, (order) => order < 0);
    case 'PROP_SEMVER_EQUAL':
      return compareVersion(property(), match, (order) => order === 0);
    case 'PROP_SEMVER_GREATER_THAN':
      return compareVersion(property(), match, (order) => order > 0);
    default:
      return NEVER;
  }
}

function not(test: Test): Test {
  return (run) => !test(run);
}

function oneOf(property: Property, list: readonly string[]): Test {
  const entries = new Set(list);
  return (run) => {
    const { text, value } = run.read(property);
    if (text !== undefined) return entries.has(text);
    return typeof value === 'object' && value.some((each) => entries.has(each));
  };
}

function someText(
  property: Property,
  list: readonly string[],
  fits: (text: string, entry: string) => boolean,
): Test {
  return (run) => {
    const { text } = run.read(property);
    if (text === undefined) return false;
    for (const entry of list) if (fits(text, entry)) return true;
    return false;
  };
}

type Number64 = number | bigint;

/** JavaScript compares a number with a bigint exactly, and NaN with nothing. */
function compareNumber(
  property: Property,
  match: ConfigValue,
  holds: (number: Number64, limit: Number64) => boolean,
): Test {
  const limit = numberOf(match);
  if (limit === undefined) return NEVER;
  return (run) => {
    const { value } = run.read(property);
    return isNumber(value) && holds(value, limit);
  };
}

/** From the start up to but not with the end; what is absent does not limit. */
function inRange(property: Property, { intRange }: ConfigValue): Test {
  if (intRange === undefined) return NEVER;
  const start = intRange.start === undefined ? -Infinity : exactInteger(intRange.start);
  const end = intRange.end === undefined ? Infinity : exactInteger(intRange.end);
  return (run) => {
    const { value } = run.read(property);
    return isNumber(value) && start <= value && value < end;
  };
}

function compareInstant(
  property: Property,
  match: ConfigValue,
  holds: (at: Number64, limit: Number64) => boolean,
): Test {
  const limit = instant(match.string ?? numberOf(match));
  if (limit === undefined) return NEVER;
  return (run) => {
    const at = run.read(property).instant;
    return at !== undefined && holds(at, limit);
  };
}

/** @param wanted what the search must come to; without a text to search, or an expression, neither holds */
function matches(property: Property, { string: expression }: ConfigValue, wanted: boolean): Test {
  const pattern = expression === undefined ? undefined : patternOf(expression);
  if (pattern === undefined) return NEVER;
  return (run) => {
    const { value } = run.read(property);
    return typeof value === 'string' && pattern(value) === wanted;
  };
}

/** Commits refuse what does not compile, but a ruleset can come from elsewhere. */
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
): Test {
  const limit = text === undefined ? undefined : parseSemanticVersion(text);
  if (limit === undefined) return NEVER;
  return (run) => {
    const { version }: Reading = run.read(property);
    return version !== undefined && holds(compareSemanticVersions(version, limit));
  };
}

function isNumber(value: unknown): value is Number64 {
  return typeof value === 'number' || typeof value === 'bigint';
}
