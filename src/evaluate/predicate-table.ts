/**
 * The predicates, properties and words of a compiled ruleset, each stored once and numbered.
 *
 * Rules of a ruleset test the same again and again: membership in a segment, a plan, a country. So
 * a rule is a list of predicate numbers, an evaluation pass keeps the results in an array, and most
 * of an evaluation is looking them up. Measured on 1,000 flags, a function for each criterion of
 * each rule takes twice the time, most of it waiting for memory.
 */
import type { Attribute } from './attribute.js';
import { Memo, ownCells, type MemoCells } from './memo.js';

/** The property that is the time of the evaluation, regardless of the contexts. */
export const CURRENT_TIME = 'prefab.current-time';

/** A property as rules name it. */
export interface Property {
  /** The index of its attribute in an evaluation pass. */
  readonly index: number;
  readonly name: string;
  /** The type of the context: the part of the name before the first dot; empty without a dot. */
  readonly type: string;
  /** The name inside the context. */
  readonly member: string;
}

/** The input of predicates: the evaluation pass (evaluation-pass.ts) as they see it. */
export interface PredicateInput {
  /** See `EvaluationOptions`. */
  readonly random: (key: string) => number;
  /** The attribute that a property names. */
  attribute(property: Property): Attribute;
  /** True when another predicate holds. */
  holds(id: PredicateId): boolean;
  /** Takes work on a long text or list from the budget of the pass: see `Budget.spend`. */
  spend(length: number, perElement: number): boolean;
}

/**
 * The test behind a predicate number. `undefined` when it cannot be tested: then neither it nor its
 * negation holds.
 */
export type Predicate = (pass: PredicateInput) => boolean | undefined;

/** The number of a predicate; `~number`, which is negative, is its negation. */
export type PredicateId = number;

/** The predicate that never holds. */
export const NEVER: PredicateId = 0;
/** The predicate that always holds. */
export const ALWAYS: PredicateId = ~NEVER;

/**
 * The predicates of one compiled ruleset. Grows only; unused entries go when the ruleset is
 * recompiled.
 */
export class PredicateTable {
  readonly #properties = new Map<string, Property>();
  readonly #words = new Map<string, number>();
  readonly #ids = new Map<string, PredicateId>();
  /** Indexed by predicate. */
  readonly #predicates: Predicate[] = [() => false];
  readonly #memo = new Memo();

  /** The number of properties. */
  get properties(): number {
    return this.#properties.size;
  }

  /**
   * Begins an evaluation pass: see memo.ts.
   *
   * @param isInterrupted true for a pass that does not end in this turn
   */
  beginPass(isInterrupted: boolean): MemoCells {
    const { length } = this.#predicates;
    return isInterrupted ? ownCells(length) : this.#memo.begin(length);
  }

  /** The property of that name; added when it is new. */
  property(name: string): Property {
    const known = this.#properties.get(name);
    if (known !== undefined) return known;
    const dot = name.indexOf('.');
    const type = name.slice(0, Math.max(dot, 0));
    const property = { index: this.#properties.size, name, type, member: name.slice(dot + 1) };
    this.#properties.set(name, property);
    return property;
  }

  /**
   * The number, from 1, of a text in a rule's list; added when it is new. Comparing numbers is many
   * times faster than comparing texts.
   */
  addWord(text: string): number {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    const word = this.#words.size + 1;
    this.#words.set(text, word);
    return word;
  }

  /** The number of a text of a context; 0 for a text that no rule lists. */
  wordOf(text: string): number {
    return this.#words.get(text) ?? 0;
  }

  /**
   * Adds a predicate unless one of that name exists.
   *
   * @param name equal for equal predicates and for no others
   * @param compile makes the test of a new predicate
   */
  add(name: string, compile: () => Predicate): PredicateId {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#predicates.push(compile()) - 1;
    this.#ids.set(name, id);
    return id;
  }

  /** The test of a predicate, which must not be negated. */
  predicate(id: PredicateId): Predicate {
    return this.#predicates[id] ?? (() => false);
  }
}
