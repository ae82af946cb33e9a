/**
 * Bodies that grow with an environment, built and sent piece by piece: in slices of turns, no
 * faster than the client reads, and never in memory as a whole.
 */
import type { ServerResponse } from 'node:http';
import { listPieces, PIECE_SIZE } from '../core/pieces.js';
import type { WorkSlices } from '../evaluate/work-slices.js';
import { configJson, envelopeJson } from '../ruleset/config-json.js';
import type { EncodedConfig } from '../ruleset/decode.js';
import { COMPRESSED_FROM } from './compress.js';

/**
 * A body. Each piece is built when it is asked for; an empty one lets the sender look at its slice.
 */
export type Pieces = Iterable<Uint8Array | string>;

/** Returns the length of an encoded `Configs`, bytes. */
export function protobufLength(configs: readonly EncodedConfig[], envelope: Uint8Array): number {
  return configs.reduce((sum, { bytes }) => sum + bytes.length, envelope.length);
}

/** Builds an encoded `Configs`. */
export function* protobufPieces(configs: readonly EncodedConfig[], envelope: Uint8Array): Pieces {
  let parts: Uint8Array[] = [];
  let size = 0;
  for (const { bytes } of configs) {
    parts.push(bytes);
    size += bytes.length;
    if (size < PIECE_SIZE) continue;
    yield Buffer.concat(parts);
    parts = [];
    size = 0;
  }
  yield Buffer.concat([...parts, envelope]);
}

/** Builds the proto3-JSON of a `Configs`. Configs for which `include` is false are left out. */
export function* jsonPieces(
  configs: readonly EncodedConfig[],
  envelope: Uint8Array,
  include: (config: EncodedConfig) => boolean = () => true,
): Pieces {
  const elements = function* (): Iterable<string | undefined> {
    for (const config of configs) yield include(config) ? configJson(config) : undefined;
  };
  yield* listPieces('{"configs":[', elements(), '],');
  yield `${envelopeJson(envelope)}}`;
}

/**
 * Sends a body. Resolves when all of it is written, or the client is gone. When a piece cannot be
 * built the caller's error handler cuts the connection: a client must not take a part for the
 * whole.
 *
 * @param slices those of the work that began the answer
 */
export async function sendPieces(
  response: ServerResponse,
  pieces: Pieces,
  slices: WorkSlices,
): Promise<void> {
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  // Listeners for the whole body: one of `drain` at a compressed answer cannot be taken off again.
  let resume = (): void => undefined;
  const wake = (): void => resume();
  response.on('drain', wake).on('close', wake);
  // A body that is too short to be compressed is sent with its length, and so is not.
  let head: Buffer[] | undefined = [];
  let size = 0;
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (slices.isOver) await slices.next();
    if (head !== undefined) {
      head.push(Buffer.from(piece as string));
      size += piece.length;
      if (size < COMPRESSED_FROM) continue;
    }
    const next: Uint8Array | string = head === undefined ? piece : Buffer.concat(head);
    head = undefined;
    // The next round sees whether the client is gone.
    if (next.length === 0 || response.write(next) || response.closed) continue;
    await new Promise<void>((resolve) => {
      resume = () => resolve();
    });
    await slices.next();
  }
  if (head !== undefined) {
    const body = Buffer.concat(head);
    response.setHeader('Content-Length', body.length);
    response.end(body);
    return;
  }
  response.end();
}
