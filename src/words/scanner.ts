/** Reads a condition word by word, and says where in it something is wrong. */
import { HoldfastError } from '../core/errors.js';

/** A condition that cannot be read. */
export class ConditionError extends HoldfastError {
  /** The place in the text, in UTF-16 units from 0. */
  readonly offset: number;
  /** The reason with the remedy, without the place. */
  readonly reason: string;

  constructor(text: string, offset: number, reason: string) {
    const column = offset + 1;
    super('condition_invalid', `${shown(text)}: column ${column}: ${reason}`, {
      details: { column: `${column}` },
    });
    this.offset = offset;
    this.reason = reason;
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

const SPACE = /[\s\p{Z}]*/uy;
const VALUE = /[^\s\p{C}\p{Z}",[\]{}]+/uy;
const NAME = /[^\s\p{C}\p{Z}",[\]{}<>=!~]+/uy;

/** A position in the text of a condition. */
export class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The place of the next word. */
  get offset(): number {
    this.#match(SPACE);
    return this.#at;
  }

  get atEnd(): boolean {
    return this.offset === this.#text.length;
  }

  /** The rest of the text, from the next word. */
  get rest(): string {
    return this.#text.slice(this.offset);
  }

  fail(reason: string, offset = this.offset): never {
    throw new ConditionError(this.#text, offset, reason);
  }

  /** Takes a sign if it is next. */
  takeSign(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.offset)) return false;
    this.#at += sign.length;
    return true;
  }

  /** Takes words if they are next, in any case and with any spaces in between. */
  takeWords(words: string): boolean {
    const start = this.#at;
    for (const word of words.split(' ')) {
      const at = this.offset;
      const found = this.#text.slice(at, at + word.length);
      const next = this.#text.slice(at + word.length, at + word.length + 1);
      // A sign such as < ends where a longer one does not begin; a word ends before a word does.
      const goesOn = /\w/.test(word) ? /[^\s\p{Z}",[\]{}/<>=!~]/u.test(next) : /[<>=!~]/.test(next);
      if (found.toLowerCase() !== word || goesOn) {
        this.#at = start;
        return false;
      }
      this.#at = at + word.length;
    }
    return true;
  }

  /** A bare or quoted name of a property; `undefined` when none is next. */
  takeName(): string | undefined {
    return this.#takeText(NAME);
  }

  /** A bare or quoted value; `undefined` when none is next. */
  takeValue(): string | undefined {
    return this.#takeText(VALUE);
  }

  /** A regular expression between slashes or quotes; `undefined` when none is next. */
  takePattern(): string | undefined {
    const start = this.offset;
    if (this.#text[start] === '"') return this.#takeQuoted();
    if (this.#text[start] !== '/') return undefined;
    const length = patternLength(this.#text.slice(start + 1));
    if (length === undefined) this.fail('the expression has no closing "/"; add one at its end.', start);
    this.#at = start + length + 2;
    return this.#text.slice(start + 1, start + 1 + length);
  }

  /** The text of a JSON object, which begins at the next word. */
  takeObject(): string {
    const start = this.offset;
    let depth = 0;
    for (const { 0: part, index } of this.#text.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
      if (part === '{') depth++;
      if (part === '}' && --depth === 0) {
        this.#at = start + index + 1;
        return this.#text.slice(start, this.#at);
      }
    }
    return this.fail('the JSON object has no closing "}"; add one at its end.', start);
  }

  #takeText(bare: RegExp): string | undefined {
    const start = this.offset;
    if (this.#text[start] === '"') return this.#takeQuoted();
    if (this.#text[start] === "'") this.fail('use double quotes (") instead of single ones.', start);
    return this.#match(bare);
  }

  #takeQuoted(): string {
    const start = this.offset;
    const token = /^"(?:[^"\\]|\\.)*"/s.exec(this.rest)?.[0];
    if (token === undefined) return this.fail('the quoted text has no closing quote; add one at its end.');
    this.#at = start + token.length;
    try {
      return JSON.parse(token) as string;
    } catch {
      const remedy = 'the quoted text must be a JSON string: \\" for a quote, \\\\ for a backslash.';
      return this.fail(remedy, start);
    }
  }

  #match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    if (found === undefined || found === '') return undefined;
    this.#at += found.length;
    return found;
  }
}

/**
 * The length of an expression up to the slash that ends it; a slash after a backslash belongs to
 * it. `undefined` without such a slash.
 */
export function patternLength(text: string): number | undefined {
  const length = /^(?:[^/\\]|\\.)*/s.exec(text)?.[0].length ?? 0;
  return text[length] === '/' ? length : undefined;
}
