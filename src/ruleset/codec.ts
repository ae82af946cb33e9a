/**
 * Configs in encoded form, and how messages are put together from them without encoding anything twice.
 *
 * A protobuf message with a repeated field is the concatenation of its encoded elements. So a config is kept as one element of
 * `Configs.configs` (tag, length, message), and a snapshot or delta is the concatenation of such slices and an envelope.
 */
import protobuf from 'protobufjs';
import type { Config, Configs, ContextSet } from './model.js';
import { ConfigMessage, ConfigsMessage, ContextSetMessage } from './schema.js';

/** A config as it is stored and sent. */
export interface EncodedConfig {
  readonly id: bigint;
  readonly key: string;
  /** A tombstone: type DELETED, no rows. */
  readonly deleted: boolean;
  /** One element of `Configs.configs`: tag, length and message. */
  readonly bytes: Uint8Array;
}

/** The names and numbers that the wire form and the scan below share. */
const ELEMENT_TAG = 10; // field 1, length-delimited
const CONFIG_ID = 1;
const CONFIG_PROJECT_ID = 2;
const CONFIG_KEY = 3;
const CONFIG_ROWS = 5;
const CONFIG_TYPE = 7;
const TYPE_DELETED = 6;

const decodeOptions = { longs: String, enums: String, bytes: String, json: true, oneofs: false } as const;

/** Encodes one config, which must be valid (see validate.ts) and carry its id. */
export function encodeConfig(config: Config): EncodedConfig {
  return frameConfig(ConfigMessage.encode(ConfigMessage.fromObject(config)).finish());
}

/** Makes an encoded Config message an element of a `Configs`. Throws when the bytes are not a Config. */
export function frameConfig(message: Uint8Array): EncodedConfig {
  const bytes = protobuf.Writer.create().uint32(ELEMENT_TAG).bytes(message).finish();
  return describe(message, bytes);
}

/** The Config message inside an element, without its tag and length. */
export function messageOf(config: EncodedConfig): Uint8Array {
  const reader = protobuf.Reader.create(config.bytes);
  reader.uint32();
  return reader.bytes();
}

/** The elements of an encoded `Configs`, in their order; other fields are passed over. Throws when the bytes are damaged. */
export function splitConfigs(bytes: Uint8Array): EncodedConfig[] {
  const configs: EncodedConfig[] = [];
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    if (tag === ELEMENT_TAG) {
      const message = reader.bytes();
      configs.push(describe(message, bytes.subarray(start, reader.pos)));
    } else {
      reader.skipType(tag & 7);
    }
  }
  return configs;
}

export function decodeConfig(config: EncodedConfig): Config {
  return ConfigMessage.toObject(ConfigMessage.decode(messageOf(config)), decodeOptions);
}

export function decodeConfigs(bytes: Uint8Array): Configs {
  return ConfigsMessage.toObject(ConfigsMessage.decode(bytes), decodeOptions);
}

export function encodeContextSet(contexts: ContextSet): Uint8Array {
  return ContextSetMessage.encode(ContextSetMessage.fromObject(contexts)).finish();
}

export function decodeContextSet(bytes: Uint8Array): ContextSet {
  return ContextSetMessage.toObject(ContextSetMessage.decode(bytes), decodeOptions);
}

/**
 * What every message to a client carries beside configs: the environment's pointer and its default context. Without the pointer SDKs
 * lose their environment id, without the context they wipe theirs.
 */
export function encodeEnvelope(environment: {
  readonly id: bigint;
  readonly projectId: bigint;
  readonly defaultContext?: Uint8Array | undefined;
}): Uint8Array {
  const pointer = ConfigsMessage.encode(
    ConfigsMessage.fromObject({
      configServicePointer: { projectId: `${environment.projectId}`, projectEnvId: `${environment.id}` },
    }),
  );
  const context = environment.defaultContext;
  // 34: field 4, length-delimited.
  return (context === undefined ? pointer : pointer.uint32(34).bytes(context)).finish();
}

/** An encoded `Configs`. */
export function concat(configs: readonly EncodedConfig[], envelope: Uint8Array): Uint8Array {
  return Buffer.concat([...configs.map((config) => config.bytes), envelope]);
}

/**
 * The same Config message with this id and project. Other fields stay as they are, also ones that this version of the schema does not
 * know, so that a newer source loses nothing by passing through here.
 */
export function withIds(message: Uint8Array, ids: { id: bigint; projectId: bigint }): Uint8Array {
  const head = ConfigMessage.encode(
    ConfigMessage.fromObject({ id: `${ids.id}`, projectId: `${ids.projectId}` }),
  ).finish();
  const parts: Uint8Array[] = [head];
  for (const field of fields(message)) {
    if (field.number !== CONFIG_ID && field.number !== CONFIG_PROJECT_ID) parts.push(field.bytes);
  }
  return Buffer.concat(parts);
}

function describe(message: Uint8Array, bytes: Uint8Array): EncodedConfig {
  let id = 0n;
  let key = '';
  let rows = 0;
  let type = 0;
  for (const field of fields(message)) {
    const reader = protobuf.Reader.create(field.bytes);
    reader.uint32();
    if (field.number === CONFIG_ID) id = BigInt((reader.int64() as { toString(): string }).toString());
    else if (field.number === CONFIG_KEY) key = reader.string();
    else if (field.number === CONFIG_ROWS) rows++;
    else if (field.number === CONFIG_TYPE) type = reader.int32();
  }
  return { id, key, deleted: type === TYPE_DELETED && rows === 0, bytes };
}

/** The top-level fields of a message, each with its tag. */
function* fields(message: Uint8Array): Generator<{ number: number; bytes: Uint8Array }> {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    reader.skipType(tag & 7);
    yield { number: tag >>> 3, bytes: message.subarray(start, reader.pos) };
  }
}
