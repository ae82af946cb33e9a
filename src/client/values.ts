/** Converts values to those that callers get. Pure. */
import type { Value } from '../evaluate/result.js';

/** Parsed JSON, frozen: it is one object for all callers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * The value of a config, as callers get it.
 *
 * | kind       | type here                                                |
 * | ---------- | -------------------------------------------------------- |
 * | bool       | boolean                                                  |
 * | int        | number, and a bigint beyond 2^53                         |
 * | double     | number                                                   |
 * | string     | string                                                   |
 * | stringList | list of strings, frozen                                  |
 * | json       | parsed, frozen                                           |
 * | duration   | milliseconds                                             |
 * | logLevel   | its name: TRACE, DEBUG, INFO, WARN, ERROR or FATAL       |
 */
export type ClientValue = Json | bigint;

/** Converts a value of the evaluator. */
export function plainOf(value: Value): ClientValue {
  switch (value.kind) {
    case 'bool':
    case 'int':
    case 'double':
    case 'string':
    case 'logLevel':
      return value.value;
    case 'duration':
      return value.milliseconds;
    case 'stringList':
    case 'json':
      return freeze(value.value as Json);
  }
}

/** The type that a call with this default returns: `get('limit', user, 10)` a number. */
export type Like<T> = T extends boolean
  ? boolean
  : T extends number
    ? number
    : T extends string
      ? string
      : T extends bigint
        ? bigint
        : T;

/** True when a value is of the same type as the default, so that a caller can use either. */
export function isLike(value: ClientValue, fallback: unknown): boolean {
  if (fallback === null || value === null) return true;
  if (Array.isArray(fallback) || Array.isArray(value)) {
    return Array.isArray(fallback) && Array.isArray(value);
  }
  return typeof value === typeof fallback;
}

function freeze(value: Json): Json {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const each of Object.values(value)) freeze(each);
  return Object.freeze(value);
}
