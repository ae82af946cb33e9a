/**
 * Values as a person types and reads them. Whether a value is valid is decided by the server, in
 * one place.
 */
import type { ConfigValue } from '../ruleset/model.js';
import { parseVersion } from '../ruleset/version.js';
import { UsageError } from './io.js';

/** A value with its type. */
export interface TypedValue {
  /** A name of Config.ValueType. */
  readonly valueType: string;
  readonly value: ConfigValue;
}

/**
 * Reads a value as that value type. Throws UsageError when the text cannot be one, or when the type
 * cannot be written as text.
 */
export function parseAs(valueType: string, text: string): TypedValue {
  const wrong = (expected: string) =>
    new UsageError(`VALUE must be ${expected} for the type ${valueType}, and is ${JSON.stringify(text)}.`);
  switch (valueType) {
    case 'BOOL':
      return { valueType, value: { bool: parseSwitch(text) ?? fail(wrong('true or false')) } };
    case 'INT':
      return { valueType, value: { int: parseInt64(text) ?? fail(wrong('a whole number of 64 bits')) } };
    case 'DOUBLE':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw wrong('a number');
      return { valueType, value: { double: Number(text) } };
    case 'STRING':
      return { valueType, value: { string: text } };
    case 'JSON':
      if (!isJson(text)) throw wrong('JSON text');
      return { valueType, value: { json: { json: text } } };
    case 'DURATION':
      return { valueType, value: { duration: { definition: parseDuration(text) } } };
    case 'LOG_LEVEL':
      return { valueType, value: { logLevel: text.toUpperCase().replace(/^WARNING$/, 'WARN') } };
    case 'STRING_LIST':
      return { valueType, value: { stringList: { values: parseList(text) } } };
    default:
      throw new UsageError(
        `A value of the type ${valueType} cannot be given on the command line; send the whole config with import.`,
      );
  }
}

/** Reads a value without a given type, by its form. */
export function inferValue(text: string): TypedValue {
  if (text === 'true' || text === 'false') return parseAs('BOOL', text);
  if (isInt64(text)) return parseAs('INT', text);
  if (/^-?\d+\.\d+([eE][+-]?\d+)?$/.test(text)) return parseAs('DOUBLE', text);
  if (/^[{[]/.test(text)) {
    if (isJson(text)) return parseAs('JSON', text);
    throw new UsageError('VALUE looks like JSON but is not valid; correct it, or add --type string.');
  }
  return parseAs('STRING', text);
}

function fail(error: Error): never {
  throw error;
}

/** Reads true or false in the words that people use for it. */
function parseSwitch(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (word === 'true' || word === 'on' || word === 'yes') return true;
  return word === 'false' || word === 'off' || word === 'no' ? false : undefined;
}

/** Reads `10000`, and `10_000` or `10,000` as people group digits. */
function parseInt64(text: string): string | undefined {
  const digits = /^-?\d{1,3}([_,]\d{3})+$/.test(text) ? text.replace(/[_,]/g, '') : text;
  return isInt64(digits) ? digits : undefined;
}

/** Reads `90s`, `5m`, `1h30m`, `1.5d` into ISO 8601; other text is passed on, for the server to judge. */
function parseDuration(text: string): string {
  const match = /^(?=.)(?:([\d.]+)d)?\s*(?:([\d.]+)h)?\s*(?:([\d.]+)m)?\s*(?:([\d.]+)s)?$/i.exec(text.trim());
  if (match === null) return text;
  const [, days, hours, minutes, seconds] = match;
  const time = [unit(hours, 'H'), unit(minutes, 'M'), unit(seconds, 'S')].join('');
  return `P${unit(days, 'D')}${time === '' ? '' : `T${time}`}`;
}

function unit(amount: string | undefined, letter: string): string {
  return amount === undefined ? '' : `${amount}${letter}`;
}

/** Reads a list of texts: with commas between them, or as JSON where a text has a comma. */
function parseList(text: string): string[] {
  if (text.trimStart().startsWith('[')) {
    try {
      const list: unknown = JSON.parse(text);
      if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
    } catch {
      // It is text that begins with a bracket.
    }
  }
  return text.split(',').map((item) => item.trim());
}

/** Decimal digits in range; not `007`, which is meant as text. */
function isInt64(text: string): boolean {
  if (!/^-?(0|[1-9]\d{0,18})$/.test(text)) return false;
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** 2015-01-01 in microseconds: ids below it are counters, not times. */
const EARLIEST_TIME = 1_420_070_400_000_000n;
const DAY = 86_400_000_000n;

/**
 * When a change was made, read from its id: milliseconds since 1970. `undefined` for an id that is
 * no time; sources may give ids of their own.
 *
 * @param now milliseconds since 1970
 */
export function timeOfId(id: string | undefined, now: number): number | undefined {
  const micros = parseVersion(id);
  if (micros === undefined || micros < EARLIEST_TIME || micros > BigInt(Math.floor(now)) * 1000n + DAY) {
    return undefined;
  }
  return Number(micros / 1000n);
}

/** `2025-11-21 20:56:00Z`; nothing for no time. */
export function formatTime(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '';
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** The same for a time in ISO 8601. */
export function shownTime(time: string | undefined): string {
  return time === undefined ? '' : formatTime(Date.parse(time));
}
