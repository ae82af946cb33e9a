/** Names, texts, numbers and dates as conditions write them: bare where that is clear, else quoted. */
import type { ConfigValue } from '../ruleset/model.js';

/**
 * Words that mean something else in a condition, or look like an operator that people expect
 * (`is present`). As names and values they are quoted.
 */
const RESERVED: ReadonlySet<string> = new Set([
  'and',
  'any',
  'in',
  'is',
  'not',
  'of',
  'one',
  'or',
  'absent',
  'defined',
  'empty',
  'exists',
  'present',
  'set',
]);

/** Letters, digits and signs without spaces, invisible characters, and the signs of the grammar. */
const BARE_VALUE = /^[^\s\p{C}\p{Z}"',[\]{}][^\s\p{C}\p{Z}",[\]{}]*$/u;
const BARE_NAME = /^[^\s\p{C}\p{Z}"',[\]{}<>=!~][^\s\p{C}\p{Z}",[\]{}<>=!~]*$/u;

/** A value as a condition writes it. */
export function writeText(text: string): string {
  return BARE_VALUE.test(text) && !RESERVED.has(text.toLowerCase()) ? text : quoted(text);
}

/** The name of a property as a condition writes it. */
export function writeName(name: string): string {
  return BARE_NAME.test(name) && !RESERVED.has(name.toLowerCase()) ? name : quoted(name);
}

/**
 * A JSON string. Invisible characters are escaped, so that two texts that look alike and differ can
 * be told apart.
 */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** A number: an integer has no point and no exponent, a double has one of them. */
export function writeNumber({ int, double }: ConfigValue): string {
  if (int !== undefined) return int;
  const number = Number(double);
  if (Object.is(number, -0)) return '-0.0';
  const text = String(number);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Reads a number as `writeNumber` writes it; `undefined` for anything else. */
export function readNumber(text: string): ConfigValue | undefined {
  if (/^[+-]?\d{1,400}$/.test(text)) return { int: BigInt(text.replace(/^\+/, '')).toString() };
  if (/^[+-]?(\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,4})?|Infinity)$/.test(text)) {
    const number = Number(text);
    return { double: Number.isFinite(number) ? number : String(number) };
  }
  return undefined;
}

/** A date in milliseconds since 1970, in RFC 3339 with UTC; a number where that has no form. */
export function writeDate(milliseconds: string): string {
  const date = new Date(Number(milliseconds));
  if (Number.isNaN(date.getTime())) return milliseconds;
  const text = date.toISOString();
  return /^\d{4}-/.test(text) ? text.replace('.000Z', 'Z') : milliseconds;
}
