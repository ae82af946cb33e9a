/**
 * One evaluation, or the evaluation of many configs for the same contexts: what has been found out so far, so that each property is
 * looked up and converted once, and each segment is decided once.
 */
import type { Context, Contexts, ContextValue } from './contexts.js';
import { instant } from './dates.js';
import type { Circumstances } from './circumstances.js';
import { parseSemanticVersion, type SemanticVersion } from './versions.js';

/** The time of the evaluation, whatever the contexts say. */
export const CURRENT_TIME = 'prefab.current-time';

/** A property as rules name it. Its index is its place in a run. */
export interface Property {
  readonly index: number;
  readonly name: string;
  /** Of the context: what stands before the first dot; empty without one. */
  readonly type: string;
  /** Inside the context. */
  readonly member: string;
}

export function property(name: string, index: number): Property {
  const dot = name.indexOf('.');
  return { index, name, type: name.slice(0, Math.max(dot, 0)), member: name.slice(dot + 1) };
}

/** What a context has as a property, in the forms in which operators ask for it. */
export class Reading {
  readonly value: ContextValue | undefined;
  /** The value as text; `undefined` for a list, and when there is none. */
  readonly text: string | undefined;
  #instant: number | bigint | undefined | null = null;
  #version: SemanticVersion | undefined | null = null;

  constructor(value: ContextValue | undefined) {
    this.value = value;
    this.text = value === undefined || typeof value === 'object' ? undefined : String(value);
  }

  /** Milliseconds since 1970, if it is a date. */
  get instant(): number | bigint | undefined {
    if (this.#instant === null) this.#instant = instant(this.value);
    return this.#instant;
  }

  get version(): SemanticVersion | undefined {
    if (this.#version === null) {
      this.#version = typeof this.value === 'string' ? parseSemanticVersion(this.value) : undefined;
    }
    return this.#version;
  }
}

const ABSENT = new Reading(undefined);

export class Run {
  /** See `Circumstances`. */
  readonly chance: (key: string) => number;
  /** Whether a segment holds, by its index; `undefined` where it was not asked yet. */
  readonly segments: (boolean | undefined)[];
  readonly #contexts: Contexts;
  readonly #defaults: Contexts;
  readonly #now: number;
  readonly #readings: (Reading | undefined)[];

  /**
   * @param contexts what is asked for
   * @param defaults the environment's contexts, for types that are not among those
   * @param names how many properties and segments the rules name
   */
  constructor(
    contexts: Contexts,
    { now, chance }: Circumstances,
    defaults: Contexts,
    names: { readonly properties: number; readonly segments: number },
  ) {
    this.chance = chance;
    this.#contexts = contexts;
    this.#defaults = defaults;
    this.#now = Math.trunc(now);
    this.#readings = new Array<Reading | undefined>(names.properties).fill(undefined);
    this.segments = new Array<boolean | undefined>(names.segments).fill(undefined);
  }

  read(property: Property): Reading {
    return (this.#readings[property.index] ??= this.#look(property));
  }

  #look({ name, type, member }: Property): Reading {
    if (name === CURRENT_TIME) return new Reading(this.#now);
    const context: Context | undefined = this.#contexts.get(type) ?? this.#defaults.get(type);
    const value = context?.get(member);
    return value === undefined ? ABSENT : new Reading(value);
  }
}
