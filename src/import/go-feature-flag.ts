/**
 * Flags of go-feature-flag. Pure.
 *
 * https://gofeatureflag.org/docs/configure_flag/flag_format: the first rule of `targeting` whose
 * query holds decides, else `defaultRule`. A rule has a variation, or percentages of variations.
 */
import type { Config } from '../ruleset/model.js';
import { ALWAYS_HOLDS, NotConvertible, type Condition } from './condition.js';
import { always, flagConfigOf, Converter, type Conversion, type Outcome } from './conversion.js';
import {
  isObject,
  listOf,
  objectOf,
  propertyOf,
  requireObject,
  textOf,
  USER_KEY,
  type JsonObject,
} from './input.js';
import { conditionOf } from './json-logic.js';
import { queryCondition } from './query.js';

/**
 * Converts a file of go-feature-flag. A disabled flag is left out: code gets its own default for it.
 *
 * @throws HoldfastError `field_invalid` when the input is no such file
 */
export function convertGoFeatureFlag(input: unknown): Conversion {
  const converter = new Converter();
  for (const [key, given] of Object.entries(requireObject(input, 'The file'))) {
    converter.add(key, (differs) => configOf(key, objectOf(given, 'the flag'), differs));
  }
  return converter.result;
}

function configOf(key: string, flag: JsonObject, differs: (reason: string) => void): Config {
  refuseChanging(flag);
  const variations = objectOf(flag.variations, 'variations');
  const by = bucketingProperty(flag, differs);
  const rules = listOf(flag.targeting, 'targeting')
    .map((each) => objectOf(each, 'a rule'))
    .filter(isInForce)
    .map((rule) => ({ when: whenOf(rule, differs), then: outcomeOf(rule, variations, by) }));
  const otherwise = {
    when: ALWAYS_HOLDS,
    then: outcomeOf(objectOf(flag.defaultRule, 'defaultRule'), variations, by),
  };
  return flagConfigOf({ key, values: Object.values(variations), rules: [...rules, otherwise] });
}

function bucketingProperty({ bucketingKey }: JsonObject, differs: (reason: string) => void): string {
  if (bucketingKey === undefined || bucketingKey === null || bucketingKey === '') return USER_KEY;
  const attribute = textOf(bucketingKey, 'bucketingKey');
  differs(
    `a context without ${attribute} got the default of the code there, by its bucketingKey; here it is evaluated`,
  );
  return propertyOf(attribute);
}

/** The engine reads `disable`, and its documentation has `disabled`: one of the two is a mistake. */
function isInForce({ disable, disabled }: JsonObject): boolean {
  if (disabled !== undefined && disable === undefined)
    throw new NotConvertible('a rule of it has "disabled", which is not read there; write "disable"');
  return disable !== true;
}

/** Refuses flags that change with time by themselves. */
function refuseChanging({ disable, scheduledRollout, experimentation }: JsonObject): void {
  if (disable === true) throw new NotConvertible('it is disabled, so code gets its own default');
  if (listOf(scheduledRollout, 'scheduledRollout').length > 0) {
    throw new NotConvertible('it has a scheduledRollout: make each step a change when its time comes');
  }
  if (experimentation !== undefined && experimentation !== null) {
    throw new NotConvertible('it has an experimentation, outside of whose time code gets its own default');
  }
}

/** A query may also be JsonLogic. */
function whenOf({ query }: JsonObject, differs: (reason: string) => void): Condition {
  const reading = { evaluators: {}, hasFlagdOperations: false, differs };
  if (isObject(query)) return conditionOf(query, reading);
  const text = textOf(query, 'the query of a rule').trim();
  if (!text.startsWith('{')) return queryCondition(text, differs);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new NotConvertible('the query of a rule is no JSON');
  }
  return conditionOf(parsed, reading);
}

function outcomeOf(rule: JsonObject, variations: JsonObject, by: string): Outcome {
  if (rule.progressiveRollout !== undefined && rule.progressiveRollout !== null) {
    throw new NotConvertible(
      'it has a progressiveRollout, which changes with time: convert it when it has ended, or set a percentage',
    );
  }
  const valueOf = (name: string): unknown => {
    if (Object.hasOwn(variations, name)) return variations[name];
    throw new NotConvertible(`a rule of it names ${name}, which is no variation of it`);
  };
  const { percentage, variation } = rule;
  // Percentages win over a variation.
  if (percentage === undefined || percentage === null) {
    return always(valueOf(textOf(variation, 'the variation of a rule')));
  }
  const shares = Object.entries(objectOf(percentage, 'percentage')).map(([name, weight]) => {
    if (typeof weight !== 'number' || weight < 0)
      throw new NotConvertible(`the percentage of ${name} is no number`);
    return { weight, value: valueOf(name) };
  });
  return { kind: 'split', by, shares };
}
