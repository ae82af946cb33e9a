/**
 * Flag data of LaunchDarkly, as its SDKs and the relay get it: flags and segments of one
 * environment. Pure.
 *
 * Order of evaluation: off, prerequisites, targets, rules, fallthrough. All clauses of a rule must
 * hold; a clause holds when one of its values does.
 */
import {
  all,
  ALWAYS_HOLDS,
  any,
  not,
  NotConvertible,
  test,
  testNumber,
  testTexts,
  type Condition,
} from './condition.js';
import { always, flagConfigOf, Converter, segmentOf, type Conversion, type Outcome } from './conversion.js';
import { isObject, listOf, objectOf, propertyOf, requireObject, textOf, type JsonObject } from './input.js';
import { versionCondition } from './version-condition.js';

const NEGATED = 'a negated clause does not hold there for a context without the attribute; here it does';

/** The keys of the segments that were converted, and a way to say that something differs. */
interface Reading {
  readonly segments: ReadonlySet<string>;
  readonly differs: (reason: string) => void;
}

/**
 * Converts flag data. A flag that is off has its off value; one without an off variation is left
 * out, as code then gets its own default.
 *
 * @throws HoldfastError `field_invalid` when the input is no such file
 */
export function convertLaunchDarkly(input: unknown): Conversion {
  const file = requireObject(input, 'The file');
  const data = isObject(file.data) ? file.data : file;
  const converter = new Converter();
  const segments = new Set<string>();
  for (const [key, given] of Object.entries(isObject(data.segments) ? data.segments : {})) {
    converter.add(segmentKey(key), (differs) => {
      const config = segmentConfig(key, objectOf(given, 'the segment'), differs);
      segments.add(key);
      return config;
    });
  }
  // A file for an SDK's file source may have values in place of flags, or both.
  const values = isObject(data.flagValues) ? data.flagValues : {};
  const hasValues = data.flags === undefined && isObject(data.flagValues);
  const flags = hasValues ? {} : requireObject(data.flags, 'flags');
  for (const [key, given] of Object.entries(flags)) {
    converter.add(key, (differs) => {
      if (Object.hasOwn(values, key)) throw new NotConvertible('it is in flags and in flagValues');
      return flagConfig(key, objectOf(given, 'the flag'), { segments, differs });
    });
  }
  for (const [key, value] of Object.entries(values)) {
    if (Object.hasOwn(flags, key)) continue;
    const rules = [{ when: ALWAYS_HOLDS, then: always(value) }];
    converter.add(key, () => flagConfigOf({ key, values: [value], rules }));
  }
  return converter.result;
}

function segmentKey(key: string): string {
  return `segment.${key}`;
}

function flagConfig(key: string, flag: JsonObject, reading: Reading) {
  const variations = listOf(flag.variations, 'variations');
  const valueAt = (index: unknown): unknown => {
    if (typeof index === 'number' && index in variations) return variations[index];
    throw new NotConvertible(`it names the variation ${JSON.stringify(index)}, which it does not have`);
  };
  if (flag.deleted === true) throw new NotConvertible('it is deleted');
  if (flag.on !== true) {
    if (typeof flag.offVariation !== 'number') {
      throw new NotConvertible('it is off without an off variation, so code gets its own default');
    }
    const off = { when: ALWAYS_HOLDS, then: always(valueAt(flag.offVariation)) };
    return flagConfigOf({ key, values: variations, rules: [off] });
  }
  if (listOf(flag.prerequisites, 'prerequisites').length > 0) {
    throw new NotConvertible('it has prerequisites, and no rule can ask for the value of another flag');
  }
  const outcome = (given: JsonObject): Outcome => outcomeOf(given, valueAt);
  const targets = [...listOf(flag.contextTargets, 'contextTargets'), ...listOf(flag.targets, 'targets')].map(
    (each) => {
      const { values, variation, contextKind } = objectOf(each, 'a target');
      return {
        when: keysOf(contextKind, listOf(values, 'the values of a target')),
        then: always(valueAt(variation)),
      };
    },
  );
  const rules = listOf(flag.rules, 'rules').map((each) => {
    const rule = objectOf(each, 'a rule');
    return { when: clausesOf(rule, reading), then: outcome(rule) };
  });
  const last = { when: ALWAYS_HOLDS, then: outcome(objectOf(flag.fallthrough, 'fallthrough')) };
  return flagConfigOf({ key, values: variations, rules: [...targets, ...rules, last] });
}

function outcomeOf(given: JsonObject, valueAt: (index: unknown) => unknown): Outcome {
  if (given.rollout === undefined || given.rollout === null) return always(valueAt(given.variation));
  const { variations, bucketBy, contextKind } = objectOf(given.rollout, 'a rollout');
  const shares = listOf(variations, 'the variations of a rollout').map((each) => {
    const { variation, weight } = objectOf(each, 'a share');
    if (typeof weight !== 'number' || weight < 0)
      throw new NotConvertible('the weight of a share is no number');
    return { weight, value: valueAt(variation) };
  });
  return { kind: 'split', by: attributeOf(contextKind, bucketBy ?? 'key'), shares };
}

