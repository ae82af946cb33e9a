/**
 * Features of Unleash, from its client API or an export of one environment. Pure.
 *
 * A feature is on when it is enabled and one of its strategies is; all constraints and segments of a
 * strategy must hold.
 */
import {
  all,
  ALWAYS_HOLDS,
  not,
  NotConvertible,
  test,
  testNumber,
  testTexts,
  type Condition,
} from './condition.js';
import { always, flagConfigOf, Converter, segmentOf, type Conversion, type Outcome } from './conversion.js';
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
import { versionCondition } from './version-condition.js';

const ON = always(true);
const OFF = always(false);

/** A feature with what an export has apart from it. */
interface Feature {
  readonly name: string;
  readonly enabled: boolean;
  readonly strategies: readonly JsonObject[];
  /** True when it has no strategy at all, not even a disabled one. */
  readonly isOpen: boolean;
  /** The names of the features that it depends on. */
  readonly parents: readonly string[];
  readonly hasVariants: boolean;
}

/**
 * Converts features to flags that are true or false, and segments.
 *
 * @throws HoldfastError `field_invalid` when the input is no such file
 */
export function convertUnleash(input: unknown): Conversion {
  const file = requireObject(input, 'The file');
  const converter = new Converter();
  const segments = new Set<string>();
  for (const each of listOf(file.segments, 'segments')) {
    const segment = requireObject(each, 'a segment');
    const id = String(segment.id);
    converter.add(segmentKey(id), () => {
      const when = constraintsOf(segment.constraints);
      segments.add(id);
      return segmentOf(segmentKey(id), [{ when, then: true }]);
    });
  }
  for (const feature of featuresOf(file)) {
    converter.add(feature.name, (differs) => {
      if (feature.hasVariants) differs('its variants are not converted: the flag says whether it is on');
      return flagConfigOf({ key: feature.name, values: [true, false], rules: rulesOf(feature, segments) });
    });
  }
  return converter.result;
}

function segmentKey(id: string): string {
  return `segment.${id}`;
}

function featuresOf(file: JsonObject): Feature[] {
  const features = listOf(requireObject(file, 'The file').features, 'features');
  // An export has the strategies and the state in an environment in lists of their own.
  const exported = Array.isArray(file.featureStrategies)
    ? file.featureStrategies.filter(isObject)
    : undefined;
  const states = listOf(file.featureEnvironments, 'featureEnvironments').filter(isObject);
  return features.map((each) => {
    const feature = requireObject(each, 'a feature');
    const name = typeof feature.name === 'string' ? feature.name : '(without a name)';
    const state = states.find(({ featureName, name: other }) => (featureName ?? other) === name);
    const strategies =
      exported?.filter(({ featureName }) => featureName === name) ??
      listOf(feature.strategies, 'strategies').filter(isObject);
    const variants = [feature, ...(state === undefined ? [] : [state]), ...strategies];
    return {
      name,
      enabled: (state ?? feature).enabled === true,
      strategies: strategies.filter(({ disabled }) => disabled !== true),
      isOpen: strategies.length === 0,
      parents: dependenciesOf(file, feature, name),
      hasVariants: variants.some((part) => Array.isArray(part.variants) && part.variants.length > 0),
    };
  });
}

/** The features that one depends on: next to it, or in a list of their own in an export. */
function dependenciesOf(file: JsonObject, feature: JsonObject, name: string): string[] {
  const exported = listOf(file.dependencies, 'dependencies')
    .filter(isObject)
    .filter((each) => each.feature === name)
    .flatMap((each) => listOf(each.dependencies, 'dependencies'));
  return [...listOf(feature.dependencies, 'dependencies'), ...exported]
    .filter(isObject)
    .map((each) => (typeof each.feature === 'string' ? each.feature : 'another feature'));
}

function rulesOf({ enabled, strategies, isOpen, parents }: Feature, segments: ReadonlySet<string>) {
  const last = { when: ALWAYS_HOLDS, then: OFF };
  if (!enabled) return [last];
  if (parents.length > 0)
    throw new NotConvertible(
      `it depends on ${parents.join(', ')}, and no rule can ask for the value of another flag`,
    );
  // A feature without strategies is on, one whose strategies are all disabled is off.
  if (isOpen) return [{ when: ALWAYS_HOLDS, then: ON }];
  const rules = strategies.map((strategy) => ({
    when: all([
      constraintsOf(strategy.constraints),
      segmentsOf(strategy.segments, segments),
      membersOf(strategy),
    ]),
    then: outcomeOf(strategy),
  }));
  // A context that one percentage misses is tried with the next strategy; a rule that holds decides.
  const early = rules.slice(0, -1).some(({ then }) => then.kind === 'split');
  if (early)
    throw new NotConvertible(
      'a strategy with a percentage is followed by another one, which those whom it misses get as well',
    );
  return [...rules, last];
}

