/** Values as a person reads them. */
import type { ConfigValue, WeightedValues } from '../ruleset/model.js';
import { kindOf } from '../ruleset/values.js';
import { quoted, writeNumber } from './literals.js';

/** The length of a value in a line about something else. */
const LONGEST = 60;

/**
 * A value in a few words, on one line, cut at `longest` characters. A confidential one is not shown.
 */
export function describeValue(value: ConfigValue | undefined, longest = LONGEST): string {
  if (value === undefined) return 'nothing';
  if (isConfidential(value)) return '(confidential)';
  return shorten(describeKind(value, longest), longest);
}

/** True when the value must not be shown. */
export function isConfidential(value: ConfigValue): boolean {
  return value.confidential === true || value.decryptWith !== undefined;
}

/** The beginning of a text, with an ellipsis if it is longer. */
export function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function describeKind(value: ConfigValue, longest: number): string {
  if (value.bool !== undefined) return String(value.bool);
  if (value.int !== undefined || value.double !== undefined) return writeNumber(value);
  if (value.string !== undefined) return quoted(value.string);
  if (value.json !== undefined) return value.json.json ?? '';
  if (value.logLevel !== undefined) return value.logLevel;
  if (value.duration !== undefined) return value.duration.definition ?? '';
  if (value.stringList !== undefined) return `[${(value.stringList.values ?? []).map(quoted).join(', ')}]`;
  if (value.provided !== undefined) return `the variable ${value.provided.lookup ?? '?'}`;
  if (value.weightedValues !== undefined) return describeRollout(value.weightedValues, longest);
  if (value.intRange !== undefined) {
    return `${value.intRange.start ?? '…'} to below ${value.intRange.end ?? '…'}`;
  }
  const kind = kindOf(value);
  return kind === undefined ? 'nothing' : `${kind} ${JSON.stringify(value[kind])}`;
}

/**
 * `25 % true, 75 % false by user.key`. The shares are the true ones, whatever the weights add up to.
 */
function describeRollout(
  { weightedValues = [], hashByPropertyName }: WeightedValues,
  longest: number,
): string {
  const total = weightedValues.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const parts = weightedValues.map(
    ({ weight = 0, value }) => `${percent(weight, total)} % ${describeValue(value, longest)}`,
  );
  return `${parts.join(', ')} ${hashByPropertyName === undefined ? 'at random' : `by ${hashByPropertyName}`}`;
}

/** A share in percent with at most three decimals; one that is not 0 is never shown as 0. */
function percent(weight: number, total: number): string {
  const share = total === 0 ? 0 : (100 * weight) / total;
  return weight > 0 && share < 0.001 ? 'below 0.001' : String(Number(share.toFixed(3)));
}
