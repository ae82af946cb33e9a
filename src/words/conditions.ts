/**
 * Reads conditions in words, such as `user.email ends with @acme.com`. What criterion.ts prints is
 * read as the same criterion.
 *
 *     conditions = condition { "and" condition }
 *     condition  = property operator operand | [ "not" ] "in segment" value | JSON object
 *
 * [flag-file] #conditions
 */
import { HoldfastError, messageOf } from '../core/errors.js';
import { checkCriterion } from '../ruleset/criteria.js';
import { instant } from '../ruleset/dates.js';
import { readCriterionJson } from '../ruleset/json.js';
import type { ConfigValue, Criterion } from '../ruleset/model.js';
import { portableCriterion } from '../ruleset/portable.js';
import { SEMVER } from '../ruleset/semver.js';
import { quoted, readNumber, writeText } from './literals.js';
import { nearestWord } from '../core/spelling.js';
import { operatorWords, otherWords, segmentWords, type OperatorWords } from './operators.js';
import { Scanner } from './scanner.js';

/** Longer words first, so that `is not` is not read as `is`. */
const byLength = [...operatorWords].sort((a, b) => b.words.length - a.words.length);

/**
 * Reads one condition.
 *
 * @throws ConditionError `condition_invalid`, with the column and the remedy
 */
export function parseCondition(text: string): Criterion {
  const scanner = new Scanner(text);
  const [criterion, second] = takeCondition(scanner);
  if (criterion === undefined || second !== undefined) {
    const rule =
      'versions have no <= and >= of their own: write two rules, one with "=" and one with "<" or ">".';
    return scanner.fail(rule, 0);
  }
  if (scanner.atEnd) return criterion;
  if (scanner.takeWords('and'))
    scanner.fail('one condition is expected here; give the others by themselves.');
  return failAfter(scanner);
}

/**
 * Reads conditions that are joined by `and`, as the rules that say the same. That is one rule,
 * except for `<=` and `>=` with versions, which the data model does not have: `v >= 1.2.0` is a rule
 * with `v = 1.2.0` and a rule with `v > 1.2.0`.
 *
 * @throws ConditionError `condition_invalid`, with the column and the remedy
 */
export function parseConditions(text: string): Criterion[][] {
  const scanner = new Scanner(text);
  let rules: Criterion[][] = [[]];
  for (;;) {
    const alternatives = takeCondition(scanner);
    if (rules.length * alternatives.length > MOST_RULES) {
      scanner.fail('has too many comparisons of versions with <= and >=; write several rules.', 0);
    }
    rules = alternatives.flatMap((each) => rules.map((rule) => [...rule, each]));
    if (scanner.atEnd) return rules;
    if (!scanner.takeWords('and')) return failAfter(scanner);
  }
}

/** Two comparisons of versions in one rule, from and up to, make four. */
const MOST_RULES = 4;

function failAfter(scanner: Scanner): never {
  const { offset } = scanner;
  if (scanner.takeWords('or')) {
    const rule =
      'conditions are joined by "and" only; list several values in brackets, such as [a, b], and write a second rule for another condition.';
    return scanner.fail(rule, offset);
  }
  const found = scanner.takeValue() ?? scanner.rest.slice(0, 1);
  const rule = `${quoted(found)} is not expected here; conditions are joined by "and", and a value with spaces or any of , [ ] { } is written in double quotes.`;
  return scanner.fail(rule, offset);
}

/** The alternatives that a condition stands for. */
function takeCondition(scanner: Scanner): Criterion[] {
  const start = scanner.offset;
  const criteria = takeUnchecked(scanner);
  for (const criterion of criteria) {
    try {
      checkCriterion(criterion, '');
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      scanner.fail(error.message.replace(/^valueToMatch(\.\w+)*/, 'the value').trim(), start);
    }
  }
  return criteria.map(portableCriterion);
}

