/**
 * State of one evaluation pass: the evaluation of one config, or of many configs for the same
 * contexts. Each attribute is looked up and converted once, and each predicate is tested once.
 */
import { Attribute } from './attribute.js';
import { Budget } from './budget.js';
import type { Context, Contexts } from './contexts.js';
import type { EvaluationOptions } from './evaluation-options.js';
import {
  CURRENT_TIME,
  type PredicateId,
  type PredicateInput,
  type PredicateTable,
  type Property,
} from './predicate-table.js';

/** One pass over a compiled ruleset. */
export class EvaluationPass implements PredicateInput {
  /** See `EvaluationOptions`. */
  readonly random: (key: string) => number;
  readonly #contexts: Contexts;
  readonly #defaults: Contexts;
  readonly #now: number;
  readonly #table: PredicateTable;
  /** Indexed by `Property.index`. */
  readonly #attributes: (Attribute | undefined)[];
  /** Indexed by predicate: see memo.ts. */
  readonly #results: Int32Array;
  readonly #yes: number;
  readonly #wordOf: (text: string) => number;
  readonly #budget = new Budget();

  /**
   * @param contexts of the caller
   * @param defaults the environment's contexts, for types that the caller does not give
   * @param table of the compiled ruleset
   * @param isInterrupted true when other passes may begin before this one ends
   */
  constructor(
    contexts: Contexts,
    { now, random }: EvaluationOptions,
    defaults: Contexts,
    table: PredicateTable,
    isInterrupted = false,
  ) {
    this.random = random;
    this.#contexts = contexts;
    this.#defaults = defaults;
    this.#now = Math.trunc(now);
    this.#table = table;
    this.#attributes = new Array<Attribute | undefined>(table.properties).fill(undefined);
    this.#wordOf = (text) => table.wordOf(text);
    const { cells, yes } = table.beginPass(isInterrupted);
    this.#results = cells;
    this.#yes = yes;
  }

  /** The number of predicates that were not tested because of the budget. */
  get untested(): number {
    return this.#budget.refused;
  }

  spend(length: number, perElement: number): boolean {
    return this.#budget.spend(length, perElement);
  }

  /** True when a predicate, or its negation, holds. */
  holds(id: PredicateId): boolean {
    return id < 0 ? this.#test(~id) === this.#yes - 1 : this.#test(id) === this.#yes;
  }

  /** The mark of the predicate's result: see `MemoCells`. */
  #test(id: PredicateId): number {
    const known = this.#results[id] ?? 0;
    if (known >= this.#yes - 2 && known <= this.#yes) return known;
    const result = this.#table.predicate(id)(this);
    const mark = result === undefined ? this.#yes - 2 : result ? this.#yes : this.#yes - 1;
    this.#results[id] = mark;
    return mark;
  }

  /** The attribute that a property names. */
  attribute(property: Property): Attribute {
    return (this.#attributes[property.index] ??= new Attribute(this.#valueOf(property), this.#wordOf));
  }

  #valueOf({ name, type, member }: Property): ReturnType<Context['get']> {
    if (name === CURRENT_TIME) return this.#now;
    const context: Context | undefined = this.#contexts.get(type) ?? this.#defaults.get(type);
    return context?.get(member);
  }
}
