/** Configs of every kind that OpenFeature has an answer for, in an environment of a test. */
import type { Config, ConfigValue } from '../../src/ruleset/model.js';

/** A config that clients may see, with one value for everybody. */
export function visible(key: string, valueType: string, value: ConfigValue): Config {
  return { key, configType: 'CONFIG', valueType, sendToClientSdk: true, rows: [{ values: [{ value }] }] };
}

/**
 * A flag that has a value for those whose `user.plan` is pro, and none for others unless
 * `otherwise` is given.
 */
export function forPro(key: string, value: string, otherwise?: string): Config {
  const rule = {
    criteria: [
      {
        propertyName: 'user.plan',
        operator: 'PROP_IS_ONE_OF',
        valueToMatch: { stringList: { values: ['pro'] } },
      },
    ],
    value: { string: value },
  };
  const rest = otherwise === undefined ? [] : [{ value: { string: otherwise } }];
  return { key, configType: 'FEATURE_FLAG', valueType: 'STRING', rows: [{ values: [rule, ...rest] }] };
}

/** A flag that half of all get, by the property. */
function half(key: string, hashByPropertyName?: string): Config {
  const weightedValues = [
    { weight: 1, value: { string: 'heads' } },
    { weight: 1, value: { string: 'tails' } },
  ];
  const by = hashByPropertyName === undefined ? {} : { hashByPropertyName };
  const value = { weightedValues: { weightedValues, ...by } };
  return { key, configType: 'FEATURE_FLAG', valueType: 'STRING', rows: [{ values: [{ value }] }] };
}

export const LONG = 'x'.repeat(65);

export const FLAGS: readonly Config[] = [
  visible('bool', 'BOOL', { bool: true }),
  visible('string', 'STRING', { string: 'hello' }),
  visible('long', 'STRING', { string: LONG }),
  visible('int', 'INT', { int: '42' }),
  visible('huge', 'INT', { int: '9007199254740993' }),
  visible('double', 'DOUBLE', { double: 1.5 }),
  visible('infinite', 'DOUBLE', { double: 'Infinity' }),
  visible('list', 'STRING_LIST', { stringList: { values: ['a', 'b'] } }),
  visible('object', 'JSON', { json: { json: '{"a": [1, 9007199254740993]}' } }),
  visible('array', 'JSON', { json: { json: '[1, 2]' } }),
  visible('null', 'JSON', { json: { json: ' null ' } }),
  visible('duration', 'DURATION', { duration: { definition: 'PT1.5S' } }),
  visible('named', 'BOOL', { bool: true, name: 'treatment' }),
  visible('bytes', 'BYTES', { bytes: 'AA==' }),
  visible('provided', 'STRING', { provided: { source: 'ENV_VAR', lookup: 'SECRET' } }),
  { ...visible('log-level', 'LOG_LEVEL', { logLevel: 'INFO' }), configType: 'LOG_LEVEL' },
  { ...visible('hidden', 'STRING', { string: 'for servers' }), sendToClientSdk: false },
  forPro('targeted', 'gold', 'plain'),
  forPro('unmatched', 'gold'),
  half('split', 'user.key'),
  half('chance'),
];

/** Those of the flags that clients get an answer for. */
export const ANSWERED = FLAGS.map(({ key = '' }) => key)
  .filter((key) => !['hidden', 'provided'].includes(key))
  .sort();
