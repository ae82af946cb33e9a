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

/** What the conditions of one flag are read with. */
export interface ConditionReading {
  readonly evaluators: SharedEvaluators;
  /** The operations `starts_with`, `ends_with` and `sem_ver`, which flagd adds to JsonLogic. */
  readonly hasFlagdOperations: boolean;
  /** Is called for each comparison that some context may fare differently with. */
  readonly differs: (reason: string) => void;
}

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
export function conditionOf(expression: unknown, reading: ConditionReading, depth = 0): Condition {
  if (depth > 50) throw new NotConvertible('its targeting is nested too deep');
  if (expression === true) return ALWAYS_HOLDS;
  if (expression === false || expression === null) return NEVER_HOLDS;
  const { operator, args } = operationOf(expression, reading.evaluators);
  const inner = (each: unknown): Condition => conditionOf(each, reading, depth + 1);
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
      return comparison(operator, args, reading);
  }
}

function comparison(operator: string, args: readonly unknown[], reading: ConditionReading): Condition {
  const [left, right] = args;
  switch (operator) {
    case '==':
    case '===':
      return equality('PROP_IS_ONE_OF', left, right, reading);
    case '!=':
    case '!==':
      return equality('PROP_IS_NOT_ONE_OF', left, right, reading);
    case 'in':
      return membership(left, right, reading);
    case '<':
    case '<=':
    case '>':
    case '>=':
      reading.differs(SIZES_DIFFER);
      return sizes(operator, args);
    case 'var':
      throw new NotConvertible(
        `the truth of ${shown(left)} by itself is a condition; compare it with a value`,
      );
    default:
      return flagdComparison(operator, args, reading);
  }
}

const NULL_OPERATIONS: ReadonlySet<string> = new Set(['starts_with', 'ends_with', 'sem_ver']);

/**
 * True when a condition can result in null for an attribute that is absent or of another type, and
 * not in false. As a condition of `if` both are the same; as a result null is the default variant.
 */
export function canBeNull(expression: unknown, evaluators: SharedEvaluators, depth = 0): boolean {
  if (!isObject(expression) || depth > 50) return false;
  const { operator, args } = operationOf(expression, evaluators);
  if (NULL_OPERATIONS.has(operator)) return true;
  return (
    (operator === 'and' || operator === 'or') && args.some((each) => canBeNull(each, evaluators, depth + 1))
  );
}

function flagdComparison(
  operator: string,
  [left, right, third]: readonly unknown[],
  { hasFlagdOperations, differs }: ConditionReading,
): Condition {
  if (!hasFlagdOperations || !NULL_OPERATIONS.has(operator))
    throw new NotConvertible(`the operation ${operator} has no form`);
  const property = attributeProperty(left);
  if (operator === 'sem_ver') {
    differs(VERSIONS_DIFFER);
    return versionCondition(property, right, wholeVersion(third));
  }
  if (isPartOfTyped(right)) differs(partDiffers(right));
  const ours = operator === 'starts_with' ? 'PROP_STARTS_WITH_ONE_OF' : 'PROP_ENDS_WITH_ONE_OF';
  return testTexts(property, ours, [right]);
}

/** flagd reads `v1.2` as 1.2.0; other forms are left as they are, to be named in the refusal. */
function wholeVersion(version: unknown): unknown {
  if (typeof version !== 'string') return version;
  const bare = version.replace(/^[vV]/, '');
  return /^\d+(\.\d+)?$/.test(bare) ? `${bare}${bare.includes('.') ? '.0' : '.0.0'}` : bare;
}

/** Equality with a constant on either side. */
function equality(operator: string, left: unknown, right: unknown, { differs }: ConditionReading): Condition {
  const [variable, constant] = isVariable(left) ? [left, right] : [right, left];
  if (isTyped(constant)) differs(TYPES_DIFFER);
  return testTexts(attributeProperty(variable), operator, [constant]);
}

/** An attribute in a list, or a text in an attribute, which may be a list as well. */
function membership(needle: unknown, stack: unknown, { differs }: ConditionReading): Condition {
  if (isVariable(needle)) {
    if (!Array.isArray(stack))
      throw new NotConvertible('it asks whether an attribute is part of a constant text');
    if (stack.some(isTyped)) differs(TYPES_DIFFER);
    return testTexts(attributeProperty(needle), 'PROP_IS_ONE_OF', stack as unknown[]);
  }
  const property = attributeProperty(stack);
  if (isPartOfTyped(needle)) differs(partDiffers(needle));
  return any([
    testTexts(property, 'PROP_CONTAINS_ONE_OF', [needle]),
    // "contains" never holds for a list, whose elements this compares.
    testTexts(property, 'PROP_IS_ONE_OF', [needle]),
  ]);
}

const TYPES_DIFFER =
  'attributes are compared with numbers, booleans and texts that look like them by type there, and by their text here: "5" is 5, "5.0" is not';
const SIZES_DIFFER =
  'for < and > a text is read as a number there, and an absent attribute counts as 0; here such contexts do not match';
const VERSIONS_DIFFER =
  'versions of contexts such as v1.2 or the number 1 are read there; here only whole ones such as 1.2.0';

function partDiffers(part: unknown): string {
  return `attributes that are numbers or booleans are never searched for ${shown(part)} there; here their text is`;
}

/** True for a constant that equals, as a text, a value of another type. */
export function isTyped(constant: unknown): boolean {
  if (typeof constant !== 'string') return true;
  return (
    constant === 'true' || constant === 'false' || (constant.trim() !== '' && !Number.isNaN(Number(constant)))
  );
}

/** True for a text that can stand in the text of a number or boolean. */
function isPartOfTyped(constant: unknown): boolean {
  if (typeof constant !== 'string') return true;
  return /^[-+.\de]*$/.test(constant) || 'true'.includes(constant) || 'false'.includes(constant);
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
