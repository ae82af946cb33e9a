/**
 * Random criteria on which the SDKs agree, one generator per operator.
 *
 * Left out is where they differ, because nothing can be equal to all of them: HIERARCHICAL_MATCH
 * (the node SDK compares its own namespace), empty texts in lists, suffixes and the like of what is
 * no text, the end of a range, expressions that are not anchored.
 */
import fc from 'fast-check';
import type { ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { dateText, fraction, instant, integer, piece, PROPERTIES, semver, word } from './random-contexts.js';

type Properties = keyof typeof PROPERTIES;
type CriterionOf = (operator: string) => fc.Arbitrary<Criterion>;

function criterionOf(properties: Properties, valueToMatch: fc.Arbitrary<ConfigValue>): CriterionOf {
  return (operator) =>
    fc.record({
      propertyName: fc.constantFrom(...PROPERTIES[properties]),
      operator: fc.constant(operator),
      valueToMatch,
    });
}

function listOf(text: fc.Arbitrary<string>): fc.Arbitrary<ConfigValue> {
  return fc.array(text, { minLength: 2, maxLength: 5 }).map((values) => ({ stringList: { values } }));
}

/** `mixed` properties also hold numbers and booleans, which are compared as text. */
const isOneOf = criterionOf(
  'mixed',
  listOf(fc.oneof({ weight: 6, arbitrary: word }, fc.constantFrom('1', '0.5', 'true'))),
);
const isPartOf = criterionOf('text', listOf(piece));

const atom = fc.constantFrom('a', '[a-c]', '[^a-c]', '\\d', '\\w', '.', '(ab|c)', '\\.', '(?:1|-)');
const quantifier = fc.constantFrom('', '', '*', '+', '?', '{1,3}');
const anchored = fc
  .array(fc.tuple(atom, quantifier), { maxLength: 3 })
  .chain((parts) =>
    fc.constantFrom('$', '.*$', '[^-]*$').map((end) => ({ string: `^${parts.flat().join('')}${end}` })),
  );
const matches = criterionOf('ascii', anchored);

const compares = criterionOf(
  'number',
  fc.oneof(
    integer.map((value) => ({ int: `${value}` })),
    fc.oneof(fraction, fc.integer({ min: -4, max: 4 })).map((double) => ({ double })),
  ),
);

const isBefore = criterionOf(
  'date',
  fc.oneof(
    instant.map((milliseconds) => ({ int: `${milliseconds}` })),
    dateText.map((string) => ({ string })),
  ),
);

const comparesVersion = criterionOf(
  'version',
  semver.map((string) => ({ string })),
);

const operators: Readonly<Record<string, CriterionOf>> = {
  PROP_IS_ONE_OF: isOneOf,
  PROP_IS_NOT_ONE_OF: isOneOf,
  PROP_STARTS_WITH_ONE_OF: isPartOf,
  PROP_DOES_NOT_START_WITH_ONE_OF: isPartOf,
  PROP_ENDS_WITH_ONE_OF: isPartOf,
  PROP_DOES_NOT_END_WITH_ONE_OF: isPartOf,
  PROP_CONTAINS_ONE_OF: isPartOf,
  PROP_DOES_NOT_CONTAIN_ONE_OF: isPartOf,
  PROP_MATCHES: matches,
  PROP_DOES_NOT_MATCH: matches,
  PROP_LESS_THAN: compares,
  PROP_LESS_THAN_OR_EQUAL: compares,
  PROP_GREATER_THAN: compares,
  PROP_GREATER_THAN_OR_EQUAL: compares,
  PROP_BEFORE: isBefore,
  PROP_AFTER: isBefore,
  PROP_SEMVER_LESS_THAN: comparesVersion,
  PROP_SEMVER_EQUAL: comparesVersion,
  PROP_SEMVER_GREATER_THAN: comparesVersion,
};
const SEGMENT_OPERATORS = ['IN_SEG', 'NOT_IN_SEG'];

/** All operators of which there are criteria. */
export const OPERATORS: readonly string[] = [...Object.keys(operators), ...SEGMENT_OPERATORS];

/**
 * A criterion with that operator. @param segments keys of segments that exist; at least one for
 * IN_SEG and NOT_IN_SEG
 */
export function criterionWith(operator: string, segments: readonly string[]): fc.Arbitrary<Criterion> {
  const known = operators[operator];
  if (known !== undefined) return known(operator);
  return fc.constantFrom(...segments).map((string) => ({ operator, valueToMatch: { string } }));
}

export function anyCriterion(segments: readonly string[]): fc.Arbitrary<Criterion> {
  const possible = segments.length === 0 ? Object.keys(operators) : OPERATORS;
  return fc.oneof(...possible.map((operator) => criterionWith(operator, segments)));
}
