/** Random criteria that commits accept, in their stored form, with everything that makes words hard. */
import fc from 'fast-check';
import type { ConfigValue, Criterion } from '../../src/ruleset/model.js';

/** Texts that need quotes, and words of the grammar. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 8 }),
  fc.constantFrom(
    'and',
    'NOT',
    'one of',
    'one',
    'a, b',
    '[x]',
    '"',
    '\\',
    "it's",
    "'q'",
    'in segment x',
    'present',
    '{}',
    '10',
    'true',
    'a/b',
    '//',
    '\u200b',
    '\ue000',
    'e\u0301',
    '😀',
    '\u{e0001}',
    '\u2028',
    '\u00a0',
    '<=',
    '~',
    '# x',
    'a: b',
    '__proto__',
  ),
);
const property = fc.oneof(text, fc.constantFrom('user.email', 'prefab.current-time', 'a.b.c', 'version'));
const safe = fc.maxSafeInteger().filter((int) => int < 2 ** 31 || int >= 2 ** 32);
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer().map((int) => int / 4),
  fc.constantFrom<number | string>('Infinity', '-Infinity', -0, 0, 4e9, 1e21, 1e-7),
);
const version = fc.constantFrom('1.2.0', '0.0.0', '10.20.30-alpha.1', '1.0.0-x+build.5', '1.0.0+5');

function listed(values: readonly string[]): ConfigValue {
  return { stringList: values.length === 0 ? {} : { values: [...values] } };
}

const matches: readonly [readonly string[], fc.Arbitrary<ConfigValue>][] = [
  [
    [
      'PROP_IS_ONE_OF',
      'PROP_IS_NOT_ONE_OF',
      'PROP_STARTS_WITH_ONE_OF',
      'PROP_DOES_NOT_START_WITH_ONE_OF',
      'PROP_ENDS_WITH_ONE_OF',
      'PROP_DOES_NOT_END_WITH_ONE_OF',
      'PROP_CONTAINS_ONE_OF',
      'PROP_DOES_NOT_CONTAIN_ONE_OF',
    ],
    fc.array(text, { maxLength: 4 }).map(listed),
  ],
  [['IN_SEG', 'NOT_IN_SEG'], text.map((string) => ({ string }))],
  [['HIERARCHICAL_MATCH'], fc.oneof(text, fc.constant('')).map((string) => ({ string }))],
  [
    ['IN_INT_RANGE'],
    fc.constantFrom<ConfigValue>(
      { intRange: { start: '-5', end: '9223372036854775807' } },
      { intRange: { start: '18', end: '65' } },
    ),
  ],
  [
    ['PROP_LESS_THAN', 'PROP_LESS_THAN_OR_EQUAL', 'PROP_GREATER_THAN', 'PROP_GREATER_THAN_OR_EQUAL'],
    fc.oneof<fc.Arbitrary<ConfigValue>[]>(
      safe.map((int) => ({ int: `${int}` })),
      double.map((value) => ({ double: value })),
    ),
  ],
  [
    ['PROP_BEFORE', 'PROP_AFTER'],
    fc
      .oneof(
        fc.maxSafeInteger(),
        fc.integer({ min: 0, max: 2_000_000_000_000 }),
        fc.constantFrom(-62_167_219_200_001, 253_402_300_800_000),
      )
      .map((int) => ({ int: `${int}` })),
  ],
  [
    ['PROP_MATCHES', 'PROP_DOES_NOT_MATCH'],
    fc
      .constantFrom('^a.*z$', 'a/b', 'a\\/b', '\\d+', '\\\\/', ' x ', '[a-z,"]', '', '\n', 'a\\\\', '/', '.')
      .map((string) => ({ string })),
  ],
  [
    ['PROP_SEMVER_LESS_THAN', 'PROP_SEMVER_EQUAL', 'PROP_SEMVER_GREATER_THAN'],
    version.map((string) => ({ string })),
  ],
];

/** Notes on constants, and properties of segments, are accepted and have no words. */
const note = fc.option(
  fc.constantFrom<ConfigValue>({ name: 'n' }, { description: 'd' }, { confidential: true }),
  {
    nil: {},
    freq: 10,
  },
);

/** Any criterion that the validator accepts. */
export const validCriterion: fc.Arbitrary<Criterion> = fc
  .constantFrom(...matches)
  .chain(([operators, match]) =>
    fc.record({
      propertyName: property,
      operator: fc.constantFrom(...operators),
      match,
      note,
      named: fc.nat({ max: 9 }),
    }),
  )
  .map(({ propertyName, operator, match, note: more, named }) => {
    const hasProperty = operator.endsWith('IN_SEG') ? named === 0 : named !== 0;
    return { ...(hasProperty ? { propertyName } : {}), operator, valueToMatch: { ...match, ...more } };
  });
