/**
 * A strict check of protobuf input, before anything decodes it.
 *
 * protobuf decoders are lenient where Holdfast cannot be: a known field with another wire type is
 * skipped, bytes that are no UTF-8 become question marks, of two members of a oneof the last wins
 * in one SDK and both are seen in another. Since the original bytes are what clients get,
 * everything that could be read in two ways is refused here. Fields that the schema does not know
 * pass: a newer source may have more of them.
 */
import protobuf, { Enum, Type, types, type Field } from 'protobufjs';
import { HoldfastError, messageOf } from '../core/errors.js';
import { MAX_DEPTH, member, namesOf, quote, refuse, shapeOf, slotOf } from './fields.js';

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const wireTypes: Readonly<Partial<Record<string, number>>> = types.basic;

/**
 * Checks an encoded message and all known messages inside it.
 *
 * @throws HoldfastError `body_invalid` when the bytes are not protobuf, `field_invalid` for a field
 * inside
 */
export function checkMessage(type: Type, bytes: Uint8Array): void {
  try {
    check(type, bytes, '', 1);
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError(
      'body_invalid',
      `The body is not a protobuf ${type.name} message: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}

function check(type: Type, bytes: Uint8Array, path: string, depth: number): void {
  if (depth > MAX_DEPTH) refuse(path, `is nested too deep; at most ${MAX_DEPTH} levels are read.`);
  const { byNumber } = shapeOf(type);
  const reader = protobuf.Reader.create(bytes);
  const given = new Map<unknown, string>();
  const counts = new Map<Field, number>();
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const field = byNumber.get(tag >>> 3);
    if (field === undefined) {
      reader.skipType(tag & 7, 0, tag >>> 3);
      continue;
    }
    let at = member(path, field.name);
    if ((tag & 7) !== wireType(field)) refuse(at, `has wire type ${tag & 7}; ${wireType(field)} is right.`);
    if (field.map) {
      checkEntry(field, reader.bytes(), at, depth);
    } else if (field.repeated) {
      const index = counts.get(field) ?? 0;
      counts.set(field, index + 1);
      at = `${at}[${index}]`;
      checkSingle(field, reader, at, depth);
    } else {
      const slot = slotOf(field);
      const other = given.get(slot);
      if (other !== undefined) refuse(at, `cannot be given together with ${other}; keep one of them.`);
      given.set(slot, field.name);
      checkSingle(field, reader, at, depth);
    }
  }
}

function checkSingle(field: Field, reader: protobuf.Reader, path: string, depth: number): void {
  if (field.resolvedType instanceof Type) {
    check(field.resolvedType, reader.bytes(), path, depth + 1);
  } else if (field.resolvedType instanceof Enum) {
    const value = reader.int32();
    if (!Object.hasOwn(field.resolvedType.valuesById, value)) {
      refuse(path, `must be one of ${namesOf(field.resolvedType)}, not ${value}.`);
    }
  } else if (field.type === 'string') {
    readText(reader, path);
  } else {
    reader.skipType(wireType(field), 0, field.id);
  }
}

/** A map is a repeated message of key (1) and value (2). */
function checkEntry(field: Field, bytes: Uint8Array, path: string, depth: number): void {
  const reader = protobuf.Reader.create(bytes);
  let at = `${path}[""]`;
  let keys = 0;
  let values = 0;
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | LENGTH_DELIMITED)) {
      at = `${path}[${quote(readText(reader, path))}]`;
      keys++;
    } else if (tag === ((2 << 3) | wireType(field))) {
      checkSingle(field, reader, at, depth);
      values++;
    } else {
      refuse(at, 'must have a string key (1) and a value (2), and nothing else.');
    }
  }
  if (keys > 1 || values > 1) refuse(at, 'must have one key and one value.');
}

function readText(reader: protobuf.Reader, path: string): string {
  try {
    return reader.stringVerify();
  } catch (error) {
    // TextDecoder throws a TypeError. Anything else is a damaged length.
    if (error instanceof TypeError) refuse(path, 'must be UTF-8 text.');
    throw error;
  }
}

function wireType(field: Field): number {
  if (field.map || field.resolvedType instanceof Type) return LENGTH_DELIMITED;
  return field.resolvedType instanceof Enum ? VARINT : (wireTypes[field.type] ?? VARINT);
}
