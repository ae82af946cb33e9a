/** Contexts as callers write them, converted to those of the evaluator. Pure; accepts any input. */
import type { Context, Contexts, ContextValue } from '../evaluate/contexts.js';

/** A date is its time in milliseconds; null and undefined are as if the property were not there. */
export type PlainValue =
  string | number | bigint | boolean | Date | readonly (string | number | boolean)[] | null | undefined;

/**
 * Contexts by type and property: `{ user: { key: 'u1', plan: 'pro' }, device: { mobile: true } }`.
 */
export type PlainContexts = Readonly<Record<string, Readonly<Record<string, PlainValue>> | undefined>>;

/** Converts contexts for the evaluator; values that no rule can read are left out. */
export function readContexts(plain: PlainContexts): Contexts {
  const contexts = new Map<string, Context>();
  for (const [type, properties] of Object.entries(plain)) {
    // A type that is no object is a mistake of the caller's, and decides nothing.
    if (typeof properties !== 'object' || (properties as unknown) === null) continue;
    const context = new Map<string, ContextValue>();
    for (const [name, value] of Object.entries(properties)) {
      const read = readValue(value);
      if (read !== undefined) context.set(name, read);
    }
    contexts.set(type, context);
  }
  return contexts;
}

/** Returns `undefined` for a value that no rule can read, such as an object. */
function readValue(value: PlainValue): ContextValue | undefined {
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map(String);
  const isRead = ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return isRead ? (value as ContextValue) : undefined;
}
