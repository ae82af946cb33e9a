import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config, ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { validateConfig } from '../../src/ruleset/validate.js';
import { ENVIRONMENT, flag, liveConfig, PROJECT, tombstone } from './arbitrary.js';
import { refusal } from './errors.js';

const check = (config: Config) =>
  refusal(() =>
    validateConfig(config, { environment: ENVIRONMENT, projectId: PROJECT, field: 'configs[0]' }),
  );

const withValue = (valueType: string | undefined, value: ConfigValue | undefined): Config => ({
  key: 'a',
  configType: 'CONFIG',
  ...(valueType === undefined ? {} : { valueType }),
  rows: [{ values: [value === undefined ? {} : { value }] }],
});

const withCriterion = (criterion: Criterion): Config => ({
  ...flag('a'),
  rows: [{ values: [{ criteria: [criterion], value: { bool: true } }] }],
});

const row = (projectEnvId?: string) => ({
  ...(projectEnvId === undefined ? {} : { projectEnvId }),
  values: [{ value: { bool: true } }],
});

const VALUE = 'configs[0].rows[0].values[0].value';
const CRITERION = 'configs[0].rows[0].values[0].criteria[0]';

it('accepts any config of the generator', () => {
  fc.assert(fc.property(liveConfig(), (config) => check(config) === 'accepted'));
});

describe('a key', () => {
  it.each([
    ['that is absent', undefined, 'key_empty configs[0].key'],
    ['that is empty', '', 'key_empty configs[0].key'],
    ['with a line break', 'a\nb', 'field_invalid configs[0].key'],
    ['of 512 bytes', 'é'.repeat(256), 'accepted'],
    ['of 513 bytes', `${'é'.repeat(256)}x`, 'field_invalid configs[0].key'],
  ])('%s', (_, key, result) => {
    const config = flag('a');
    if (key === undefined) delete config.key;
    else config.key = key;
    expect(check(config)).toBe(result);
  });
});

describe('a config', () => {
  it.each<[string, Config, string]>([
    [
      'without a type',
      { ...flag('a'), configType: undefined as never },
      'field_invalid configs[0].configType',
    ],
    ['of the environment’s project', { ...flag('a'), projectId: '3' }, 'accepted'],
    ['of another project', { ...flag('a'), projectId: '4' }, 'field_invalid configs[0].projectId'],
    ['without rows', { ...flag('a'), rows: [] }, 'rows_missing configs[0].rows'],
    ['that is deleted', tombstone('a'), 'accepted'],
    [
      'that is deleted and has rows',
      { ...flag('a'), configType: 'DELETED' },
      'rows_unexpected configs[0].rows',
    ],
    ['that is deleted and has no key', tombstone(''), 'key_empty configs[0].key'],
    ['with a row without values', { ...flag('a'), rows: [{}] }, 'rows_missing configs[0].rows[0].values'],
    [
      'with an allowable value of another type',
      { ...flag('a'), allowableValues: [{ bool: true }, { string: 'on' }] },
      'value_type_mismatch configs[0].allowableValues[1]',
    ],
    [
      'that is a schema',
      { ...withValue('JSON', { schema: { schema: 'z.string()', schemaType: 'ZOD' } }), configType: 'SCHEMA' },
      'accepted',
    ],
  ])('%s', (_, config, result) => {
    expect(check(config)).toBe(result);
  });
});

describe('rows', () => {
  it.each([
    ['a default row', [row()], 'accepted'],
    ['a row for the environment', [row('7')], 'accepted'],
    ['both', [row(), row('7')], 'accepted'],
    [
      'a row for another environment',
      [row('7'), row('8')],
      'row_environment configs[0].rows[1].projectEnvId',
    ],
    ['a row for environment 0', [row('0')], 'row_environment configs[0].rows[0].projectEnvId'],
    ['two rows for the environment', [row('7'), row('7')], 'row_environment configs[0].rows[1].projectEnvId'],
    ['two default rows', [row(), row()], 'row_environment configs[0].rows[1].projectEnvId'],
  ])('%s', (_, rows, result) => {
    expect(check({ ...flag('a'), rows })).toBe(result);
  });
});

