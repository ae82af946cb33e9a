/**
 * Flag definitions of flagd. Pure.
 *
 * https://flagd.dev/reference/flag-definitions: `targeting` is JsonLogic that results in the name of
 * a variant; null means the default variant.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../ruleset/model.js';
import { all, ALWAYS_HOLDS, NotConvertible, type Condition } from './condition.js';
import { always, flagConfigOf, Converter, type Conversion, type Outcome } from './conversion.js';
import { isObject, listOf, objectOf, requireObject, textOf, USER_KEY, type JsonObject } from './input.js';
import {
  attributeProperty,
  canBeNull,
  conditionOf,
  operationOf,
  shown,
  type ConditionReading,
} from './json-logic.js';

interface Rule {
  readonly when: Condition;
  readonly then: Outcome;
}

/** What the targeting of one flag is read with. */
interface Flag {
  readonly key: string;
  readonly variants: JsonObject;
  readonly reading: ConditionReading;
  /** `undefined`: the code that asks has its own. */
  readonly otherwise: Outcome | undefined;
}

/**
 * Converts flag definitions of flagd. A disabled flag is left out: flagd answers for it as for one
 * that does not exist.
 *
 * @throws HoldfastError `field_invalid` when the input is no such file
 */
export function convertFlagd(input: unknown): Conversion {
  const file = requireObject(input, 'The file');
  const flags = flagsOf(file.flags);
  const evaluators = isObject(file.$evaluators) ? file.$evaluators : {};
  const converter = new Converter();
  for (const [key, flag] of flags) {
    converter.add(key, (differs) => configOf(key, flag, { evaluators, hasFlagdOperations: true, differs }));
  }
  return converter.result;
}

function configOf(key: string, flag: unknown, reading: ConditionReading): Config {
  const { state, variants: named, defaultVariant, targeting } = objectOf(flag, 'the flag');
  if (state === 'DISABLED') throw new NotConvertible('it is disabled, so code gets its own default');
  if (state !== 'ENABLED')
    throw new NotConvertible(`its state is ${shown(state)}; flagd knows ENABLED and DISABLED`);
  const variants = objectOf(named, 'variants');
  const otherwise =
    defaultVariant === undefined || defaultVariant === null ? undefined : variantOf(variants, defaultVariant);
  const rules = hasRules(targeting)
    ? rulesOf(targeting, ALWAYS_HOLDS, { key, variants, reading, otherwise })
    : [];
  const last = otherwise === undefined ? [] : [{ when: ALWAYS_HOLDS, then: otherwise }];
  return flagConfigOf({ key, values: Object.values(variants), rules: [...rules, ...last] });
}

/** flagd takes an empty object for no targeting. */
function hasRules(targeting: unknown): boolean {
  if (targeting === undefined || targeting === null) return false;
  return Object.keys(objectOf(targeting, 'targeting')).length > 0;
}

/** Flags by key; newer files may have them as a list. */
function flagsOf(flags: unknown): (readonly [string, unknown])[] {
  if (!Array.isArray(flags)) return Object.entries(requireObject(flags, 'flags'));
  return (flags as unknown[]).map((flag, i) => {
    const { key } = requireObject(flag, `flags[${i}]`);
    return [typeof key === 'string' ? key : `flags[${i}]`, flag] as const;
  });
}

function variantOf(variants: JsonObject, name: unknown): Outcome {
  // Conditions may result in a boolean where the variants are called true and false.
  const key = typeof name === 'boolean' ? `${name}` : textOf(name, `the variant ${shown(name)}`);
  if (!Object.hasOwn(variants, key))
    throw new NotConvertible(`its targeting names ${key}, which is no variant of it`);
  return always(variants[key]);
}

/** The rules of an expression that results in a variant, in the case that `guard` holds. */
function rulesOf(expression: unknown, guard: Condition, flag: Flag): Rule[] {
  if (expression === null || expression === undefined) return defaultRules(guard, flag);
  if (typeof expression === 'string' || typeof expression === 'boolean') {
    return [{ when: guard, then: variantOf(flag.variants, expression) }];
  }
  const { evaluators } = flag.reading;
  const { operator, args } = operationOf(expression, evaluators);
  if (operator === 'fractional') return [{ when: guard, then: splitOf(args, flag) }];
  if (operator === 'if' || operator === '?:') return branches(args, guard, flag);
  // A condition alone: its truth is the name of a variant.
  const condition = conditionOf(expression, flag.reading);
  const ifFalse = variantOf(flag.variants, false);
  if (canBeNull(expression, evaluators) && !isDeepStrictEqual(ifFalse, flag.otherwise)) {
    throw new NotConvertible(
      'its condition alone results in the default variant for a context without the attribute, and in the variant false for others that it does not hold for; write it as {"if": [condition, "true", "false"]}',
    );
  }
  return [
    { when: all([guard, condition]), then: variantOf(flag.variants, true) },
    { when: guard, then: ifFalse },
  ];
}

/** `if` has condition and result in turns, and at the end perhaps a result for all others. */
function branches(args: readonly unknown[], guard: Condition, flag: Flag): Rule[] {
  const rules: Rule[] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const when = all([guard, conditionOf(args[i], flag.reading)]);
    rules.push(...rulesOf(args[i + 1], when, flag));
  }
  return [
    ...rules,
    ...(args.length % 2 === 1 ? rulesOf(args.at(-1), guard, flag) : defaultRules(guard, flag)),
  ];
}

function defaultRules(guard: Condition, { otherwise }: Flag): Rule[] {
  if (otherwise !== undefined) return [{ when: guard, then: otherwise }];
  if (guard === ALWAYS_HOLDS) return [];
  throw new NotConvertible('a branch of it leads to the default of the code, and it has no default variant');
}

function splitOf(args: readonly unknown[], { key, variants, reading }: Flag): Outcome {
  const [first, ...rest] = args;
  const hasBucketing = !Array.isArray(first);
  const by = hasBucketing ? bucketingOf(first, key, reading.differs) : USER_KEY;
  const shares = (hasBucketing ? rest : args).map((each) => {
    const [name, weight = 1] = listOf(each, 'a share of fractional');
    if (typeof weight !== 'number' || weight < 0)
      throw new NotConvertible(`a share of fractional is ${shown(weight)}`);
    const outcome = variantOf(variants, name);
    return { weight, value: outcome.kind === 'value' ? outcome.value : undefined };
  });
  return { kind: 'split', by, shares };
}

/** The property that is hashed: an attribute, alone or after a text. */
function bucketingOf(expression: unknown, key: string, differs: (reason: string) => void): string {
  const operation = isObject(expression) && 'cat' in expression ? operationOf(expression, {}) : undefined;
  if (operation === undefined) return attributeProperty(expression);
  const attributes = operation.args.filter((part) => isObject(part) && !isFlagKey(part));
  const [attribute, ...others] = attributes;
  if (attribute === undefined || others.length > 0) {
    throw new NotConvertible('it spreads contexts by more than one attribute');
  }
  if (!operation.args.some(isFlagKey)) {
    differs(
      `a seed was hashed with the attribute, so that flags with the same seed agreed; here each flag is hashed with its own key (${key})`,
    );
  }
  return attributeProperty(attribute);
}

function isFlagKey(part: unknown): boolean {
  return isObject(part) && part.var === '$flagd.flagKey';
}
