/**
 * What the rules of a ruleset name and ask, numbered and each once.
 *
 * Rulesets ask the same again and again: whether somebody is in a segment, on a plan, in a country. So rules are lists of numbers of
 * questions, a run keeps the answers in an array, and most of an evaluation is to look them up. Measured on 1,000 flags, a function for
 * each criterion of each rule takes twice the time, most of it waiting for memory.
 */
import { Memo } from './memo.js';
import type { EvaluationPass } from './evaluation-pass.js';

/** The time of the evaluation, whatever the contexts say. */
export const CURRENT_TIME = 'prefab.current-time';

/** A property as rules name it. */
export interface Property {
  /** Its place among the readings of a run. */
  readonly index: number;
  readonly name: string;
  /** Of the context: what stands before the first dot; empty without one. */
  readonly type: string;
  /** Inside the context. */
  readonly member: string;
}

/** Answers a question. */
export type Predicate = (run: EvaluationPass) => boolean;

/** The number of a question; of its opposite when it is negative (`~number`). */
export type PredicateId = number;

/** The question that is always answered with no. */
export const NEVER: PredicateId = 0;
export const ALWAYS: PredicateId = ~NEVER;

export class PredicateTable {
  readonly #properties = new Map<string, Property>();
  readonly #words = new Map<string, number>();
  readonly #questions = new Map<string, PredicateId>();
  /** By question. */
  readonly #tests: Predicate[] = [() => false];
  readonly #answers = new Memo();

  /** How many properties there are. */
  get properties(): number {
    return this.#properties.size;
  }

  /** Begins a run: see answers.ts. */
  begin(): ReturnType<Memo['begin']> {
    return this.#answers.begin(this.#tests.length);
  }

  property(name: string): Property {
    const known = this.#properties.get(name);
    if (known !== undefined) return known;
    const dot = name.indexOf('.');
    const type = name.slice(0, Math.max(dot, 0));
    const property = { index: this.#properties.size, name, type, member: name.slice(dot + 1) };
    this.#properties.set(name, property);
    return property;
  }

  /** The number of a text in a rule's list, from 1. To compare numbers is many times faster than to compare texts. */
  addWord(text: string): number {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    const word = this.#words.size + 1;
    this.#words.set(text, word);
    return word;
  }

  /** The number of a text that was read; 0 when no list has it. */
  wordOf(text: string): number {
    return this.#words.get(text) ?? 0;
  }

  /**
   * @param name equal for equal questions and for no others
   * @param predicate makes what answers it, when it is new
   */
  add(name: string, predicate: () => Predicate): PredicateId {
    const known = this.#questions.get(name);
    if (known !== undefined) return known;
    const question = this.#tests.push(predicate()) - 1;
    this.#questions.set(name, question);
    return question;
  }

  /** What answers a question, which is not negative. */
  test(question: PredicateId): Predicate {
    return this.#tests[question] ?? (() => false);
  }
}
