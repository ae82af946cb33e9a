/**
 * What a ruleset is evaluated for: who or what asks, as contexts of several types, each with its properties. Pure.
 */

/** What a property can be. An integer is a `number` where that is exact, else a `bigint`. */
export type ContextValue = string | number | bigint | boolean | readonly string[];

/** The properties of one context, such as `email` of the context of type `user`. */
export type Context = ReadonlyMap<string, ContextValue>;

/**
 * Contexts by type. A rule's `user.email` is the property `email` of the type `user`; a rule without a dot looks into the type with the
 * empty name.
 */
export type Contexts = ReadonlyMap<string, Context>;

export const NO_CONTEXTS: Contexts = new Map();