describe('a value', () => {
  const ofType: [string, ConfigValue][] = [
    ['INT', { int: '1' }],
    ['STRING', { string: 'a' }],
    ['BYTES', { bytes: '' }],
    ['DOUBLE', { double: 1 }],
    ['BOOL', { bool: false }],
    ['LIMIT_DEFINITION', { limitDefinition: {} }],
    ['LOG_LEVEL', { logLevel: 'INFO' }],
    ['STRING_LIST', { stringList: {} }],
    ['INT_RANGE', { intRange: {} }],
    ['DURATION', { duration: { definition: 'PT1S' } }],
    ['JSON', { json: { json: '{}' } }],
  ];

  it('a value agrees with value_type for exactly one type', () => {
    for (const [kindOfType, value] of ofType) {
      for (const [valueType] of ofType) {
        const right = valueType === kindOfType ? 'accepted' : `value_type_mismatch ${VALUE}`;
        expect(`${valueType} ${check(withValue(valueType, value))}`).toBe(`${valueType} ${right}`);
      }
    }
  });

  it.each(ofType)('a value of type %s is accepted when the config has no value_type', (_, value) => {
    expect(check(withValue(undefined, value))).toBe('accepted');
  });

  it.each(ofType)('a value that is provided fits value_type %s', (valueType) => {
    expect(check(withValue(valueType, { provided: { source: 'ENV_VAR', lookup: 'A' } }))).toBe('accepted');
  });

  it.each<[string, string | undefined, ConfigValue | undefined, string]>([
    ['that is absent', 'BOOL', undefined, `value_invalid ${VALUE}`],
    ['without a kind', 'BOOL', { confidential: true }, `value_invalid ${VALUE}`],
    ['of JSON that does not parse', 'JSON', { json: { json: '{a: 1}' } }, `value_invalid ${VALUE}.json`],
    ['of empty JSON text', 'JSON', { json: {} }, `value_invalid ${VALUE}.json`],
    ['of JSON null', 'JSON', { json: { json: 'null' } }, 'accepted'],
    [
      'of a level that is not set',
      'LOG_LEVEL',
      { logLevel: 'NOT_SET_LOG_LEVEL' },
      `value_invalid ${VALUE}.logLevel`,
    ],
    ['that is no number', 'DOUBLE', { double: 'NaN' }, 'accepted'],
    [
      'of a range that ends before it starts',
      'INT_RANGE',
      { intRange: { start: '9', end: '8' } },
      `value_invalid ${VALUE}.intRange`,
    ],
    ['provided by nothing', 'STRING', { provided: { lookup: 'A' } }, `value_invalid ${VALUE}.provided`],
    [
      'provided by a variable without name',
      'STRING',
      { provided: { source: 'ENV_VAR' } },
      `value_invalid ${VALUE}.provided`,
    ],
    ['that is encrypted', 'STRING', { string: '00--00--00', decryptWith: 'secret' }, 'accepted'],
    [
      'that is encrypted but no string',
      'INT',
      { int: '1', decryptWith: 'secret' },
      `value_invalid ${VALUE}.decryptWith`,
    ],
    [
      'that is encrypted with nothing',
      'STRING',
      { string: 'a', decryptWith: '' },
      `value_invalid ${VALUE}.decryptWith`,
    ],
    [
      'that is encrypted, of another value_type',
      'INT',
      { string: 'a', decryptWith: 'secret' },
      `value_type_mismatch ${VALUE}`,
    ],
  ])('%s', (_, valueType, value, result) => {
    expect(check(withValue(valueType, value))).toBe(result);
  });

  it.each(['PT0S', 'P1D', 'P1.5D', 'PT1H', 'PT2M', 'PT90S', 'PT0.25S', 'P1DT2H3M4.5S'])(
    'duration %s is accepted',
    (definition) => {
      expect(check(withValue('DURATION', { duration: { definition } }))).toBe('accepted');
    },
  );

  it.each([
    '',
    'P',
    'PT',
    'P1DT',
    '1D',
    'P1W',
    'P1M',
    'P1Y',
    '-PT1S',
    'PT1S ',
    'pt1s',
    'PT1M1H',
    'PT.5S',
    'PT1,5S',
  ])('duration %j is refused', (definition) => {
    expect(check(withValue('DURATION', { duration: { definition } }))).toBe(
      `value_invalid ${VALUE}.duration`,
    );
  });
});

