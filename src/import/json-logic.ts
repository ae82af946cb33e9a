/** Conditions in JsonLogic, with the operations that flagd adds, as ours. Pure. */
import {
  all,
  ALWAYS_HOLDS,
  any,
  NEVER_HOLDS,
  not,
  NotConvertible,
  testNumber,
  testTexts,
  type Condition,
} from './condition.js';
import { isObject, propertyOf, USER_KEY, type JsonObject } from './input.js';
import { versionCondition } from './version-condition.js';

/** The shared parts of a file that `$ref` names. */
export type SharedEvaluators = JsonObject;

/** The operator and arguments of an expression. */
export interface Operation {
  readonly operator: string;
  readonly args: readonly unknown[];
}

/**
 * The operation that an object is, with `$ref` followed.
 *
 * @throws NotConvertible when it is none
 */
export function operationOf(expression: unknown, evaluators: SharedEvaluators, depth = 0): Operation {
  const entries = isObject(expression) ? Object.entries(expression) : [];
  const [entry, ...others] = entries;
  if (entry === undefined || others.length > 0) {
    throw new NotConvertible(`${shown(expression)} is no operation of JsonLogic`);
  }
  const [operator, argument] = entry;
  if (operator !== '$ref') return { operator, args: Array.isArray(argument) ? argument : [argument] };
  const shared = typeof argument === 'string' ? evaluators[argument] : undefined;
  if (shared === undefined || depth > 10) throw new NotConvertible(`$ref ${shown(argument)} leads nowhere`);
  return operationOf(shared, evaluators, depth + 1);
}

/**
 * Reads a condition.
 *
 * @throws NotConvertible
 */
export function conditionOf(expression: unknown, evaluators: SharedEvaluators, depth = 0): Condition {
  if (depth > 50) throw new NotConvertible('its targeting is nested too deep');
  if (expression === true) return ALWAYS_HOLDS;
  if (expression === false || expression === null) return NEVER_HOLDS;
  const { operator, args } = operationOf(expression, evaluators);
  const inner = (each: unknown): Condition => conditionOf(each, evaluators, depth + 1);
  switch (operator) {
    case 'and':
      return all(args.map(inner));
    case 'or':
      return any(args.map(inner));
    case '!':
      return not(inner(args[0]));
    case '!!':
      return inner(args[0]);
    default:
      return comparison(operator, args);
  }
}

function comparison(operator: string, args: readonly unknown[]): Condition {
  const [left, right, third] = args;
  switch (operator) {
    case '==':
    case '===':
      return equality('PROP_IS_ONE_OF', left, right);
    case '!=':
    case '!==':
      return equality('PROP_IS_NOT_ONE_OF', left, right);
    case 'in':
      return membership(left, right);
    case 'starts_with':
      return testTexts(attributeProperty(left), 'PROP_STARTS_WITH_ONE_OF', [right]);
    case 'ends_with':
      return testTexts(attributeProperty(left), 'PROP_ENDS_WITH_ONE_OF', [right]);
    case 'sem_ver':
      return versionCondition(attributeProperty(left), right, third);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return sizes(operator, args);
    case 'var':
      throw new NotConvertible(
        `the truth of ${shown(left)} by itself is a condition; compare it with a value`,
      );
    default:
      throw new NotConvertible(`the operation ${operator} has no form`);
  }
}

/** Equality with a constant on either side. */
function equality(operator: string, left: unknown, right: unknown): Condition {
  return isVariable(left)
    ? testTexts(attributeProperty(left), operator, [right])
    : testTexts(attributeProperty(right), operator, [left]);
}

function membership(needle: unknown, stack: unknown): Condition {
  if (isVariable(needle)) {
    if (Array.isArray(stack))
      return testTexts(attributeProperty(needle), 'PROP_IS_ONE_OF', stack as unknown[]);
    throw new NotConvertible('it asks whether an attribute is part of a constant text');
  }
  return testTexts(attributeProperty(stack), 'PROP_CONTAINS_ONE_OF', [needle]);
}

const SIZES: Readonly<Record<string, string>> = {
  '<': 'PROP_LESS_THAN',
  '<=': 'PROP_LESS_THAN_OR_EQUAL',
  '>': 'PROP_GREATER_THAN',
  '>=': 'PROP_GREATER_THAN_OR_EQUAL',
};
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** `a < b`, with the constant on either side, and `1 < a < 5`. */
function sizes(operator: string, [left, middle, right]: readonly unknown[]): Condition {
  if (right !== undefined) return all([sizes(operator, [left, middle]), sizes(operator, [middle, right])]);
  const isMirrored = !isVariable(left);
  const property = attributeProperty(isMirrored ? middle : left);
  const ours = SIZES[isMirrored ? (MIRRORED[operator] ?? '') : operator] ?? '';
  return testNumber(property, ours, isMirrored ? left : middle);
}

function isVariable(expression: unknown): boolean {
  return isObject(expression) && 'var' in expression;
}

/**
 * The property of a `var`.
 *
 * @throws NotConvertible when it is none, has a default, or is of the evaluator itself
 */
export function attributeProperty(expression: unknown): string {
  const given = isObject(expression) ? expression.var : undefined;
  const [name, fallback] = Array.isArray(given) ? (given as unknown[]) : [given];
  if (typeof name !== 'string' || name === '') {
    throw new NotConvertible(`${shown(expression)} stands where only an attribute can be read`);
  }
  if (fallback !== undefined) throw new NotConvertible(`the attribute ${name} has a default in a condition`);
  if (name.startsWith('$'))
    throw new NotConvertible(`${name} is a value of the evaluator, not of the context`);
  return name === 'targetingKey' ? USER_KEY : propertyOf(name);
}

/** A short text of an expression, for reasons. */
export function shown(expression: unknown): string {
  const text = expression === undefined ? 'nothing' : JSON.stringify(expression);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
