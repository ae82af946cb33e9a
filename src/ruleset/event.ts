/**
 * Deltas as Server-Sent Events, in bytes that every public SDK accepts (docs/protocol.md,
 * "Stream").
 *
 * Any prefix of a delta is a valid place to stop, because it ascends by id. So a delta is cut into
 * events of bounded size, each with the id of its last config, and a client that loses the
 * connection half way resumes there.
 */
import { concat, type EncodedConfig } from './codec.js';

/**
 * Events are cut to at most this many bytes of text, where cutting can do it. [protocol] #stream
 */
export const EVENT_TARGET_BYTES = 48 * 1024;

/**
 * No event is ever larger than this, also when it carries a single config. The Go SDK reads events
 * below 65,536 bytes and reconnects for ever on a larger one; 65,000 were measured to work and
 * 65,529 not.
 */
export const EVENT_MAX_BYTES = 65_000;

/** The bytes of an event around its base64: field names, newlines and an id of 19 digits. */
const FRAME_BYTES = 'data: \nid: 9223372036854775807\n\n'.length;

/**
 * The largest `Configs` message that fits into an event: one config and the envelope. base64 makes
 * four bytes of three.
 */
export const MESSAGE_MAX_BYTES = Math.floor((EVENT_MAX_BYTES - FRAME_BYTES) / 4) * 3;

/** One event of a delta. */
export interface Piece {
  /** The version that a reader must have to apply this piece. */
  readonly previous: bigint;
  /** The version of the reader after it: the event id. */
  readonly id: bigint;
  readonly configs: readonly EncodedConfig[];
}

/** The size of an event's text for a `Configs` message of that many bytes. */
export function eventBytes(messageBytes: number): number {
  return FRAME_BYTES + 4 * Math.ceil(messageBytes / 3);
}

/**
 * Cuts a delta into pieces, none above `EVENT_TARGET_BYTES` unless a single config makes it so. A
 * delta without configs that still moves the version (the default context changed) is one piece.
 *
 * @param delta ascending by id, all above `from`
 * @param to the version that the last piece ends at
 */
export function cut(
  delta: readonly EncodedConfig[],
  from: bigint,
  to: bigint,
  envelopeBytes: number,
): Piece[] {
  const pieces: Piece[] = [];
  let previous = from;
  let configs: EncodedConfig[] = [];
  let bytes = envelopeBytes;
  for (const config of delta) {
    const last = configs.at(-1);
    if (last !== undefined && eventBytes(bytes + config.bytes.length) > EVENT_TARGET_BYTES) {
      pieces.push({ previous, id: last.id, configs });
      previous = last.id;
      configs = [];
      bytes = envelopeBytes;
    }
    configs.push(config);
    bytes += config.bytes.length;
  }
  if (previous < to) pieces.push({ previous, id: to, configs });
  return pieces;
}

/**
 * The text of an event: one `data:` line of base64 and then its `id:`. That order matters: a client
 * takes an id when it reads the line, also if the data before it never arrived whole.
 */
export function eventText(piece: Piece, envelope: Uint8Array): string {
  const message = Buffer.from(concat(piece.configs, envelope));
  return `data: ${message.toString('base64')}\nid: ${piece.id}\n\n`;
}
