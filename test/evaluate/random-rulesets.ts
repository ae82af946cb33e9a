/**
 * Random rulesets within the part on which the public SDKs agree. Each has segments, configs of
 * every kind of value that clients can read, a deleted config, and for each operator a *probe*: a
 * flag that is true exactly where one criterion with that operator holds.
 */
import fc from 'fast-check';
import type {
  ConditionalValue,
  Config,
  ConfigRow,
  ConfigValue,
  ContextSet,
} from '../../src/ruleset/model.js';
import { referencesOf } from '../../src/ruleset/segments.js';
import {
  contextSetOf,
  fraction,
  HASHED_PROPERTIES,
  integer,
  randomDefault,
  type RandomContexts,
  word,
} from './random-contexts.js';
import { anyCriterion, criterionWith, OPERATORS } from './random-criteria.js';

export const ENVIRONMENT = 7n;

const SEGMENTS = ['segment.0', 'segment.1', 'segment.2', 'segment.é'];
const DELETED = 'deleted';
const PROBE = 'probe.';
/** Some beyond ASCII: they are hashed for weights. */
const NAMES = Array.from({ length: 24 }, (_, index) =>
  index % 4 === 0 ? `größe.${index}` : `flag.${index}`,
);

/** All keys, and one that no ruleset has. */
export const KEYS = [
  ...SEGMENTS,
  ...NAMES,
  ...OPERATORS.map((operator) => PROBE + operator),
  DELETED,
  'unknown',
];

export interface RandomRuleset {
  readonly configs: readonly Config[];
  readonly defaultContext: ContextSet;
}

/**
 * True when SDKs may choose the value at random: it has weights, and no property to hash. (Not
 * always: an earlier rule may apply.)
 */
export function drawsLots(
  config: Config | undefined,
  given: RandomContexts,
  ruleset: RandomRuleset,
): boolean {
  if (given.user !== undefined || ruleset.defaultContext.contexts?.some(({ type }) => type === 'user'))
    return false;
  return (config?.rows ?? []).some((row) =>
    row.values?.some(({ value }) => value?.weightedValues !== undefined),
  );
}

/**
 * The part of a ruleset that a config's value comes from: the config and the segments that it asks
 * for.
 */
export function partsOf({ configs, defaultContext }: RandomRuleset, key: string): RandomRuleset {
  const wanted = new Set([key]);
  for (const each of wanted) {
    const config = configs.find((candidate) => candidate.key === each);
    for (const reference of referencesOf(config ?? {})) wanted.add(reference.key);
  }
  return { configs: configs.filter((config) => wanted.has(config.key ?? '')), defaultContext };
}

/** The operator that a config is the probe of. */
export function probed(key: string): string | undefined {
  return key.startsWith(PROBE) ? key.slice(PROBE.length) : undefined;
}

const seconds = fc.constantFrom(
  'PT0.5S',
  'PT90S',
  'PT1.25H',
  'P1DT2H3M4S',
  'P2D',
  'PT1M',
  'P0.5D',
  'PT0S',
  'PT0.001S',
);

/** The kinds of value that all SDKs can read. */
export const KINDS = [
  'bool',
  'int',
  'double',
  'string',
  'stringList',
  'json',
  'duration',
  'logLevel',
] as const;

const plainByType: Readonly<Record<string, fc.Arbitrary<ConfigValue>>> = {
  BOOL: fc.boolean().map((bool) => ({ bool })),
  INT: integer.map((value) => ({ int: `${value}` })),
  DOUBLE: fc
    .oneof(fraction, fc.double({ noNaN: true, noDefaultInfinity: true }).map(positiveZero))
    .map((double) => ({ double })),
  STRING: fc.record(
    { string: fc.oneof(word, fc.string({ unit: 'grapheme', maxLength: 8 })), confidential: fc.boolean() },
    { requiredKeys: ['string'] },
  ),
  STRING_LIST: fc.array(word, { maxLength: 3 }).map((values) => ({ stringList: { values } })),
  JSON: fc.jsonValue({ maxDepth: 2 }).map((value) => ({ json: { json: JSON.stringify(value) } })),
  DURATION: seconds.map((definition) => ({ duration: { definition } })),
  LOG_LEVEL: fc
    .constantFrom('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL')
    .map((logLevel) => ({ logLevel })),
};