function segmentsOf(given: unknown, known: ReadonlySet<string>): Condition {
  return all(
    listOf(given, 'segments').map((id): Condition => {
      const name = String(id);
      if (!known.has(name)) throw new NotConvertible(`the segment ${name} is not in the result`);
      return { kind: 'test', criterion: { operator: 'IN_SEG', valueToMatch: { string: segmentKey(name) } } };
    }),
  );
}

/** The contexts that a strategy is for by its parameters alone. */
function membersOf({ name, parameters }: JsonObject): Condition {
  const given = isObject(parameters) ? parameters : {};
  switch (name) {
    case 'default':
    case 'flexibleRollout':
    case 'gradualRolloutUserId':
      return ALWAYS_HOLDS;
    case 'userWithId':
      return testTexts(USER_KEY, 'PROP_IS_ONE_OF', partsOf(given.userIds));
    default:
      throw new NotConvertible(`the strategy ${JSON.stringify(name)} has no form`);
  }
}

function partsOf(list: unknown): string[] {
  return typeof list === 'string'
    ? list
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    : [];
}

function outcomeOf({ name, parameters }: JsonObject): Outcome {
  if (name !== 'flexibleRollout' && name !== 'gradualRolloutUserId') return ON;
  const given = isObject(parameters) ? parameters : {};
  const percentage = Number(given.rollout ?? given.percentage);
  if (!(percentage >= 0 && percentage <= 100))
    throw new NotConvertible('the percentage of a strategy is no number');
  if (percentage === 100) return ON;
  if (given.stickiness === 'random') throw new NotConvertible('a percentage is drawn anew at each request');
  const stickiness = typeof given.stickiness === 'string' ? given.stickiness : 'default';
  const by = stickiness === 'default' ? USER_KEY : fieldOf(stickiness);
  const shares = [
    { weight: percentage, value: true },
    { weight: 100 - percentage, value: false },
  ];
  return { kind: 'split', by, shares };
}

function fieldOf(name: string): string {
  return name === 'userId' ? USER_KEY : propertyOf(name);
}

function constraintsOf(given: unknown): Condition {
  return all(listOf(given, 'constraints').map((each) => constraintOf(objectOf(each, 'a constraint'))));
}

const TEXTS: Readonly<Record<string, string>> = {
  IN: 'PROP_IS_ONE_OF',
  NOT_IN: 'PROP_IS_NOT_ONE_OF',
  STR_STARTS_WITH: 'PROP_STARTS_WITH_ONE_OF',
  STR_ENDS_WITH: 'PROP_ENDS_WITH_ONE_OF',
  STR_CONTAINS: 'PROP_CONTAINS_ONE_OF',
};
const NUMBERS: Readonly<Record<string, string>> = {
  NUM_LT: 'PROP_LESS_THAN',
  NUM_LTE: 'PROP_LESS_THAN_OR_EQUAL',
  NUM_GT: 'PROP_GREATER_THAN',
  NUM_GTE: 'PROP_GREATER_THAN_OR_EQUAL',
};
const VERSIONS: Readonly<Record<string, string>> = { SEMVER_EQ: '=', SEMVER_LT: '<', SEMVER_GT: '>' };

function constraintOf({
  contextName,
  operator,
  values,
  value,
  inverted,
  caseInsensitive,
}: JsonObject): Condition {
  const name = textOf(contextName, 'the context field of a constraint');
  const property = fieldOf(name);
  const op = textOf(operator, 'the operator of a constraint');
  if (caseInsensitive === true) throw new NotConvertible(`a constraint on ${name} has no regard to case`);
  const condition = operation(property, op, listOf(values, 'the values of a constraint'), value);
  return inverted === true ? not(condition) : condition;
}

function operation(property: string, op: string, values: readonly unknown[], value: unknown): Condition {
  const texts = TEXTS[op];
  if (texts !== undefined) return testTexts(property, texts, values);
  const numbers = NUMBERS[op];
  if (numbers !== undefined) return testNumber(property, numbers, value);
  if (op === 'NUM_EQ') return testTexts(property, 'PROP_IS_ONE_OF', [value]);
  const version = VERSIONS[op];
  if (version !== undefined) return versionCondition(property, version, value);
  if (op !== 'DATE_BEFORE' && op !== 'DATE_AFTER') throw new NotConvertible(`the operator ${op} has no form`);
  if (property === 'user.currentTime') throw new NotConvertible('a constraint is on the current time');
  return test(property, op === 'DATE_BEFORE' ? 'PROP_BEFORE' : 'PROP_AFTER', {
    string: textOf(value, 'a date'),
  });
}