function takeUnchecked(scanner: Scanner): Criterion[] {
  const start = scanner.offset;
  if (scanner.rest.startsWith('{')) return [readObject(scanner)];
  for (const operator of ['IN_SEG', 'NOT_IN_SEG'] as const) {
    if (!scanner.takeWords(segmentWords[operator])) continue;
    const key = scanner.takeValue() ?? scanner.fail('the name of a segment is missing.');
    return [{ operator, valueToMatch: { string: key } }];
  }
  const name = scanner.takeName();
  if (name === undefined) {
    return scanner.fail(
      'a condition begins with a property, such as user.email, or with "in segment"; write one of them.',
      start,
    );
  }
  const property = name === '' ? {} : { propertyName: name };
  return takeComparison(scanner).map((comparison) => ({ ...property, ...comparison }));
}

function readObject(scanner: Scanner): Criterion {
  const start = scanner.offset;
  const text = scanner.takeObject();
  try {
    return readCriterionJson(JSON.parse(text), '');
  } catch (error) {
    return scanner.fail(`the JSON of a criterion cannot be read: ${messageOf(error)}`, start);
  }
}

type Comparison = Pick<Criterion, 'operator' | 'valueToMatch'>;

function takeComparison(scanner: Scanner): Comparison[] {
  const start = scanner.offset;
  const known = byLength.find(({ words }) => scanner.takeWords(words));
  if (known === undefined) return scanner.fail(unknownOperator(scanner.rest), start);
  if (known.operand === 'number' || known.operand === 'version') return takeOrdered(scanner, known.words);
  const { operator } = known;
  return [{ operator, valueToMatch: takeOperand(scanner, known) }];
}

function takeOperand(scanner: Scanner, { operand, words }: OperatorWords): ConfigValue {
  switch (operand) {
    case 'list':
      return takeListValue(scanner, words);
    case 'pattern':
      return {
        string:
          scanner.takePattern() ??
          scanner.fail(`a regular expression is written between slashes after "${words}", such as /^a.*z$/.`),
      };
    case 'date':
      return { int: takeDate(scanner, words) };
    case 'range':
      return { intRange: takeRange(scanner) };
    case 'text':
      return { string: scanner.takeValue() ?? scanner.fail(`a value is missing after "${words}".`) };
    case 'number':
    case 'version':
      throw new Error('comparisons are read by takeOrdered');
  }
}

/** Numbers and versions share their operators; the value says which it is. */
function takeOrdered(scanner: Scanner, words: string): Comparison[] {
  const start = scanner.offset;
  const text = scanner.takeValue() ?? scanner.fail(`a number or a version is missing after "${words}".`);
  if (SEMVER.test(text)) return compareVersions(words).map((operator) => versionOf(operator, text));
  if (words === '=') {
    const rule = `"=" compares versions of three numbers, such as 1.2.0; for other values write "is ${writeText(text)}".`;
    return scanner.fail(rule, start);
  }
  const value = readNumber(text);
  const known = operatorWords.find((each) => each.words === words && each.operand === 'number');
  if (value !== undefined && known !== undefined) return [{ operator: known.operator, valueToMatch: value }];
  const isDate = /^\d{4}-\d\d-\d\d/.test(text);
  const remedy = isDate
    ? 'dates are compared with "before" and "after"'
    : 'write a number such as 18 or 0.5, or a version of three numbers such as 1.2.0';
  return scanner.fail(`${quoted(text)} is neither a number nor a version; ${remedy}.`, start);
}

function versionOf(operator: string, version: string): Comparison {
  return { operator, valueToMatch: { string: version } };
}

function compareVersions(words: string): string[] {
  const less = words.startsWith('<') ? ['PROP_SEMVER_LESS_THAN'] : [];
  const greater = words.startsWith('>') ? ['PROP_SEMVER_GREATER_THAN'] : [];
  return [...(words.endsWith('=') ? ['PROP_SEMVER_EQUAL'] : []), ...less, ...greater];
}

