/**
 * Encodes configs, and assembles messages from encoded configs without encoding anything twice.
 *
 * A protobuf message with a repeated field is the concatenation of its encoded elements. So a
 * config is kept as one element of `Configs.configs` (tag, length, message), and a snapshot or
 * delta is the concatenation of such slices and an envelope.
 */
import protobuf from 'protobufjs';
import { CONFIG_ID, encodedConfigOf, ELEMENT_TAG, join, type EncodedConfig } from './decode.js';
import type { Config, ContextSet } from './model.js';
import { Reader } from './reader.js';
import { ConfigMessage, ConfigsMessage, ContextSetMessage } from './schema.js';

export {
  concat,
  decodeConfig,
  decodeConfigs,
  decodeContextSet,
  configMessageOf,
  splitConfigs,
  type EncodedConfig,
} from './decode.js';

const CONFIG_PROJECT_ID = 2;

/** Encodes one config, which must be valid (see validate.ts) and carry its id. */
export function encodeConfig(config: Config): EncodedConfig {
  return frameConfig(ConfigMessage.encode(ConfigMessage.fromObject(config)).finish());
}

/**
 * Makes an encoded Config message an element of a `Configs`. Throws when the bytes are no Config.
 */
export function frameConfig(message: Uint8Array): EncodedConfig {
  const bytes = protobuf.Writer.create().uint32(ELEMENT_TAG).bytes(message).finish();
  return encodedConfigOf(message, bytes);
}

/** Encodes a default context, which must be valid. */
export function encodeContextSet(contexts: ContextSet): Uint8Array {
  return ContextSetMessage.encode(ContextSetMessage.fromObject(contexts)).finish();
}

/**
 * Encodes the part of every message to a client that is not configs: the environment's pointer and
 * its default context. Without the pointer SDKs lose their environment id, without the context they
 * wipe theirs.
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

/**
 * The same Config message with this id and project. Other fields stay as they are, also ones that
 * this version of the schema does not know, so that a newer source loses nothing on the way.
 */
export function withIds(message: Uint8Array, ids: { id: bigint; projectId: bigint }): Uint8Array {
  const head = ConfigMessage.encode(
    ConfigMessage.fromObject({ id: `${ids.id}`, projectId: `${ids.projectId}` }),
  ).finish();
  const parts: Uint8Array[] = [head];
  for (const field of fields(message)) {
    if (field.number !== CONFIG_ID && field.number !== CONFIG_PROJECT_ID) parts.push(field.bytes);
  }
  return join(parts);
}

/** The top-level fields of a message, each with its tag. */
function* fields(message: Uint8Array): Generator<{ number: number; bytes: Uint8Array }> {
  const reader = new Reader(message);
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.tag();
    reader.skip(tag);
    yield { number: tag >>> 3, bytes: message.subarray(start, reader.position) };
  }
}
