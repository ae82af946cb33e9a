/**
 * Sign-in codes: each is exchanged for the token of an operator, once, within minutes. They are in
 * the memory of the node that made them, which prints them where only those who started it read.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The time for which a code works, milliseconds. */
const CODE_MS = 15 * 60 * 1000;

/** The codes that work at a time; the oldest goes first. */
const CODES_MAX = 10;

/** Wrong codes that are answered as such within a minute. */
const WRONG_MAX = 10;

const MINUTE_MS = 60_000;

/** The result of a code. `limited`: a wrong one, of too many within a minute. */
export type CodeResult = 'accepted' | 'wrong' | 'limited';

interface IssuedCode {
  readonly hash: Buffer;
  /** Milliseconds, monotonic. */
  readonly until: number;
}

/** SignInCodes makes codes and takes each of them once. */
export class SignInCodes {
  readonly #monotonic: () => number;
  #codes: IssuedCode[] = [];
  #wrong: number[] = [];

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Makes a code. */
  issue(): string {
    const code = randomBytes(18).toString('base64url');
    this.#codes.push({ hash: digest(code), until: this.#monotonic() + CODE_MS });
    this.#codes = this.#codes.slice(-CODES_MAX);
    return code;
  }

  /** Takes a code. A right one is taken however many wrong ones came before it. */
  redeem(code: string): CodeResult {
    const now = this.#monotonic();
    const hash = digest(code);
    const found = this.#codes.find((each) => each.until > now && timingSafeEqual(each.hash, hash));
    this.#codes = this.#codes.filter((each) => each !== found && each.until > now);
    if (found !== undefined) return 'accepted';
    this.#wrong = this.#wrong.filter((at) => at > now - MINUTE_MS);
    if (this.#wrong.length >= WRONG_MAX) return 'limited';
    this.#wrong.push(now);
    return 'wrong';
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
