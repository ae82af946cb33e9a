/**
 * A strict check of protobuf input, before anything decodes it.
 *
 * protobuf decoders are lenient where Holdfast cannot be: a known field with another wire type is
 * skipped, bytes that are no UTF-8 become question marks, of two members of a oneof the last wins
 * in one SDK and both are seen in another. Everything that could be read in two ways is refused
 * here, and everything that some library cannot read (strict-reader.ts). See
 * docs/decisions/0031-canonical-protobuf.md.
 */
import { HoldfastError } from '../core/errors.js';
import { MAX_DEPTH, member, quote, refuse } from './fields.js';
import { LENGTH_DELIMITED } from './reader.js';
import { wireTypeOf, wireTypeOfType, type FieldShape, type FieldType, type MessageShape } from './shapes.js';
import { StrictReader, WireFormatError } from './strict-reader.js';

const INT32_MAX = 2n ** 31n - 1n;
/** The smallest int32, sign-extended to 64 bits as the wire has it. */
const INT32_MIN_ON_WIRE = 2n ** 64n - 2n ** 31n;

/** Options of {@link checkMessage}. */
export interface WireCheck {
  /** The subject of the sentence about invalid bytes, such as `The body`. */
  readonly subject: string;
  /**
   * `refuse` for input; `skip` for bytes that were committed, perhaps by a later version: unknown
   * fields must then be well-formed.
   */
  readonly unknownFields: 'refuse' | 'skip';
}

/**
 * Checks an encoded message and all messages inside it.
 *
 * @throws HoldfastError `body_invalid` when the bytes are not protobuf, `field_invalid` for a field
 * inside
 */
export function checkMessage(shape: MessageShape, bytes: Uint8Array, options: WireCheck): void {
  try {
    new Check(options).message(shape, new StrictReader(bytes), '', 1);
  } catch (error) {
    if (!(error instanceof WireFormatError)) throw error;
    throw new HoldfastError(
      'body_invalid',
      `${options.subject} is not a protobuf ${shape.name} message: ${error.message}.`,
      { cause: error },
    );
  }
}

class Check {
  readonly #skipsUnknown: boolean;

  constructor({ unknownFields }: WireCheck) {
    this.#skipsUnknown = unknownFields === 'skip';
  }

  message(shape: MessageShape, reader: StrictReader, path: string, depth: number): void {
    if (depth > MAX_DEPTH) refuse(path, `is nested too deep; at most ${MAX_DEPTH} levels are read.`);
    const given = new Map<unknown, string>();
    const counts = new Map<FieldShape, number>();
    while (!reader.done) {
      const tag = reader.tag();
      const field = shape.fields.get(tag >>> 3);
      if (field === undefined) {
        this.#unknown(shape, reader, tag, path);
        continue;
      }
      let at = member(path, field.name);
      const expected = wireTypeOf(field);
      if ((tag & 7) !== expected) refuse(at, `has wire type ${tag & 7}; ${expected} is right.`);
      if (field.label === 'map') {
        this.#entry(field, reader.delimited(), at, depth);
        continue;
      }
      if (field.label === 'repeated') {
        const index = counts.get(field) ?? 0;
        counts.set(field, index + 1);
        at = `${at}[${index}]`;
      } else {
        const slot = field.oneof ?? field;
        const other = given.get(slot);
        if (other !== undefined) refuse(at, `cannot be given together with ${other}; keep one of them.`);
        given.set(slot, field.name);
      }
      this.#value(field.type, reader, at, depth);
    }
  }

  #unknown(shape: MessageShape, reader: StrictReader, tag: number, path: string): void {
    reader.skip(tag);
    if (this.#skipsUnknown) return;
    const rule = `is not the number of a field of ${shape.name} in this version; leave it out, or upgrade Holdfast first.`;
    refuse(member(path, `${tag >>> 3}`), rule);
  }

  #value(type: FieldType, reader: StrictReader, path: string, depth: number): void {
    switch (type.kind) {
      case 'message': {
        this.message(type.shape, reader.delimited(), path, depth + 1);
        return;
      }
      case 'enum': {
        const value = readInt32(reader, path);
        if (type.names.has(value)) return;
        return refuse(path, `must be one of ${[...type.names.values()].join(', ')}, not ${value}.`);
      }
      case 'string':
        readText(reader, path);
        return;
      case 'bool':
        if (reader.varint() > 1) refuse(path, 'must be 0 or 1.');
        return;
      case 'int32':
        readInt32(reader, path);
        return;
      case 'int64':
      case 'double':
      case 'bytes': {
        reader.skip(wireTypeOfType(type));
        return;
      }
    }
  }

  /** Checks an entry of a map: a message of key (1) and value (2). */
  #entry(field: FieldShape, reader: StrictReader, path: string, depth: number): void {
    let at = `${path}[""]`;
    let keys = 0;
    let values = 0;
    while (!reader.done) {
      const tag = reader.tag();
      if (tag === ((1 << 3) | LENGTH_DELIMITED)) {
        at = `${path}[${quote(readText(reader, path))}]`;
        keys++;
      } else if (tag === ((2 << 3) | wireTypeOfType(field.type))) {
        this.#value(field.type, reader, at, depth);
        values++;
      } else {
        refuse(at, 'must have a string key (1) and a value (2), and nothing else.');
      }
    }
    if (keys > 1 || values > 1) refuse(at, 'must have one key and one value.');
  }
}

function readText(reader: StrictReader, path: string): string {
  return reader.text() ?? refuse(path, 'must be UTF-8 text.');
}

/**
 * Libraries drop the upper bits of a larger number, so it would be another one for every reader.
 */
function readInt32(reader: StrictReader, path: string): number {
  const value = reader.varint();
  if (value > INT32_MAX && value < INT32_MIN_ON_WIRE) {
    refuse(path, `must be between -2147483648 and 2147483647, not ${BigInt.asIntN(64, BigInt(value))}.`);
  }
  return typeof value === 'number' ? value : Number(BigInt.asIntN(32, value));
}
