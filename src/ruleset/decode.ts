/**
 * Decodes configs to the form of model.ts. With proto.ts, shapes.ts and reader.ts this is all that
 * reading a ruleset takes: it runs in browsers, under a content security policy too.
 *
 * Bytes are read as protobufjs reads them: unknown fields are skipped, and damaged bytes throw.
 * Input is checked by wire.ts, not here.
 */
import type { Config, Configs, ContextSet } from './model.js';
import { LENGTH_DELIMITED, MAX_MESSAGE_DEPTH, Reader, VARINT } from './reader.js';
import {
  CONFIGS_SHAPE,
  CONFIG_SHAPE,
  CONTEXT_SET_SHAPE,
  wireTypeOf,
  wireTypeOfType,
  type FieldShape,
  type FieldType,
  type MessageShape,
} from './shapes.js';

/** A config as it is stored and sent. */
export interface EncodedConfig {
  readonly id: bigint;
  readonly key: string;
  /** A tombstone: type DELETED, no rows. */
  readonly deleted: boolean;
  /** One element of `Configs.configs`: tag, length and message. */
  readonly bytes: Uint8Array;
}

/** The tag of `Configs.configs`: field 1, length-delimited. */
export const ELEMENT_TAG = 10;
const CONFIG_ID = 1;
const CONFIG_KEY = 3;
const CONFIG_ROWS = 5;
const CONFIG_TYPE = 7;
const TYPE_DELETED = 6;

type Decoded = Record<string, unknown>;

/** The Config message inside an element, without its tag and length. */
export function configMessageOf(config: EncodedConfig): Uint8Array {
  const reader = new Reader(config.bytes);
  reader.tag();
  return reader.bytes();
}

/**
 * The elements of an encoded `Configs`, in order; other fields are skipped. Throws when the bytes
 * are damaged.
 */
export function splitConfigs(bytes: Uint8Array): EncodedConfig[] {
  const configs: EncodedConfig[] = [];
  const reader = new Reader(bytes);
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.tag();
    if (tag === ELEMENT_TAG) {
      const message = reader.bytes();
      configs.push(encodedConfigOf(message, bytes.subarray(start, reader.position)));
    } else {
      reader.skip(tag);
    }
  }
  return configs;
}

/** Decodes one config. Throws when its bytes are damaged. */
export function decodeConfig(config: EncodedConfig): Config {
  return decode(CONFIG_SHAPE, new Reader(configMessageOf(config)));
}

/** Decodes a `Configs`. Throws when the bytes are damaged. */
export function decodeConfigs(bytes: Uint8Array): Configs {
  return decode(CONFIGS_SHAPE, new Reader(bytes));
}

/** Decodes a default context. Throws when the bytes are damaged. */
export function decodeContextSet(bytes: Uint8Array): ContextSet {
  return decode(CONTEXT_SET_SHAPE, new Reader(bytes));
}

/** Assembles an encoded `Configs`. */
export function concat(configs: readonly EncodedConfig[], envelope: Uint8Array): Uint8Array {
  return join([...configs.map((config) => config.bytes), envelope]);
}

/** Concatenates byte arrays. */
export function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The encoded config of a Config message and of the element that it is in. */
export function encodedConfigOf(message: Uint8Array, bytes: Uint8Array): EncodedConfig {
  const reader = new Reader(message);
  let id = 0n;
  let key = '';
  let rows = 0;
  let type = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((CONFIG_ID << 3) | VARINT)) id = reader.int64();
    else if (tag === ((CONFIG_KEY << 3) | LENGTH_DELIMITED)) key = reader.string();
    else if (tag === ((CONFIG_TYPE << 3) | VARINT)) type = reader.int32();
    else {
      if (tag >>> 3 === CONFIG_ROWS) rows++;
      reader.skip(tag);
    }
  }
  return { id, key, deleted: type === TYPE_DELETED && rows === 0, bytes };
}

/** @param into the content of earlier pieces of the same message: protobuf merges them */
function decode(shape: MessageShape, reader: Reader, depth = 0, into: Decoded = {}): Decoded {
  if (depth > MAX_MESSAGE_DEPTH) throw new Error('messages are nested too deep');
  while (!reader.done) {
    const tag = reader.tag();
    const field = shape.fields.get(tag >>> 3);
    if (field === undefined || (tag & 7) !== wireTypeOf(field)) reader.skip(tag);
    else take(into, field, reader, depth);
  }
  return into;
}

function take(into: Decoded, field: FieldShape, reader: Reader, depth: number): void {
  const { name, type } = field;
  const before = into[name];
  if (field.label === 'map') {
    const entries = (before ?? (into[name] = {})) as Decoded;
    const { key, value } = decodeEntry(type, reader.message(), depth);
    // Not an assignment: a key such as `__proto__` is data like any other.
    Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
  } else if (field.label === 'repeated') {
    const value = read(type, reader, depth, undefined);
    if (before === undefined) into[name] = [value];
    else (before as unknown[]).push(value);
  } else {
    const value = read(type, reader, depth, before);
    if (field.oneof !== undefined) keepOnly(name, field.oneof, into);
    if (field.presence || type.kind === 'message' || !isDefault(type, value)) into[name] = value;
    else Reflect.deleteProperty(into, name);
  }
}

/** Removes the other members of a oneof: the last one on the wire counts. */
function keepOnly(name: string, members: readonly string[], message: Decoded): void {
  for (const member of members)
    if (member !== name && member in message) Reflect.deleteProperty(message, member);
}

function decodeEntry(type: FieldType, reader: Reader, depth: number): { key: string; value: unknown } {
  let key = '';
  let value: unknown;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === ((1 << 3) | LENGTH_DELIMITED)) key = reader.string();
    else if (tag === ((2 << 3) | wireTypeOfType(type))) value = read(type, reader, depth, value);
    else reader.skip(tag);
  }
  return { key, value: value ?? (type.kind === 'message' ? {} : undefined) };
}

function read(type: FieldType, reader: Reader, depth: number, before: unknown): unknown {
  switch (type.kind) {
    case 'message':
      return decode(type.shape, reader.message(), depth + 1, before as Decoded | undefined);
    case 'enum': {
      const number = reader.int32();
      return type.names.get(number) ?? number;
    }
    case 'int64':
      return reader.int64().toString();
    case 'double': {
      const number = reader.double();
      // The form of proto3-JSON, which has no other for these.
      return Number.isFinite(number) ? number : String(number);
    }
    case 'bytes':
      return base64(reader.bytes());
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
  }
}

/** True when proto3 does not distinguish the value from an absent one. */
function isDefault(type: FieldType, value: unknown): boolean {
  if (type.kind === 'enum') return value === type.names.get(0);
  return value === '' || value === false || (type.kind === 'int64' ? value === '0' : Object.is(value, 0));
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
