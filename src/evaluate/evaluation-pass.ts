/**
 * One evaluation, or the evaluation of many configs for the same contexts: what has been found out so far, so that each property is
 * looked up and converted once, and each question is answered once.
 */
import type { Context, Contexts, ContextValue } from './contexts.js';
import { instant } from './dates.js';
import type { EvaluationOptions } from './evaluation-options.js';
import { parseSemanticVersion, type SemanticVersion } from './versions.js';
import { CURRENT_TIME, type Property, type PredicateId, type PredicateTable } from './predicate-table.js';

/** What a context has as a property, in the forms in which operators ask for it. */
export class Attribute {
  readonly value: ContextValue | undefined;
  /** The value as text; `undefined` for a list, and when there is none. */
  readonly text: string | undefined;
  /** The number of the text among the words of the rules; 0 when there is none. */
  readonly word: number;
  /** The same for each text of a list. */
  readonly words: readonly number[] | undefined;
  #instant: number | bigint | undefined | null = null;
  #version: SemanticVersion | undefined | null = null;

  constructor(value: ContextValue | undefined, vocabulary: PredicateTable) {
    const isText = value !== undefined && typeof value !== 'object';
    this.value = value;
    this.text = isText ? String(value) : undefined;
    this.word = this.text === undefined ? 0 : vocabulary.wordOf(this.text);
    this.words = typeof value === 'object' ? value.map((each) => vocabulary.wordOf(each)) : undefined;
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

export class EvaluationPass {
  /** See `EvaluationOptions`. */
  readonly random: (key: string) => number;
  readonly #contexts: Contexts;
  readonly #defaults: Contexts;
  readonly #now: number;
  readonly #vocabulary: PredicateTable;
  /** By property. */
  readonly #readings: (Attribute | undefined)[];
  /** By question: see answers.ts. */
  readonly #answers: Int32Array;
  readonly #yes: number;

  /**
   * @param contexts what is asked for
   * @param defaults the environment's contexts, for types that are not among those
   * @param vocabulary of the rules
   */
  constructor(
    contexts: Contexts,
    { now, random: chance }: EvaluationOptions,
    defaults: Contexts,
    vocabulary: PredicateTable,
  ) {
    this.random = chance;
    this.#contexts = contexts;
    this.#defaults = defaults;
    this.#now = Math.trunc(now);
    this.#vocabulary = vocabulary;
    this.#readings = new Array<Attribute | undefined>(vocabulary.properties).fill(undefined);
    const { cells, yes } = vocabulary.begin();
    this.#answers = cells;
    this.#yes = yes;
  }

  /** The answer to a question, or to its opposite. */
  holds(question: PredicateId): boolean {
    return question < 0 ? !this.#ask(~question) : this.#ask(question);
  }

  #ask(question: PredicateId): boolean {
    const known = this.#answers[question];
    if (known === this.#yes) return true;
    if (known === this.#yes - 1) return false;
    const answer = this.#vocabulary.test(question)(this);
    this.#answers[question] = answer ? this.#yes : this.#yes - 1;
    return answer;
  }

  read(property: Property): Attribute {
    return (this.#readings[property.index] ??= this.#look(property));
  }

  #look({ name, type, member }: Property): Attribute {
    if (name === CURRENT_TIME) return new Attribute(this.#now, this.#vocabulary);
    const context: Context | undefined = this.#contexts.get(type) ?? this.#defaults.get(type);
    return new Attribute(context?.get(member), this.#vocabulary);
  }
}
