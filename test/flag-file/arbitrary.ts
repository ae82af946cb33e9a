/** Random valid configs with everything that the data model can say. */
import fc from 'fast-check';
import type { ConditionalValue, Config, ConfigRow, ConfigValue } from '../../src/ruleset/model.js';
import { portableConfig } from '../../src/ruleset/portable.js';
import { ENVIRONMENT, liveConfig, tombstone } from '../ruleset/arbitrary.js';
import { validCriterion } from '../words/criteria.js';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.constantFrom(
    '',
    'true',
    'null',
    '~',
    '1',
    '1.0',
    '0x10',
    '- a',
    '# a',
    'a: b',
    ' a',
    'a ',
    '\n',
    'a\n\nb\n',
  ),
  fc.constantFrom(
    '\r\n',
    '\t',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u0007',
    '{',
    '[]',
    '!!x',
    '&a',
    '*a',
    '%',
    '@',
    '`',
    '---',
    '...',
  ),
);
const json = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '{"$value":1}',
    '{"10":1,"9":2}',
    '{ "a": 1 }',
    '1.0',
    '-0',
    '1e400',
    '"[1]"',
    '"a"',
    'null',
    '[[]]',
  ),
  fc.constantFrom(
    '{"__proto__":1}',
    '{"a":1,"a":2}',
    '12345678901234567890',
    `${'['.repeat(80)}${']'.repeat(80)}`,
  ),
);
const valuesByType: Record<string, fc.Arbitrary<ConfigValue>> = {
  BOOL: fc.boolean().map((bool) => ({ bool })),
  STRING: text.map((string) => ({ string })),
  JSON: json.map((value) => ({ json: { json: value } })),
  DOUBLE: fc.constantFrom<ConfigValue>(
    { double: 3 },
    { double: -0 },
    { double: 'NaN' },
    { double: 1e21 },
    { double: 0.1 },
  ),
  LIMIT_DEFINITION: fc.constant({ limitDefinition: { policyName: 'INFINITE', limit: 5 } }),
};
const notes = fc.oneof(
  { weight: 5, arbitrary: fc.constant<ConfigValue>({}) },
  fc.record({ name: text, description: text, confidential: fc.boolean() }, { requiredKeys: [] }),
);

function valueOf(valueType: string): fc.Arbitrary<ConfigValue> {
  const plain = fc.tuple(valuesByType[valueType]!, notes).map(([value, more]) => ({ ...value, ...more }));
  const provided = fc.constant<ConfigValue>({ provided: { source: 'ENV_VAR', lookup: 'NAME' } });
  const weights = fc.oneof(
    fc.constantFrom([25, 75], [250, 750], [1, 2], [100, 0], [333, 333, 334], [0, 100], [1, 99_999_999]),
    fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 }),
  );
  const weighted = fc
    .tuple(
      weights,
      fc.array(plain, { minLength: 3, maxLength: 3 }),
      fc.constantFrom(undefined, '', 'user.key', 'a b'),
    )
    .map(([list, values, hashByPropertyName]) => ({
      weightedValues: {
        weightedValues: list.map((weight, i) => ({ ...(weight === 0 ? {} : { weight }), value: values[i]! })),
        ...(hashByPropertyName === undefined ? {} : { hashByPropertyName }),
      },
    }));
  return fc.oneof({ weight: 4, arbitrary: plain }, provided, { weight: 2, arbitrary: weighted });
}

function rowOf(valueType: string): fc.Arbitrary<ConfigRow> {
  const value = valueOf(valueType);
  const conditional: fc.Arbitrary<ConditionalValue> = fc.record(
    { criteria: fc.array(validCriterion, { minLength: 1, maxLength: 3 }), value },
    { requiredKeys: ['value'] },
  );
  const property = valueOf(valueType).filter(({ weightedValues }) => weightedValues === undefined);
  return fc.record(
    {
      values: fc.array(conditional, { minLength: 1, maxLength: 4 }),
      properties: fc.dictionary(fc.constantFrom('description', 'a', '__proto__'), property, { minKeys: 1 }),
    },
    { requiredKeys: ['values'] },
  );
}

function rowsOf(valueType: string): fc.Arbitrary<ConfigRow[]> {
  const own = rowOf(valueType).map((row) => ({ projectEnvId: `${ENVIRONMENT}`, ...row }));
  const common = rowOf(valueType);
  return fc.oneof(
    own.map((row) => [row]),
    common.map((row) => [row]),
    fc.tuple(own, common).map(([a, b]) => [a, b]),
    fc.tuple(own, common).map(([a, b]) => [b, a]),
  );
}

const rich: fc.Arbitrary<Config> = fc.constantFrom(...Object.keys(valuesByType)).chain((valueType) =>
  fc.record(
    {
      key: fc.constant('k'),
      configType: fc.constantFrom(
        'FEATURE_FLAG',
        'CONFIG',
        'SEGMENT',
        'LOG_LEVEL',
        'LOG_LEVEL_V2',
        'LIMIT_DEFINITION',
      ),
      valueType: fc.constant(valueType),
      rows: rowsOf(valueType),
      sendToClientSdk: fc.constant(true),
      schemaKey: text,
      draftId: fc.constantFrom('0', '-5', '9223372036854775807'),
      allowableValues: fc.array(valuesByType[valueType]!, { minLength: 1, maxLength: 2 }),
    },
    { requiredKeys: ['key', 'configType', 'rows'] },
  ),
);

/** Keys that YAML would take for something else. */
const key = fc.oneof(
  text.filter((name) => name !== '' && !/\p{Cc}/u.test(name)),
  fc.constantFrom('10', '9', '__proto__', 'true', 'null', 'a.b', '<<', '?'),
);

/** A valid config, alive or deleted, in its stored form without id and project. */
export const anyConfig: fc.Arbitrary<Config> = fc
  .tuple(
    key,
    fc.oneof(
      rich,
      liveConfig(),
      fc.constant(tombstone('k')),
      fc.constant<Config>({
        key: 'k',
        configType: 'SCHEMA',
        rows: [{ values: [{ value: { schema: { schema: 'x', schemaType: 'ZOD' } } }] }],
      }),
    ),
  )
  .map(([name, config]) => portableConfig({ ...config, key: name }));

/** Valid configs with different keys. */
export const anyConfigs: fc.Arbitrary<Config[]> = fc.uniqueArray(anyConfig, {
  selector: (config) => config.key,
  maxLength: 5,
});
