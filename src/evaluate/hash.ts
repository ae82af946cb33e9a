/**
 * MurmurHash3, x86, 32 bits, seed 0: the hash by which all public SDKs choose weighted values.
 *
 * The hashed text always begins with a constant part (a config's key), which is hashed once. ASCII,
 * which is nearly everything, is hashed from the string itself; only other text is encoded as UTF-8
 * first.
 */
const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const encoder = new TextEncoder();

/** The hash of texts with a common beginning. */
export class PrefixHash {
  readonly #start: Progress;

  constructor(prefix: string) {
    this.#start = new Progress(0, 0, 0, 0);
    for (const byte of encoder.encode(prefix)) this.#start.add(byte);
  }

  /** The hash of the prefix followed by this text: from 0 to 2^32 - 1. */
  of(text: string): number {
    const progress = this.#start.copy();
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) return this.#ofBytes(encoder.encode(text));
      progress.add(code);
    }
    return progress.end();
  }

  #ofBytes(bytes: Uint8Array): number {
    const progress = this.#start.copy();
    for (const byte of bytes) progress.add(byte);
    return progress.end();
  }
}

/** A hash under way. */
class Progress {
  #state: number;
  /**
   * The bytes after the last whole block, lowest first, and how many bits they are: 0, 8, 16 or 24.
   */
  #block: number;
  #bits: number;
  /** All bytes so far. */
  #length: number;

  constructor(state: number, block: number, bits: number, length: number) {
    this.#state = state;
    this.#block = block;
    this.#bits = bits;
    this.#length = length;
  }

  copy(): Progress {
    return new Progress(this.#state, this.#block, this.#bits, this.#length);
  }

  add(byte: number): void {
    this.#block |= byte << this.#bits;
    this.#bits += 8;
    this.#length++;
    if (this.#bits < 32) return;
    const mixed = this.#state ^ scramble(this.#block);
    this.#state = (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
    this.#block = 0;
    this.#bits = 0;
  }

  end(): number {
    // Without a rest this scrambles 0, which is 0.
    let hash = this.#state ^ scramble(this.#block) ^ this.#length;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function scramble(block: number): number {
  const product = Math.imul(block, C1);
  return Math.imul((product << 15) | (product >>> 17), C2);
}