function segmentConfig(key: string, segment: JsonObject, differs: (reason: string) => void) {
  if (segment.unbounded === true)
    throw new NotConvertible('it is a big segment, whose members are elsewhere');
  const members = (list: string, contexts: string): Condition =>
    any([
      keysOf('user', listOf(segment[list], list)),
      ...listOf(segment[contexts], contexts).map((each) => {
        const { contextKind, values } = objectOf(each, contexts);
        return keysOf(contextKind, listOf(values, `the values of ${contexts}`));
      }),
    ]);
  const rules = listOf(segment.rules, 'rules').map((each) => {
    const rule = objectOf(each, 'a rule');
    if (rule.weight !== undefined && rule.weight !== null)
      throw new NotConvertible('a rule of it is a percentage');
    return { when: clausesOf(rule, { segments: new Set(), differs }), then: true };
  });
  return segmentOf(segmentKey(key), [
    { when: members('included', 'includedContexts'), then: true },
    { when: members('excluded', 'excludedContexts'), then: false },
    ...rules,
  ]);
}

function keysOf(kind: unknown, values: readonly unknown[]): Condition {
  return testTexts(attributeOf(kind, 'key'), 'PROP_IS_ONE_OF', values);
}

/** The property of an attribute of a kind of context; references to parts are not attributes. */
function attributeOf(kind: unknown, attribute: unknown): string {
  const name = textOf(attribute, 'an attribute').replace(/^\//, '');
  if (name.includes('/')) throw new NotConvertible(`the attribute ${name} is a part of another one`);
  const type = typeof kind === 'string' && kind !== '' ? kind : 'user';
  return type === 'user' ? propertyOf(name) : `${type}.${name}`;
}

function clausesOf(rule: JsonObject, reading: Reading): Condition {
  return all(listOf(rule.clauses, 'clauses').map((each) => clauseOf(objectOf(each, 'a clause'), reading)));
}

function clauseOf(clause: JsonObject, reading: Reading): Condition {
  const { op, negate } = clause;
  const values = listOf(clause.values, 'the values of a clause');
  if (op === 'segmentMatch') {
    const condition = any(values.map((value) => segmentCondition(value, reading)));
    return negate === true ? not(condition) : condition;
  }
  const property = attributeOf(clause.contextKind, clause.attribute);
  const condition = operation(property, textOf(op, 'the operator of a clause'), values);
  if (negate !== true) return condition;
  reading.differs(NEGATED);
  return not(condition);
}

function segmentCondition(key: unknown, { segments }: Reading): Condition {
  const name = textOf(key, 'the name of a segment');
  if (!segments.has(name)) throw new NotConvertible(`the segment ${name} is not in the result`);
  return { kind: 'test', criterion: { operator: 'IN_SEG', valueToMatch: { string: segmentKey(name) } } };
}

const TEXTS: Readonly<Record<string, string>> = {
  in: 'PROP_IS_ONE_OF',
  startsWith: 'PROP_STARTS_WITH_ONE_OF',
  endsWith: 'PROP_ENDS_WITH_ONE_OF',
  contains: 'PROP_CONTAINS_ONE_OF',
};
const NUMBERS: Readonly<Record<string, string>> = {
  lessThan: 'PROP_LESS_THAN',
  lessThanOrEqual: 'PROP_LESS_THAN_OR_EQUAL',
  greaterThan: 'PROP_GREATER_THAN',
  greaterThanOrEqual: 'PROP_GREATER_THAN_OR_EQUAL',
};
const VERSIONS: Readonly<Record<string, string>> = {
  semVerEqual: '=',
  semVerLessThan: '<',
  semVerGreaterThan: '>',
};

function operation(property: string, op: string, values: readonly unknown[]): Condition {
  const texts = TEXTS[op];
  if (texts !== undefined) return testTexts(property, texts, values);
  const numbers = NUMBERS[op];
  if (numbers !== undefined) return any(values.map((value) => testNumber(property, numbers, value)));
  const version = VERSIONS[op];
  if (version !== undefined) return any(values.map((value) => versionCondition(property, version, value)));
  if (op === 'matches') {
    return any(
      values.map((value) => test(property, 'PROP_MATCHES', { string: textOf(value, 'an expression') })),
    );
  }
  if (op === 'before' || op === 'after')
    return any(values.map((value) => dateCondition(property, op, value)));
  throw new NotConvertible(`the operator ${op} has no form`);
}

function dateCondition(property: string, op: 'before' | 'after', value: unknown): Condition {
  const operator = op === 'before' ? 'PROP_BEFORE' : 'PROP_AFTER';
  if (typeof value === 'number') return testNumber(property, operator, value);
  return test(property, operator, { string: textOf(value, 'a date') });
}
