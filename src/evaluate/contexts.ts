/**
 * The contexts that a ruleset is evaluated for: users, devices and other subjects, each with its
 * properties. Pure.
 */
import type { ConfigValue, ContextSet } from '../ruleset/model.js';
import { exactInteger } from './numbers.js';

/** The value of a property. An integer is a `number` where that is exact, else a `bigint`. */
export type ContextValue = string | number | bigint | boolean | readonly string[];

/** The properties of one context, such as `email` of the context of type `user`. */
export type Context = ReadonlyMap<string, ContextValue>;

/**
 * Contexts by type. A rule's `user.email` is the property `email` of the type `user`; a property
 * without a dot belongs to the type with the empty name.
 */
export type Contexts = ReadonlyMap<string, Context>;

/** The empty set of contexts. */
export const NO_CONTEXTS: Contexts = new Map();

/**
 * The contexts of a decoded `ContextSet`. Of two of one type the last counts; values of a kind that
 * contexts cannot have are left out.
 */
export function contextsOf(set: ContextSet | undefined): Contexts {
  const contexts = new Map<string, Context>();
  for (const { type = '', values = {} } of set?.contexts ?? []) {
    const context = new Map<string, ContextValue>();
    for (const [name, value] of Object.entries(values)) {
      const read = contextValue(value);
      if (read !== undefined) context.set(name, read);
    }
    contexts.set(type, context);
  }
  return contexts;
}

function contextValue(value: ConfigValue): ContextValue | undefined {
  if (value.int !== undefined) return exactInteger(value.int);
  if (value.double !== undefined) return Number(value.double);
  if (value.stringList !== undefined) return value.stringList.values ?? [];
  return value.string ?? value.bool;
}

/**
 * A text that is equal exactly for equal contexts, regardless of the order of types and properties.
 * Texts are quoted as in JSON and numbers are not, so `"1"` and `1` differ, as they do in rules;
 * `1n` is `1` and -0 is 0, which no rule can tell apart. A type without properties counts: it
 * replaces the environment's default context of that type.
 */
export function canonical(contexts: Contexts): string {
  return object(contexts, (context) => object(context, valueText));
}

function object<T>(map: ReadonlyMap<string, T>, text: (value: T) => string): string {
  const entries = [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${text(value)}`).join(',')}}`;
}

function valueText(value: ContextValue): string {
  return typeof value === 'string' || typeof value === 'object' ? JSON.stringify(value) : String(value);
}
