/** The attribute of a context that a criterion looks at, in the forms that operators ask for. */
import type { ContextValue } from './contexts.js';
import { instant } from '../ruleset/dates.js';
import { parseSemanticVersion, type SemanticVersion } from './versions.js';

/**
 * One attribute for the length of an evaluation pass. Each conversion happens once, on first use.
 */
export class Attribute {
  readonly value: ContextValue | undefined;
  /** The value as text; `undefined` for a list and for an absent attribute. */
  readonly text: string | undefined;
  /** The number of the text among the words of the rules; 0 for a text that no rule lists. */
  readonly word: number;
  /** The numbers of the texts of a list. */
  readonly words: readonly number[] | undefined;
  #instant: number | bigint | undefined | null = null;
  #version: SemanticVersion | undefined | null = null;

  /** @param wordOf the number of a text among the words of the rules */
  constructor(value: ContextValue | undefined, wordOf: (text: string) => number) {
    const isText = value !== undefined && typeof value !== 'object';
    this.value = value;
    this.text = isText ? String(value) : undefined;
    this.word = this.text === undefined ? 0 : wordOf(this.text);
    this.words = typeof value === 'object' ? value.map(wordOf) : undefined;
  }

  /** Milliseconds since 1970; `undefined` when the value is no date. */
  get instant(): number | bigint | undefined {
    if (this.#instant === null) this.#instant = instant(this.value);
    return this.#instant;
  }

  /** The value as a semantic version; `undefined` when it is none. */
  get version(): SemanticVersion | undefined {
    if (this.#version === null) {
      this.#version = typeof this.value === 'string' ? parseSemanticVersion(this.value) : undefined;
    }
    return this.#version;
  }
}
