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
      if (text !== 'true' && text !== 'false') throw wrong('true or false');
      return { valueType, value: { bool: text === 'true' } };
    case 'INT':
      if (!isInt64(text)) throw wrong('a whole number of 64 bits');
      return { valueType, value: { int: text } };
    case 'DOUBLE':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw wrong('a number');
      return { valueType, value: { double: Number(text) } };
    case 'STRING':
      return { valueType, value: { string: text } };
    case 'JSON':
      if (!isJson(text)) throw wrong('JSON text');
      return { valueType, value: { json: { json: text } } };
    case 'DURATION':
      return { valueType, value: { duration: { definition: text } } };
    case 'LOG_LEVEL':
      return { valueType, value: { logLevel: text.toUpperCase() } };
    case 'STRING_LIST':
      return { valueType, value: { stringList: { values: text.split(',').map((item) => item.trim()) } } };
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
