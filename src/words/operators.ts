/**
 * The words of operators. One table for both directions, so that what is printed is what is read.
 * [flag-file] #conditions lists it.
 */

/** The form of an operator's right-hand side. */
export type Operand = 'list' | 'number' | 'version' | 'date' | 'range' | 'pattern' | 'text';

/** An operator that compares a property. */
export interface OperatorWords {
  readonly operator: string;
  /** In lower case, one space between words. */
  readonly words: string;
  readonly operand: Operand;
}

/** Every operator that the validator accepts, except those of segments. */
export const operatorWords: readonly OperatorWords[] = [
  { operator: 'PROP_IS_ONE_OF', words: 'is', operand: 'list' },
  { operator: 'PROP_IS_NOT_ONE_OF', words: 'is not', operand: 'list' },
  { operator: 'PROP_STARTS_WITH_ONE_OF', words: 'starts with', operand: 'list' },
  { operator: 'PROP_DOES_NOT_START_WITH_ONE_OF', words: 'does not start with', operand: 'list' },
  { operator: 'PROP_ENDS_WITH_ONE_OF', words: 'ends with', operand: 'list' },
  { operator: 'PROP_DOES_NOT_END_WITH_ONE_OF', words: 'does not end with', operand: 'list' },
  { operator: 'PROP_CONTAINS_ONE_OF', words: 'contains', operand: 'list' },
  { operator: 'PROP_DOES_NOT_CONTAIN_ONE_OF', words: 'does not contain', operand: 'list' },
  { operator: 'HIERARCHICAL_MATCH', words: 'in hierarchy', operand: 'text' },
  { operator: 'IN_INT_RANGE', words: 'in range', operand: 'range' },
  { operator: 'PROP_LESS_THAN', words: '<', operand: 'number' },
  { operator: 'PROP_LESS_THAN_OR_EQUAL', words: '<=', operand: 'number' },
  { operator: 'PROP_GREATER_THAN', words: '>', operand: 'number' },
  { operator: 'PROP_GREATER_THAN_OR_EQUAL', words: '>=', operand: 'number' },
  { operator: 'PROP_SEMVER_LESS_THAN', words: '<', operand: 'version' },
  { operator: 'PROP_SEMVER_EQUAL', words: '=', operand: 'version' },
  { operator: 'PROP_SEMVER_GREATER_THAN', words: '>', operand: 'version' },
  { operator: 'PROP_BEFORE', words: 'before', operand: 'date' },
  { operator: 'PROP_AFTER', words: 'after', operand: 'date' },
  { operator: 'PROP_MATCHES', words: 'matches', operand: 'pattern' },
  { operator: 'PROP_DOES_NOT_MATCH', words: 'does not match', operand: 'pattern' },
];

/** The words of the operators of segments. */
export const segmentWords = { IN_SEG: 'in segment', NOT_IN_SEG: 'not in segment' } as const;

/** Operators as others write them, and the words of the one that is probably meant. */
export const otherWords: Readonly<Record<string, string>> = {
  '==': 'is',
  '!=': 'is not',
  '<>': 'is not',
  '=>': '>=',
  '=<': '<=',
  '~': 'matches',
  '=~': 'matches',
  in: 'is one of',
  'not in': 'is not one of',
  'one of': 'is one of',
  'not one of': 'is not one of',
  equals: 'is',
  equal: 'is',
  eq: 'is',
  'is equal to': 'is',
  isnot: 'is not',
  'not equals': 'is not',
  startswith: 'starts with',
  starts_with: 'starts with',
  'begins with': 'starts with',
  endswith: 'ends with',
  ends_with: 'ends with',
  'not starts with': 'does not start with',
  'not ends with': 'does not end with',
  'not contains': 'does not contain',
  includes: 'contains',
  has: 'contains',
  like: 'matches',
  'not matches': 'does not match',
  regex: 'matches',
  'greater than': '>',
  'less than': '<',
  'at least': '>=',
  'at most': '<=',
  'is before': 'before',
  'is after': 'after',
  between: 'in range',
};
