/**
 * Validates criteria: public SDKs can evaluate an operator that none of them throws at, with a
 * value to match that it can work with.
 */
import { messageOf } from '../core/errors.js';
import { instant } from './dates.js';
import { member, quote, refuse } from './fields.js';
import type { ConfigValue, Criterion } from './model.js';
import { compilePattern } from './pattern.js';
import { SEMVER } from './semver.js';
import { checkContent, type Kind } from './values.js';

const list: readonly Kind[] = ['stringList'];
const text: readonly Kind[] = ['string'];
const number: readonly Kind[] = ['int', 'double'];
/** Milliseconds, or a date as text, which is stored as milliseconds: see portable.ts. */
const date: readonly Kind[] = ['int', 'double', 'string'];
const range: readonly Kind[] = ['intRange'];

/**
 * The kinds of `valueToMatch` with which an operator can hold in some SDK. Operators that are not
 * here are refused: the node SDK throws at NOT_SET, ALWAYS_TRUE and LOOKUP_KEY_*, and none knows a
 * number beyond these.
 */
const kindsByOperator: Readonly<Partial<Record<string, readonly Kind[]>>> = {
  IN_SEG: text,
  NOT_IN_SEG: text,
  PROP_IS_ONE_OF: list,
  PROP_IS_NOT_ONE_OF: list,
  PROP_STARTS_WITH_ONE_OF: list,
  PROP_DOES_NOT_START_WITH_ONE_OF: list,
  PROP_ENDS_WITH_ONE_OF: list,
  PROP_DOES_NOT_END_WITH_ONE_OF: list,
  PROP_CONTAINS_ONE_OF: list,
  PROP_DOES_NOT_CONTAIN_ONE_OF: list,
  HIERARCHICAL_MATCH: text,
  IN_INT_RANGE: range,
  PROP_LESS_THAN: number,
  PROP_LESS_THAN_OR_EQUAL: number,
  PROP_GREATER_THAN: number,
  PROP_GREATER_THAN_OR_EQUAL: number,
  PROP_BEFORE: date,
  PROP_AFTER: date,
  PROP_MATCHES: text,
  PROP_DOES_NOT_MATCH: text,
  PROP_SEMVER_LESS_THAN: text,
  PROP_SEMVER_EQUAL: text,
  PROP_SEMVER_GREATER_THAN: text,
};

/** The operators that are accepted, for errors. */
export const OPERATORS: readonly string[] = Object.keys(kindsByOperator);

/**
 * Checks one criterion.
 *
 * @throws HoldfastError `operator_unsupported`, `value_invalid`
 */
export function checkCriterion(criterion: Criterion, field: string): void {
  const { operator = 'NOT_SET', valueToMatch } = criterion;
  const allowed = kindsByOperator[operator];
  if (allowed === undefined) {
    const at = member(field, 'operator');
    refuse(
      at,
      `is ${operator}, at which SDKs fail; for a value that always applies leave the list of criteria empty, else use one of ${OPERATORS.join(', ')}.`,
      'operator_unsupported',
    );
  }
  const at = member(field, 'valueToMatch');
  const kind = checkContent(valueToMatch, at);
  if (!allowed.includes(kind))
    refuse(at, `must be of kind ${allowed.join(' or ')} for ${operator}, not ${kind}.`, 'value_invalid');
  const given = valueToMatch?.string ?? '';
  const problem = problemOf(operator, valueToMatch ?? {});
  if (problem !== undefined) refuse(member(at, kind), problem, 'value_invalid');
  if (operator.endsWith('IN_SEG') && given === '')
    refuse(at, `must name the segment for ${operator}.`, 'value_invalid');
  if (operator.startsWith('PROP_SEMVER_') && !SEMVER.test(given)) {
    refuse(
      at,
      `must be a semantic version such as 1.2.3 for ${operator}, not ${quote(given)}.`,
      'value_invalid',
    );
  }
  if (operator === 'PROP_MATCHES' || operator === 'PROP_DOES_NOT_MATCH')
    checkPattern(given, member(at, 'string'));
}

/** The reason why SDKs do not read a constant alike, with the remedy. */
function problemOf(operator: string, { int, double, string, intRange, stringList }: ConfigValue) {
  if (operator === 'PROP_BEFORE' || operator === 'PROP_AFTER') {
    const at = instant(string ?? exactNumber(int, double));
    return Number.isSafeInteger(at)
      ? undefined
      : `must be milliseconds since 1970 or a date and time of RFC 3339 with a zone, such as 2026-01-31T00:00:00Z, not ${quote(string ?? `${int ?? double}`)}; SDKs read other texts differently.`;
  }
  if (operator === 'IN_INT_RANGE') {
    if (intRange?.start === undefined || intRange.end === undefined)
      return 'must have a start and an end; two SDKs read an absent one as 0.';
    return BigInt(intRange.start) < BigInt(intRange.end)
      ? undefined
      : `must start below its end (${intRange.end}), which does not belong to it; no number is in it.`;
  }
  if (operator.endsWith('_ONE_OF')) {
    if (stringList?.values?.includes('') !== true) return undefined;
    return operator === 'PROP_IS_ONE_OF' || operator === 'PROP_IS_NOT_ONE_OF'
      ? 'must not have an empty text; one SDK takes an absent property for it.'
      : 'must not have an empty text, which every text begins with, ends with and contains; one SDK takes the property for absent.';
  }
  if (double !== undefined && Number.isNaN(Number(double)))
    return 'must not be NaN; SDKs differ in what compares with it.';
  const isExact = int === undefined || Number.isSafeInteger(Number(int));
  return isExact ? undefined : `must be between -2^53 and 2^53, not ${int}; two SDKs round larger numbers.`;
}

function exactNumber(int: string | undefined, double: number | string | undefined): number {
  return Number(int ?? double);
}

function checkPattern(expression: string, field: string): void {
  try {
    compilePattern(expression);
  } catch (error) {
    refuse(
      field,
      `must be a regular expression that RE2 knows (no backreferences, no lookarounds): ${messageOf(error)}.`,
      'value_invalid',
    );
  }
}
