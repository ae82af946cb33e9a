/**
 * Readers of setting values. Each returns the value, or throws an error whose message goes after the setting's name: `must be …`. No
 * message repeats the value, which may be a secret.
 */
import { messageOf } from '../core/errors.js';

/** Any text. */
export function text(value: string): string {
  return value;
}

/** A whole number in decimal digits and nothing else; `Number` alone would take `1e3`, `0x10` and spaces too. */
export function integer(least: number, most: number): (text: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d{1,9}$/.test(value) || number < least || number > most) {
      throw new Error(`must be a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

export function oneOf<T extends string>(allowed: readonly T[]): (text: string) => T {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new Error(`must be one of ${allowed.join(', ')}.`);
    return found;
  };
}

export function atLeast(length: number): (text: string) => string {
  return (value) => {
    if (value.length < length)
      throw new Error(`must have at least ${length} characters, and has ${value.length}.`);
    return value;
  };
}

/** A bearer token. */
export function token(length: number): (text: string) => string {
  return (value) => {
    if (!/^[\x21-\x7e]*$/.test(value)) {
      throw new Error('must be visible ASCII characters without spaces, because it travels in a header.');
    }
    return atLeast(length)(value);
  };
}

/** An absolute URL that a path can be put behind; without a slash at its end. */
export function httpUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const plain =
    url !== undefined && /^https?:$/.test(url.protocol) && `${url.username}${url.password}` === '';
  if (!plain || /[?#\s]/.test(value)) {
    throw new Error('must be an http:// or https:// URL without user, query or fragment.');
  }
  return value.replace(/\/+$/, '');
}

/** One or several values, separated by spaces or commas: while a secret is changed, the new one and the old one. */
export function several(parse: (text: string) => string): (text: string) => readonly string[] {
  return (value) => {
    const parts = value.split(/[\s,]+/).filter((part) => part !== '');
    if (parts.length === 0) throw new Error('must have a value between its commas.');
    return parts.map((part, i) => {
      try {
        return parse(part);
      } catch (error) {
        if (parts.length === 1) throw error;
        const place = `That is value ${i + 1} of ${parts.length}: spaces and commas separate values.`;
        throw new Error(`${messageOf(error)} ${place}`);
      }
    });
  };
}

/** Breaks text at spaces into lines of at most that many characters; a longer word gets a line of its own. */
export function wrap(sentence: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
