/**
 * A strict reader of the protobuf wire format for bytes from outside: it refuses everything that
 * any of the Go, Java and Python (upb) libraries, protobufjs or reader.ts refuses.
 *
 * They differ. protobufjs skips a varint of any length and reads tags of ten bytes; Go refuses a
 * varint whose tenth byte is above 1, Java drops the bits; Python refuses a tag of more than five
 * bytes. Bytes on which they differ break all flags of some clients, because a client decodes a
 * snapshot as a whole.
 */
import { FIXED64, LENGTH_DELIMITED, VARINT } from './reader.js';

const FIXED32 = 5;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes are not valid protobuf, by the strictest of the libraries. */
export class WireFormatError extends Error {
  override readonly name = 'WireFormatError';
}

/** Reads one message from front to back. All methods throw a WireFormatError for invalid bytes. */
export class StrictReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** True at the end of the message. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  /**
   * The number (1 to 2^29 - 1) and wire type (0, 1, 2 or 5) of the next field: `number << 3 |
   * type`.
   */
  tag(): number {
    const tag = this.#short('a tag');
    if (tag > 0xffff_ffff || tag < 8) this.#fail(`${Math.floor(tag / 8)} is no field number`);
    const type = tag & 7;
    if (type === 3 || type === 4) this.#fail('groups are not supported');
    if (type > FIXED32) this.#fail(`${type} is no wire type`);
    return tag;
  }

  /** A varint of 64 bits, unsigned: a number below 2^49, else a bigint. */
  varint(): number | bigint {
    let low = 0;
    for (let index = 0; index < 7; index++) {
      const byte = this.#byte();
      low += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return low;
    }
    for (let index = 7, high = 0n; index < 10; index++) {
      const byte = this.#byte();
      high += BigInt(byte & 0x7f) << BigInt(7 * index);
      if (index === 9 && byte > 1 && byte < 0x80) this.#fail('a varint has more than 64 bits');
      if (byte < 0x80) return BigInt(low) + high;
    }
    return this.#fail('a varint is longer than 10 bytes');
  }

  /** A reader of the next length-delimited value, which this reader skips. */
  delimited(): StrictReader {
    const length = this.#short('a length');
    const at = this.#take(length);
    return new StrictReader(this.#bytes, at, at + length);
  }

  /** The next length-delimited value as text; `undefined` when it is not UTF-8. */
  text(): string | undefined {
    const length = this.#short('a length');
    const at = this.#take(length);
    try {
      return utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      return undefined;
    }
  }

  /** Skips the value behind a tag. */
  skip(tag: number): void {
    const type = tag & 7;
    if (type === VARINT) this.varint();
    else if (type === LENGTH_DELIMITED) this.#take(this.#short('a length'));
    else this.#take(type === FIXED64 ? 8 : 4);
  }

  /** A varint of at most five bytes, as tags and lengths are; exact as a number. */
  #short(name: string): number {
    let value = 0;
    for (let index = 0; index < 5; index++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    return this.#fail(`${name} is longer than 5 bytes`);
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) this.#fail('the message ends too soon');
    this.#at = at + length;
    return at;
  }

  #fail(reason: string): never {
    throw new WireFormatError(`${reason} (at byte ${this.#at})`);
  }
}
