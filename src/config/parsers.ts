/**
 * Parsers of setting values. Each returns the value, or throws an error whose message goes after
 * the setting's name: `must be …`. No message repeats the value, which may be a secret.
 */
import proxyAddress from 'proxy-addr';
import { messageOf } from '../core/errors.js';

/** Accepts any text. */
export function text(value: string): string {
  return value;
}

/** Accepts a text without spaces, such as the name of a claim. */
export function oneWord(value: string): string {
  if (/\s/.test(value)) throw new Error('must have no spaces.');
  return value;
}

/**
 * Returns a parser of whole numbers in decimal digits and nothing else; `Number` alone would take
 * `1e3`, `0x10` and spaces too.
 */
export function integer(least: number, most: number): (text: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d{1,9}$/.test(value) || number < least || number > most) {
      throw new Error(`must be a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** Returns a parser that accepts these words and no others. */
export function oneOf<T extends string>(allowed: readonly T[]): (text: string) => T {
  return (value) => {
    const found = allowed.find((candidate) => candidate === value);
    if (found === undefined) throw new Error(`must be one of ${allowed.join(', ')}.`);
    return found;
  };
}

/** Returns a parser of texts with at least that many characters. */
export function atLeast(length: number): (text: string) => string {
  return (value) => {
    if (value.length < length)
      throw new Error(`must have at least ${length} characters, and has ${value.length}.`);
    return value;
  };
}

/** Returns a parser of bearer tokens with at least that many characters. */
export function token(length: number): (text: string) => string {
  return (value) => {
    if (!/^[\x21-\x7e]*$/.test(value)) {
      throw new Error('must be visible ASCII characters without spaces, because it travels in a header.');
    }
    return atLeast(length)(value);
  };
}

/** Parses an absolute URL that a path can be appended to; removes a slash at its end. */
export function httpUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const plain =
    url !== undefined && /^https?:$/.test(url.protocol) && `${url.username}${url.password}` === '';
  if (!plain || /[?#\s]/.test(value)) {
    throw new Error('must be an http:// or https:// URL without user, query or fragment.');
  }
  return value.replace(/\/+$/, '');
}

/**
 * Returns a parser of one or several values, separated by spaces or commas: while a secret is
 * changed, the new one and the old one.
 */
export function several(parse: (text: string) => string): (text: string) => readonly string[] {
  return (value) => {
    const parts = words(value);
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

/** Splits a list at spaces, line breaks and commas; each part is checked elsewhere. */
export function words(value: string): readonly string[] {
  return value.split(/[\s,]+/).filter((part) => part !== '');
}

/** Splits a list of networks: addresses, CIDR ranges, and names of ranges. */
export function networks(value: string): readonly string[] {
  const given = words(value);
  try {
    proxyAddress.compile([...given]);
  } catch (error) {
    throw new Error(
      `must be addresses, CIDR ranges such as 10.0.0.0/8, loopback, linklocal or uniquelocal: ${messageOf(error)}.`,
    );
  }
  return given;
}
