/**
 * Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) from bytes, on
 * whatever runs TypeScript: without `Buffer` and without generated code. Bytes that protobufjs
 * reads are read to the same values; truncated or damaged bytes throw.
 */

/** The wire type of integers, enums and booleans. */
export const VARINT = 0;
/** The wire type of doubles. */
export const FIXED64 = 1;
/** The wire type of texts, bytes and messages. */
export const LENGTH_DELIMITED = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;

/** The limit of groups inside groups, and of messages inside messages. */
export const MAX_MESSAGE_DEPTH = 100;

/**
 * Text up to here is read character by character: calling the decoder costs more than that. Bytes.
 */
const SHORT_TEXT = 48;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads one message from front to back. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get position(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  /** The number and wire type of the next field: `number << 3 | type`. */
  tag(): number {
    const tag = this.#varint(5);
    if (tag > 0xffff_ffff || tag >>> 3 === 0) throw new Error('damaged: no field has this number');
    return tag;
  }

  /** The lower 32 bits of a varint, signed. Enums are this too. */
  int32(): number {
    return this.#peek() < 0x80 ? this.#byte() : Number(BigInt.asIntN(32, this.#long()));
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.#long());
  }

  bool(): boolean {
    return this.#peek() < 0x80 ? this.#byte() !== 0 : this.#long() !== 0n;
  }

  double(): number {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset).getFloat64(at, true);
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.#varint(5);
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A reader of the next message, which this reader skips. */
  message(): Reader {
    const length = this.#varint(5);
    const at = this.#take(length);
    return new Reader(this.#bytes, at, at + length);
  }

  /** Throws a TypeError when it is not UTF-8. */
  string(): string {
    const length = this.#varint(5);
    const start = this.#take(length);
    const end = start + length;
    if (length > SHORT_TEXT) return utf8.decode(this.#bytes.subarray(start, end));
    let text = '';
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] ?? 0;
      if (byte >= 0x80) return utf8.decode(this.#bytes.subarray(start, end));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Skips the value behind a tag. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        while (this.#byte() >= 0x80);
        return;
      case FIXED64:
        this.#take(8);
        return;
      case LENGTH_DELIMITED:
        this.#take(this.#varint(5));
        return;
      case GROUP_START:
        this.#skipGroup(tag >>> 3, depth + 1);
        return;
      case FIXED32:
        this.#take(4);
        return;
      default:
        throw new Error(`damaged: wire type ${tag & 7}`);
    }
  }

  #skipGroup(number: number, depth: number): void {
    if (depth > MAX_MESSAGE_DEPTH) throw new Error('groups are nested too deep');
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) !== GROUP_END) {
        this.skip(tag, depth);
        continue;
      }
      if (tag >>> 3 !== number) throw new Error('damaged: a group ends that did not begin');
      return;
    }
  }

  /** Up to 35 bits as a number, which is exact; more bytes than the limit are damage. */
  #varint(limit: number): number {
    let value = 0;
    for (let index = 0; index < limit; index++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw new Error('damaged: a number without end');
  }

  /** A varint of up to ten bytes. Most are short enough to be exact as a number. */
  #long(): bigint {
    let low = 0;
    for (let index = 0; index < 7; index++) {
      const byte = this.#byte();
      low += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return BigInt(low);
    }
    return BigInt(low) + (BigInt(this.#varint(3)) << 49n);
  }

  /** The next byte, not consumed; 0 at the end of the input, where consuming it throws. */
  #peek(): number {
    return this.#bytes[this.#at] ?? 0;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  /** Consumes so many bytes and returns the position of the first. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw new RangeError('damaged: it ends too soon');
    this.#at = at + length;
    return at;
  }
}
