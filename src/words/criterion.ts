/** Prints criteria as conditions.ts reads them: in words, or as JSON where the words do not reach. */
import type { ConfigValue, Criterion } from '../ruleset/model.js';
import { portableCriterion } from '../ruleset/portable.js';
import { SEMVER } from '../ruleset/semver.js';
import { quoted, writeDate, writeName, writeNumber, writeText } from './literals.js';
import { operatorWords, segmentWords, type OperatorWords } from './operators.js';
import { patternLength } from './scanner.js';

/**
 * Prints a criterion as one line. `parseCondition` reads it again as the same criterion, in the
 * portable form in which it is stored.
 */
export function describeCriterion(criterion: Criterion): string {
  const portable = portableCriterion(criterion);
  return inWords(portable) ?? escapedJson(portable);
}

function escapedJson(value: unknown): string {
  // JSON has no number -0; a double is read from text too.
  const text = JSON.stringify(value, (_, member: unknown) => (Object.is(member, -0) ? '-0' : member));
  // Inside of JSON strings only: everything else that JSON.stringify writes is printable.
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => quoted(character).slice(1, -1));
}

/** `undefined` for what has no words. */
function inWords({ propertyName = '', operator = '', valueToMatch = {} }: Criterion): string | undefined {
  // A note on the constant, or two kinds of it.
  if (Object.keys(valueToMatch).length !== 1) return undefined;
  if (operator === 'IN_SEG' || operator === 'NOT_IN_SEG') {
    if (propertyName !== '' || valueToMatch.string === undefined) return undefined;
    return `${segmentWords[operator]} ${writeText(valueToMatch.string)}`;
  }
  const known = operatorWords.find((each) => each.operator === operator);
  const operand = known && writeOperand(known, valueToMatch);
  if (known === undefined || operand === undefined) return undefined;
  return `${writeName(propertyName)} ${known.words} ${operand}`;
}

function writeOperand({ operand }: OperatorWords, match: ConfigValue): string | undefined {
  const { string: text, stringList, int, double, intRange } = match;
  switch (operand) {
    case 'list':
      return stringList && writeList(stringList.values ?? []);
    case 'number':
      return int === undefined && double === undefined ? undefined : writeNumber(match);
    case 'date':
      return int && writeDate(int);
    case 'range':
      return intRange?.start === undefined || intRange.end === undefined
        ? undefined
        : `${intRange.start} to below ${intRange.end}`;
    case 'pattern':
      return text === undefined ? undefined : writePattern(text);
    case 'version':
      return text !== undefined && SEMVER.test(text) ? text : undefined;
    case 'text':
      return text === undefined ? undefined : writeText(text);
  }
}

function writeList(values: readonly string[]): string {
  const [first] = values;
  if (first !== undefined && values.length === 1) return writeText(first);
  return `one of [${values.map(writeText).join(', ')}]`;
}

function writePattern(expression: string): string {
  const fits = patternLength(`${expression}/`) === expression.length && !/\p{C}/u.test(expression);
  return fits ? `/${expression}/` : quoted(expression);
}
