/**
 * Random configs that no commit would take: any operator with anything to match, any value under
 * any type, segments in cycles.
 */
import fc from 'fast-check';
import type { Contexts, ContextValue } from '../../src/evaluate/contexts.js';
import type { ConditionalValue, Config, ConfigRow, ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { ConfigMessage } from '../../src/ruleset/schema.js';
import { ENVIRONMENT } from './rulesets.js';

/** Few, so that configs refer to each other and to themselves. */
export const KEYS = ['a', 'b', 'c', 'd', 'log-level', 'log-level.é'];

const PROPERTIES = ['user.x', 'user.y', 'x', 'user.', '.x', '', 'a.b.c', 'prefab.current-time'];

/** The names of an enum, and a number that it has no name for. */
const namesOf = (type: string): fc.Arbitrary<string> =>
  fc.constantFrom<string | number>(
    ...Object.keys(ConfigMessage.root.lookupEnum(type).values),
    77,
  ) as fc.Arbitrary<string>;

const int64 = fc.oneof(
  fc.constantFrom('0', '1', '-1', '1700000000000', '9223372036854775807', '-9223372036854775808'),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
);

const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'ab',
    '(',
    '^a+$',
    '(?=a)',
    '1.2.3',
    '2023-11-14T22:13:20Z',
    'PT1S',
    'P',
    '[1, {"a": null}]',
    '{',
    ...KEYS,
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);

const plain: fc.Arbitrary<ConfigValue> = fc.oneof(
  int64.map((int) => ({ int })),
  text.map((string) => ({ string })),
  fc.constant({ bytes: 'AAAA' }),
  fc.double().map((double) => ({ double: Number.isFinite(double) ? double : String(double) })),
  fc.boolean().map((bool) => ({ bool })),
  fc.constant({ limitDefinition: {} }),
  namesOf('prefab.LogLevel').map((logLevel) => ({ logLevel })),
  fc.array(text, { maxLength: 3 }).map((values) => ({ stringList: { values } })),
  fc.record({ start: int64, end: int64 }, { requiredKeys: [] }).map((intRange) => ({ intRange })),
  fc
    .record({ source: namesOf('prefab.ProvidedSource'), lookup: text }, { requiredKeys: [] })
    .map((provided) => ({
      provided,
    })),
  text.map((definition) => ({ duration: { definition } })),
  text.map((json) => ({ json: { json } })),
  fc.constant({ schema: {} }),
  text.map((string) => ({ string, decryptWith: 'b', confidential: true })),
  fc.constant({}),
);

const value: fc.Arbitrary<ConfigValue> = fc.letrec<{ value: ConfigValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    { weight: 4, arbitrary: plain },
    {
      weight: 1,
      arbitrary: fc
        .record(
          {
            weightedValues: fc.array(
              fc.record(
                { weight: fc.integer({ min: -2, max: 3 }), value: tie('value') },
                { requiredKeys: [] },
              ),
              { maxLength: 3 },
            ),
            hashByPropertyName: fc.constantFrom(...PROPERTIES),
          },
          { requiredKeys: [] },
        )
        .map((weightedValues) => ({ weightedValues })),
    },
  ),
})).value;

const segment: fc.Arbitrary<Criterion> = fc.record({
  operator: fc.constantFrom('IN_SEG', 'NOT_IN_SEG'),
  valueToMatch: fc.constantFrom(...KEYS).map((string) => ({ string })),
});

const criterion: fc.Arbitrary<Criterion> = fc.oneof(
  { weight: 1, arbitrary: segment },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        propertyName: fc.constantFrom(...PROPERTIES),
        operator: namesOf('prefab.Criterion.CriterionOperator'),
        valueToMatch: value,
      },
      { requiredKeys: [] },
    ),
  },
);

const conditional: fc.Arbitrary<ConditionalValue> = fc.record(
  { criteria: fc.array(criterion, { maxLength: 2 }), value },
  { requiredKeys: [] },
);

const row: fc.Arbitrary<ConfigRow> = fc.record(
  {
    projectEnvId: fc.constantFrom(`${ENVIRONMENT}`, '0', '8'),
    values: fc.array(conditional, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const wildConfig: fc.Arbitrary<Config> = fc.record(
  {
    key: fc.constantFrom(...KEYS),
    configType: namesOf('prefab.ConfigType'),
    valueType: namesOf('prefab.Config.ValueType'),
    sendToClientSdk: fc.boolean(),
    rows: fc.array(row, { maxLength: 3 }),
  },
  { requiredKeys: ['key'] },
);

/** Configs with each key once. */
export const wildConfigs = fc.uniqueArray(wildConfig, { selector: ({ key }) => key, maxLength: KEYS.length });

const contextValue: fc.Arbitrary<ContextValue> = fc.oneof(
  text,
  fc.double(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.array(text, { maxLength: 3 }),
);

const context = fc.uniqueArray(fc.tuple(fc.constantFrom('x', 'y', '', 'b.c', 'current-time'), contextValue), {
  selector: ([name]) => name,
});

export const wildContexts: fc.Arbitrary<Contexts> = fc
  .uniqueArray(fc.tuple(fc.constantFrom('user', '', 'a', 'prefab'), context), { selector: ([type]) => type })
  .map((types) => new Map(types.map(([type, entries]) => [type, new Map(entries)])));
