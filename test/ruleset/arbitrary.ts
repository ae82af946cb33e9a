/** Random valid configs, in the normalised form of model.ts. */
import fc from 'fast-check';
import type { Config, ConfigRow, ConfigValue, Criterion } from '../../src/ruleset/model.js';

export const ENVIRONMENT = 7n;
export const PROJECT = 3n;

/** Well-formed Unicode, sometimes outside of the basic plane. */
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
/** -0 has no JSON form of its own. */
const double = fc
  .double()
  .map((value) => (Object.is(value, -0) ? 0 : Number.isFinite(value) ? value : String(value)));

const byType: Record<string, fc.Arbitrary<ConfigValue>> = {
  INT: fc.record({ int: int64 }),
  STRING: fc.record({ string: text, confidential: fc.boolean() }, { requiredKeys: ['string'] }),
  BYTES: fc.record({
    bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  }),
  DOUBLE: fc.record({ double }),
  BOOL: fc.record({ bool: fc.boolean() }),
  LOG_LEVEL: fc.record({ logLevel: fc.constantFrom('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL') }),
  STRING_LIST: fc.array(text, { maxLength: 4 }).map((values) => ({
    stringList: values.length === 0 ? {} : { values },
  })),
  INT_RANGE: fc.constantFrom<ConfigValue>(
    { intRange: {} },
    { intRange: { start: '0' } },
    { intRange: { start: '-5', end: '9223372036854775807' } },
  ),
  DURATION: fc
    .constantFrom('PT0.5S', 'P1DT2H3M4S', 'P2D')
    .map((definition) => ({ duration: { definition } })),
  JSON: fc.jsonValue().map((value) => ({ json: { json: JSON.stringify(value) } })),
};

function weighted(plain: fc.Arbitrary<ConfigValue>): fc.Arbitrary<ConfigValue> {
  const variant = fc.record({ weight: fc.integer({ min: 1, max: 1000 }), value: plain });
  return fc
    .array(variant, { minLength: 1, maxLength: 3 })
    .map((variants) => ({ weightedValues: { weightedValues: variants, hashByPropertyName: 'user.key' } }));
}

const criterion: fc.Arbitrary<Criterion> = fc.oneof(
  fc.record({
    propertyName: name,
    operator: fc.constantFrom('PROP_IS_ONE_OF', 'PROP_CONTAINS_ONE_OF'),
    valueToMatch: fc.array(name, { maxLength: 4 }).map((values) => ({
      stringList: values.length === 0 ? {} : { values },
    })),
  }),
  fc.record({
    propertyName: name,
    operator: fc.constant('PROP_LESS_THAN'),
    // Integers from 2^31 to 2^32 are stored as doubles: test/ruleset/portable.test.ts.
    valueToMatch: fc
      .oneof(
        fc.integer({ max: 2 ** 31 - 1 }),
        fc.maxSafeInteger().filter((int) => int >= 2 ** 32),
      )
      .map((int) => ({ int: `${int}` })),
  }),
  fc.record({
    propertyName: name,
    operator: fc.constant('IN_INT_RANGE'),
    valueToMatch: fc.constant({ intRange: { start: '-5', end: '9223372036854775807' } }),
  }),
);

function rows(valueType: string): fc.Arbitrary<ConfigRow[]> {
  const plain = byType[valueType]!;
  const value = fc.oneof({ weight: 4, arbitrary: plain }, weighted(plain));
  const values = fc.array(
    fc.record(
      { criteria: fc.array(criterion, { minLength: 1, maxLength: 3 }), value },
      { requiredKeys: ['value'] },
    ),
    { minLength: 1, maxLength: 3 },
  );
  // Keys such as `__proto__` are data.
  const properties = fc.dictionary(fc.oneof(name, fc.constant('__proto__')), plain, {
    minKeys: 1,
    maxKeys: 2,
  });
  const row = fc.record({ values, properties }, { requiredKeys: ['values'] });
  return fc
    .tuple(row, fc.option(row, { nil: undefined }))
    .map(([own, fallback]) => [
      { projectEnvId: `${ENVIRONMENT}`, ...own },
      ...(fallback === undefined ? [] : [fallback]),
    ]);
}

/** A valid config without id that is not deleted. */
export function liveConfig(key: fc.Arbitrary<string> = name): fc.Arbitrary<Config> {
  return fc.constantFrom(...Object.keys(byType)).chain((valueType) =>
    fc.record(
      {
        key,
        configType: fc.constantFrom('CONFIG', 'FEATURE_FLAG'),
        valueType: fc.constant(valueType),
        rows: rows(valueType),
        sendToClientSdk: fc.constant(true),
        draftId: int64,
        changedBy: fc.record({ email: name, userId: fc.constant('17018962363976479') }),
      },
      { requiredKeys: ['key', 'configType', 'valueType', 'rows'] },
    ),
  );
}

export function tombstone(key: string): Config {
  return { key, configType: 'DELETED' };
}

/** A boolean flag with one default row. */
export function flag(key: string, on = true): Config {
  return {
    key,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ value: { bool: on } }] }],
  };
}

/** A segment, which holds if all of the other segments hold. */
export function segment(key: string, ...others: string[]): Config {
  const criteria = others.map((other) => ({ operator: 'IN_SEG', valueToMatch: { string: other } }));
  return {
    key,
    configType: 'SEGMENT',
    valueType: 'BOOL',
    rows: [{ values: [{ criteria, value: { bool: true } }, { value: { bool: false } }] }],
  };
}

/** A string config that many bytes long, and some. */
export function sized(key: string, bytes: number): Config {
  return {
    key,
    configType: 'CONFIG',
    valueType: 'STRING',
    rows: [{ values: [{ value: { string: 'x'.repeat(bytes) } }] }],
  };
}
