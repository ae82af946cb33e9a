/** Conditions in words, in both directions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCriterion, OPERATORS } from '../../src/ruleset/criteria.js';
import type { Criterion } from '../../src/ruleset/model.js';
import { parseCondition, parseConditions } from '../../src/words/conditions.js';
import { describeCriterion } from '../../src/words/criterion.js';
import { operatorWords, segmentWords } from '../../src/words/operators.js';
import { ConditionError } from '../../src/words/scanner.js';
import { validCriterion } from './criteria.js';

function errorOf(read: () => unknown): ConditionError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('conditions in words', () => {
  it('reads every valid criterion again as it was printed', () => {
    fc.assert(
      fc.property(validCriterion, (criterion) => {
        checkCriterion(criterion, 'criterion');
        const text = describeCriterion(criterion);
        expect(parseCondition(text)).toEqual(criterion);
        expect(text).not.toMatch(/[\p{C}\n]/u);
      }),
      { numRuns: 3000 },
    );
  });

  it('reads several criteria again as one rule', () => {
    fc.assert(
      fc.property(fc.array(validCriterion, { minLength: 1, maxLength: 4 }), (criteria) => {
        expect(parseConditions(criteria.map(describeCriterion).join(' and '))).toEqual([criteria]);
      }),
      { numRuns: 500 },
    );
  });

  it('parsing ends in a criterion or a ConditionError whatever is typed', () => {
    const word = fc.constantFrom(
      ...operatorWords.map(({ words }) => words),
      ...[
        'user.email',
        'in segment',
        'and',
        '"',
        '[',
        ']',
        ',',
        '{',
        '}',
        '/',
        '1.2.0',
        '10',
        "'",
        '\\',
        'to below',
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 8 }), (words) => {
        try {
          for (const criterion of parseConditions(words.join(' ')).flat()) checkCriterion(criterion, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(ConditionError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('words exist for every operator that commits accept', () => {
    const known = [...operatorWords.map(({ operator }) => operator), ...Object.keys(segmentWords)];
    expect(known.sort()).toEqual([...OPERATORS].sort());
  });

  it.each<[string, Criterion]>([
    [
      'user.email ends with @acme.com',
      {
        propertyName: 'user.email',
        operator: 'PROP_ENDS_WITH_ONE_OF',
        valueToMatch: { stringList: { values: ['@acme.com'] } },
      },
    ],
    ['in segment beta', { operator: 'IN_SEG', valueToMatch: { string: 'beta' } }],
    ['not in segment "beta users"', { operator: 'NOT_IN_SEG', valueToMatch: { string: 'beta users' } }],
    [
      'user.country is one of [NL, DE]',
      {
        propertyName: 'user.country',
        operator: 'PROP_IS_ONE_OF',
        valueToMatch: { stringList: { values: ['NL', 'DE'] } },
      },
    ],
    [
      'user.age >= 18',
      { propertyName: 'user.age', operator: 'PROP_GREATER_THAN_OR_EQUAL', valueToMatch: { int: '18' } },
    ],
    [
      'app.version > 1.2.0',
      {
        propertyName: 'app.version',
        operator: 'PROP_SEMVER_GREATER_THAN',
        valueToMatch: { string: '1.2.0' },
      },
    ],
    [
      'user.born before 2026-01-31T00:00:00Z',
      { propertyName: 'user.born', operator: 'PROP_BEFORE', valueToMatch: { int: '1769817600000' } },
    ],
    [
      'user.age in range 18 to below 65',
      {
        propertyName: 'user.age',
        operator: 'IN_INT_RANGE',
        valueToMatch: { intRange: { start: '18', end: '65' } },
      },
    ],
    [
      'user.email matches /^a\\d+@/',
      { propertyName: 'user.email', operator: 'PROP_MATCHES', valueToMatch: { string: '^a\\d+@' } },
    ],
  ])('a condition is printed and read as "%s"', (text, criterion) => {
    expect(describeCriterion(criterion)).toBe(text);
    expect(parseCondition(text)).toEqual(criterion);
  });

  it.each([
    ['user.age>=18', 'user.age >= 18'],
    ['user.country IS ONE OF NL, DE', 'user.country is one of [NL, DE]'],
    ['user.email contains any of ["a b"]', 'user.email contains "a b"'],
    ['user.born after 2026-01-31', 'user.born after 2026-01-31T00:00:00Z'],
    ['user.born after 2026-01-31T01:00:00+01:00', 'user.born after 2026-01-31T00:00:00Z'],
    ['  user.plan   is   gold ', 'user.plan is gold'],
    ['user.id > 4000000000', 'user.id > 4000000000.0'],
  ])('a condition typed as "%s" is "%s"', (typed, printed) => {
    expect(describeCriterion(parseCondition(typed))).toBe(printed);
  });

  it('reads comparisons of versions that the data model lacks as two rules', () => {
    const rules = parseConditions('app.version >= 1.2.0 and in segment beta');
    expect(rules.map((rule) => rule.map(describeCriterion))).toEqual([
      ['app.version = 1.2.0', 'in segment beta'],
      ['app.version > 1.2.0', 'in segment beta'],
    ]);
    expect(errorOf(() => parseCondition('v <= 1.2.0')).reason).toContain('two rules');
  });

  it.each([
    ['user.email endswith @acme.com', 12, 'did you mean "ends with"?'],
    ['user.email end with @acme.com', 12, 'did you mean "ends with"?'],
    ['user.email PROP_CONTAINS_ONE_OF x', 12, 'did you mean "contains"?'],
    ['user.country == NL', 14, 'did you mean "is"?'],
    ['user.country in [NL]', 14, 'did you mean "is one of"?'],
    ['user.country xyzzy NL', 14, 'use one of "is"'],
    ['user.country', 13, 'an operator is missing'],
    ['user.name is Ada Lovelace', 18, 'in double quotes'],
    ['a is b or c is d', 8, 'joined by "and" only'],
    ['a is [b, c', 11, 'separated by commas'],
    ['a is "b', 6, 'no closing quote'],
    ["a is 'b'", 6, 'double quotes'],
    ['a matches ^b$', 11, 'between slashes'],
    ['a matches /(/', 1, 'RE2'],
    ['a > b', 5, 'neither a number nor a version'],
    ['a > 2026-01-01', 5, '"before" and "after"'],
    ['a = 5', 5, 'write "is 5"'],
    ['a before tomorrow', 10, 'is no date'],
    ['a in range 1 to 5', 14, '18 to below 65'],
    ['a in range 5 to below 1', 1, 'must not start (5) after its end'],
    ['a is present', 6, 'no operator tests'],
    ['', 1, 'begins with a property'],
  ] as [string, number, string][])(
    'an error says where "%s" is wrong, and what would be right',
    (text, column, remedy) => {
      const error = errorOf(() => parseConditions(text));
      expect({ column: error.offset + 1, reason: error.reason }).toEqual({
        column,
        reason: expect.stringContaining(remedy),
      });
    },
  );
});