/** proto3-JSON has no other. */
function positiveZero(value: number): number {
  return value === 0 ? 0 : value;
}

function weighted(plain: fc.Arbitrary<ConfigValue>): fc.Arbitrary<ConfigValue> {
  const weight = fc.oneof(fc.constantFrom(1, 1, 1, 0), fc.integer({ min: 1, max: 100_000 }));
  return fc
    .record({
      weightedValues: fc
        .array(fc.record({ weight, value: plain }), { minLength: 1, maxLength: 4 })
        .filter((variants) => variants.some((variant) => variant.weight > 0)),
      hashByPropertyName: fc.constantFrom(...HASHED_PROPERTIES),
    })
    .map((weightedValues) => ({ weightedValues }));
}

/** @param ends with a value for everyone, so that no rule of another row is looked at */
function rowOf(
  value: fc.Arbitrary<ConfigValue>,
  segments: readonly string[],
  ends: fc.Arbitrary<boolean>,
): fc.Arbitrary<ConfigRow> {
  const criteria = fc.array(anyCriterion(segments), { minLength: 1, maxLength: 3 });
  const rules = fc.array(fc.record<ConditionalValue>({ criteria, value }), { minLength: 1, maxLength: 4 });
  const otherwise = fc.record<ConditionalValue>({ value });
  return fc
    .tuple(rules, otherwise, ends)
    .map(([some, last, end]) => ({ values: end ? [...some, last] : some }));
}

function own(row: ConfigRow): ConfigRow {
  return { projectEnvId: `${ENVIRONMENT}`, ...row };
}

/**
 * A row for the environment, a default row, or both in either order: what no rule of the first
 * decides falls through to the second.
 */
function rowsOf(value: fc.Arbitrary<ConfigValue>, segments: readonly string[]): fc.Arbitrary<ConfigRow[]> {
  const row = rowOf(value, segments, fc.boolean());
  return fc.oneof(
    row.map((only) => [own(only)]),
    row.map((only) => [only]),
    fc.tuple(row, row).map(([first, second]) => [own(first), second]),
    fc.tuple(row, row).map(([first, second]) => [first, own(second)]),
  );
}

function configOf(key: string): fc.Arbitrary<Config> {
  return fc.constantFrom(...Object.keys(plainByType)).chain((valueType) => {
    const plain = plainByType[valueType]!;
    const value = fc.oneof({ weight: 2, arbitrary: plain }, { weight: 1, arbitrary: weighted(plain) });
    const type = valueType === 'LOG_LEVEL' ? ['LOG_LEVEL'] : ['FEATURE_FLAG', 'CONFIG'];
    return fc.record(
      {
        key: fc.constant(key),
        configType: fc.constantFrom(...type),
        valueType: fc.constant(valueType),
        sendToClientSdk: fc.boolean(),
        rows: rowsOf(value, SEGMENTS),
      },
      { requiredKeys: ['key', 'configType', 'rows'] },
    );
  });
}

/**
 * A segment that may ask for the ones before it, and always ends in a value: without one, SDKs
 * disagree.
 */
function segmentOf(key: string, index: number): fc.Arbitrary<Config> {
  const row = rowOf(plainByType.BOOL!, SEGMENTS.slice(0, index), fc.constant(true));
  return row.map((only) => ({ key, configType: 'SEGMENT', valueType: 'BOOL', rows: [only] }));
}

function probeOf(operator: string): fc.Arbitrary<Config> {
  return criterionWith(operator, SEGMENTS).map((criterion) => ({
    key: PROBE + operator,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }] }],
  }));
}

export const randomRuleset: fc.Arbitrary<RandomRuleset> = fc.record({
  configs: fc
    .tuple(...SEGMENTS.map(segmentOf), ...NAMES.map(configOf), ...OPERATORS.map(probeOf))
    .map((configs) => [...configs, { key: DELETED, configType: 'DELETED' }]),
  defaultContext: randomDefault.map(contextSetOf),
});