const PRESENCE = /^(not )?(present|absent|defined|empty|set|exists)(?![^\s\p{Z}])/iu;

function takeListValue(scanner: Scanner, words: string): ConfigValue {
  const presence = /^is( not)?$/.test(words) ? PRESENCE.exec(scanner.rest)?.[2] : undefined;
  if (presence !== undefined) {
    scanner.fail(
      `no operator tests whether a property is there; "matches /./" holds for texts that are not empty. For the text itself write ${quoted(presence)}.`,
    );
  }
  if (!scanner.takeWords('one of')) scanner.takeWords('any of');
  const values = scanner.takeSign('[') ? takeBracketed(scanner) : takeCommaSeparated(scanner, words);
  return { stringList: values.length === 0 ? {} : { values } };
}

function takeBracketed(scanner: Scanner): string[] {
  const values: string[] = [];
  while (!scanner.takeSign(']')) {
    if (values.length > 0 && !scanner.takeSign(',')) {
      scanner.fail(
        'values in brackets are separated by commas and end with "]"; a value with spaces is written in double quotes.',
      );
    }
    values.push(scanner.takeValue() ?? scanner.fail('a value is missing in the brackets.'));
  }
  return values;
}

function takeCommaSeparated(scanner: Scanner, words: string): string[] {
  const values: string[] = [];
  do values.push(scanner.takeValue() ?? scanner.fail(`a value is missing after "${words}".`));
  while (scanner.takeSign(','));
  return values;
}

function takeDate(scanner: Scanner, words: string): string {
  const start = scanner.offset;
  const text = scanner.takeValue() ?? scanner.fail(`a date is missing after "${words}".`);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return BigInt(text).toString();
  // A day alone is its beginning in UTC.
  const at = instant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  return at === undefined
    ? scanner.fail(
        `${quoted(text)} is no date; write 2026-01-31, or 2026-01-31T18:00:00Z with a time and its zone.`,
        start,
      )
    : `${at}`;
}

function takeRange(scanner: Scanner): { start: string; end: string } {
  const start = takeBound(scanner);
  if (!scanner.takeWords('to below'))
    scanner.fail('the end of a range does not belong to it: write "18 to below 65".');
  return { start, end: takeBound(scanner) };
}

function takeBound(scanner: Scanner): string {
  const start = scanner.offset;
  const text = scanner.takeValue() ?? '';
  const value = readNumber(text)?.int;
  const fits = value !== undefined && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
  return fits ? value : scanner.fail('a range has whole numbers of 64 bits: write "18 to below 65".', start);
}

function unknownOperator(rest: string): string {
  const all = [...new Set([...operatorWords.map(({ words }) => words), 'is one of', 'is not one of'])];
  const words = rest.match(/[<>=!~]+|[^\s\p{Z}",[\]{}<>=!~]+/gu) ?? [];
  if (words.length === 0)
    return `an operator is missing: one of ${all.map((each) => `"${each}"`).join(', ')}.`;
  const meant = meantOperator(words);
  const remedy =
    meant === undefined
      ? `use one of ${all.map((each) => `"${each}"`).join(', ')}.`
      : `did you mean "${meant}"?`;
  return `${quoted(words[0] ?? '')} begins no operator; ${remedy}`;
}

/** Names of the data model count too: people copy them. */
function meantOperator(words: readonly string[]): string | undefined {
  const named = operatorWords.find(({ operator }) => operator === words[0]?.toUpperCase());
  if (named !== undefined) return named.words;
  const candidates = [...operatorWords.map((each) => each.words), ...Object.keys(otherWords)];
  for (const length of [4, 3, 2, 1]) {
    const phrase = words.slice(0, length).join(' ').toLowerCase();
    const meant = words.length < length ? undefined : nearestWord(phrase, candidates);
    if (meant !== undefined) return otherWords[meant] ?? meant;
  }
  return undefined;
}
