/**
 * Encodes configs, and assembles messages from encoded configs without encoding anything twice.
 *
 * A protobuf message with a repeated field is the concatenation of its encoded elements. So a
 * config is kept as one element of `Configs.configs` (tag, length, message), and a snapshot or
 * delta is the concatenation of such slices and an envelope.
 */
import protobuf from 'protobufjs';
import { encodedConfigOf, ELEMENT_TAG, type EncodedConfig } from './decode.js';
import type { Config, ContextSet } from './model.js';
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

/**
 * Encodes one config, which must be valid (see validate.ts) and carry its id. The bytes are
 * canonical: equal configs have equal bytes.
 */
export function encodeConfig(config: Config): EncodedConfig {
  const message = ConfigMessage.encode(ConfigMessage.fromObject(config)).finish();
  const bytes = protobuf.Writer.create().uint32(ELEMENT_TAG).bytes(message).finish();
  // A short text is written into memory that others share, which a ruleset does not keep.
  return encodedConfigOf(message, new Uint8Array(bytes));
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