describe('weights', () => {
  const weights = (...list: { weight?: number; value?: ConfigValue }[]) =>
    withValue('BOOL', { weightedValues: { weightedValues: list } });
  const bool = { bool: true };
  const LIST = `${VALUE}.weightedValues.weightedValues`;

  it.each<[string, Config, string]>([
    ['with a zero among them', weights({ value: bool }, { weight: 5, value: bool }), 'accepted'],
    ['all zero', weights({ value: bool }, { weight: 0, value: bool }), `weights_invalid ${LIST}`],
    ['none', weights(), `weights_invalid ${LIST}`],
    [
      'negative',
      weights({ weight: 5, value: bool }, { weight: -1, value: bool }),
      `weights_invalid ${LIST}[1].weight`,
    ],
    ['of the largest sum', weights({ weight: 2 ** 31 - 1, value: bool }), 'accepted'],
    [
      'beyond an int32',
      weights({ weight: 2 ** 31 - 1, value: bool }, { weight: 1, value: bool }),
      `weights_invalid ${LIST}`,
    ],
    [
      'of a variant of another type',
      weights({ weight: 5, value: { int: '1' } }),
      `value_type_mismatch ${LIST}[0].value`,
    ],
    ['of a variant without value', weights({ weight: 5 }), `value_invalid ${LIST}[0].value`],
    [
      'of weights',
      weights({ weight: 1, value: { weightedValues: { weightedValues: [{ weight: 1, value: bool }] } } }),
      `value_invalid ${LIST}[0].value`,
    ],
  ])('%s', (_, config, result) => {
    expect(check(config)).toBe(result);
  });
});

