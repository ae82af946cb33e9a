/**
 * Flags of go-feature-flag. Pure.
 *
 * https://gofeatureflag.org/docs/configure_flag/flag_format: the first rule of `targeting` whose
 * query holds decides, else `defaultRule`. A rule has a variation, or percentages of variations.
 */
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

const IGNORES_CASE =
  'its queries compare texts without regard to case; here an attribute must be written as the rule is';

/**
 * Converts a file of go-feature-flag. A disabled flag is left out: code gets its own default for it.
 *
 * @throws HoldfastError `field_invalid` when the input is no such file
 */
export function convertGoFeatureFlag(input: unknown): Conversion {
  const converter = new Converter();
  for (const [key, given] of Object.entries(requireObject(input, 'The file'))) {
    converter.add(key, (differs) => {
      const flag = objectOf(given, 'the flag');
      refuseChanging(flag);
      const variations = objectOf(flag.variations, 'variations');
      const by = typeof flag.bucketingKey === 'string' ? propertyOf(flag.bucketingKey) : USER_KEY;
      const outcome = (rule: JsonObject): Outcome => outcomeOf(rule, variations, by);
      const targeting = listOf(flag.targeting, 'targeting')
        .map((each) => objectOf(each, 'a rule'))
        .filter((rule) => rule.disable !== true);
      const rules = targeting.map((rule) => ({
        when: whenOf(rule, () => differs(IGNORES_CASE)),
        then: outcome(rule),
      }));
      const otherwise = { when: ALWAYS_HOLDS, then: outcome(objectOf(flag.defaultRule, 'defaultRule')) };
      return flagConfigOf({ key, values: Object.values(variations), rules: [...rules, otherwise] });
    });
  }
  return converter.result;
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
function whenOf({ query }: JsonObject, onText: () => void): Condition {
  if (isObject(query)) return conditionOf(query, {});
  const text = textOf(query, 'the query of a rule').trim();
  if (!text.startsWith('{')) return queryCondition(text, onText);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new NotConvertible('the query of a rule is no JSON');
  }
  return conditionOf(parsed, {});
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
