/**
 * Bodies that grow with an environment, built and sent piece by piece: in slices of turns, no
 * faster than the client reads, and never in memory as a whole.
 */
import type { Response } from 'express';
import { listPieces, PIECE_SIZE } from '../core/pieces.js';
import type { WorkSlices } from '../evaluate/work-slices.js';
import { configJson, envelopeJson } from '../ruleset/config-json.js';
import type { EncodedConfig } from '../ruleset/decode.js';

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
export async function sendPieces(response: Response, pieces: Pieces, slices: WorkSlices): Promise<void> {
  if (response.req.method === 'HEAD') {
    response.end();
    return;
  }
  for (const piece of pieces) {
    if (response.destroyed) return;
    const isFull = piece.length > 0 && !response.write(piece);
    if (isFull && !(await canContinue(response))) return;
    if (isFull || slices.isOver) await slices.next();
  }
  response.end();
}

/** Resolves to true when more may be written, and to false when the connection has ended. */
function canContinue(response: Response): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (result: boolean): void => {
      response.off('drain', onDrain).off('close', onClose);
      resolve(result);
    };
    const onDrain = (): void => finish(true);
    const onClose = (): void => finish(false);
    response.on('drain', onDrain).on('close', onClose);
  });
}