describe('a criterion', () => {
  const list = { stringList: { values: ['a'] } };

  it.each([undefined, 'NOT_SET', 'ALWAYS_TRUE', 'LOOKUP_KEY_IN', 'LOOKUP_KEY_NOT_IN'])(
    'a criterion with operator %s, at which the node SDK throws, is refused',
    (operator) => {
      const criterion = {
        propertyName: 'a',
        valueToMatch: list,
        ...(operator === undefined ? {} : { operator }),
      };
      expect(check(withCriterion(criterion))).toBe(`operator_unsupported ${CRITERION}.operator`);
    },
  );

  it('a criterion is refused with the remedy when it always holds', () => {
    const config = withCriterion({ operator: 'ALWAYS_TRUE' });
    const place = { environment: ENVIRONMENT, projectId: PROJECT, field: 'configs[0]' };
    expect(() => validateConfig(config, place)).toThrow(/leave the list of criteria empty/);
  });

  it('a criterion is refused with the message of RE2 when RE2 does not support its expression', () => {
    const config = withCriterion({ operator: 'PROP_MATCHES', valueToMatch: { string: '(?!a)b' } });
    const place = { environment: ENVIRONMENT, projectId: PROJECT, field: 'configs[0]' };
    expect(() => validateConfig(config, place)).toThrow(/no lookarounds\): .*`\(\?!`\.$/);
  });

  const bad = `value_invalid ${CRITERION}.valueToMatch`;
  it.each<[string, ConfigValue | undefined, string]>([
    ['PROP_IS_ONE_OF', list, 'accepted'],
    ['PROP_IS_ONE_OF', { stringList: {} }, 'accepted'],
    ['PROP_IS_ONE_OF', { string: 'a' }, bad],
    ['PROP_IS_ONE_OF', undefined, bad],
    ['PROP_DOES_NOT_CONTAIN_ONE_OF', { int: '1' }, bad],
    ['IN_SEG', { string: 'seg' }, 'accepted'],
    ['IN_SEG', { string: '' }, bad],
    ['NOT_IN_SEG', list, bad],
    ['HIERARCHICAL_MATCH', { string: 'a.b' }, 'accepted'],
    ['PROP_IS_ONE_OF', { stringList: { values: ['a', ''] } }, `${bad}.stringList`],
    ['PROP_CONTAINS_ONE_OF', { stringList: { values: ['', 'a'] } }, `${bad}.stringList`],
    ['IN_INT_RANGE', { intRange: { start: '4', end: '5' } }, 'accepted'],
    ['IN_INT_RANGE', { intRange: { end: '5' } }, `${bad}.intRange`],
    ['IN_INT_RANGE', { intRange: { start: '5' } }, `${bad}.intRange`],
    ['IN_INT_RANGE', { intRange: { start: '5', end: '5' } }, `${bad}.intRange`],
    ['IN_INT_RANGE', { intRange: { start: '9', end: '5' } }, `${bad}.intRange`],
    ['IN_INT_RANGE', { int: '5' }, bad],
    ['PROP_LESS_THAN', { int: '5' }, 'accepted'],
    ['PROP_GREATER_THAN_OR_EQUAL', { double: 0.5 }, 'accepted'],
    ['PROP_LESS_THAN', { string: '5' }, bad],
    ['PROP_BEFORE', { int: '1700000000000' }, 'accepted'],
    ['PROP_AFTER', { string: '2024-01-01T00:00:00Z' }, 'accepted'],
    ['PROP_BEFORE', { bool: true }, bad],
    ['PROP_AFTER', { string: '2024-01-01T01:00:00.5+01:00' }, 'accepted'],
    ['PROP_BEFORE', { double: 1.7e12 }, 'accepted'],
    ...[
      '2024-01-01',
      '2024-01-01T00:00:00',
      '2025-02-30T00:00:00Z',
      '2024-01-01 00:00:00Z',
      'Mon, 01 Jan 2024 00:00:00 GMT',
      '1700000000000',
      'tomorrow',
      '',
    ].map((string): [string, ConfigValue, string] => ['PROP_AFTER', { string }, `${bad}.string`]),
    ['PROP_BEFORE', { double: 'NaN' }, `${bad}.double`],
    ['PROP_BEFORE', { double: 'Infinity' }, `${bad}.double`],
    ['PROP_BEFORE', { int: '9223372036854775807' }, `${bad}.int`],
    ['PROP_LESS_THAN', { double: 'NaN' }, `${bad}.double`],
    ['PROP_LESS_THAN', { double: 'Infinity' }, 'accepted'],
    ['PROP_LESS_THAN', { int: '9007199254740991' }, 'accepted'],
    ['PROP_LESS_THAN', { int: '9007199254740992' }, `${bad}.int`],
    ['PROP_MATCHES', { string: '^a.*$' }, 'accepted'],
    ['PROP_DOES_NOT_MATCH', list, bad],
    ['PROP_MATCHES', { string: '' }, 'accepted'],
    ['PROP_MATCHES', { string: '(a' }, `${bad}.string`],
    ['PROP_DOES_NOT_MATCH', { string: '(?=a)' }, `${bad}.string`],
    ['PROP_MATCHES', { string: 'a'.repeat(6000) }, `${bad}.string`],
    ['PROP_SEMVER_EQUAL', { string: '1.2.3-rc.1+build.5' }, 'accepted'],
    ['PROP_SEMVER_LESS_THAN', { string: 'v1.2.3' }, bad],
    ['PROP_SEMVER_GREATER_THAN', { string: '1.2' }, bad],
  ])('%s with %j', (operator, valueToMatch, result) => {
    const criterion = {
      propertyName: 'a',
      operator,
      ...(valueToMatch === undefined ? {} : { valueToMatch }),
    };
    expect(check(withCriterion(criterion))).toBe(result);
  });
});
