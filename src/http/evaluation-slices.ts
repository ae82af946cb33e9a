/** The evaluation of all flags in slices, and the sending of what it leads to. */
import type { ServerResponse } from 'node:http';
import { eventLoop } from '../core/turns.js';
import { ONE_TURN, type WorkSlices } from '../evaluate/work-slices.js';
import { sendJsonText } from './exchange.js';
import { sendPieces } from './pieces.js';

/** Evaluations that a change of the ruleset may interrupt before one is done in a single turn. */
const MAX_INTERRUPTED = 3;

/**
 * Returns the slices in which a request evaluates.
 *
 * @param attempt 1 for the first evaluation of a request, more after changes of its ruleset
 */
export async function slicesFor(attempt: number): Promise<WorkSlices> {
  return attempt > MAX_INTERRUPTED ? ONE_TURN : eventLoop.begin();
}

/** Values that are sent as one text, with its length. */
const SHORT = 256;

/** Sends a JSON body of values, in the slices in which they were evaluated. */
export async function sendEvaluations(
  response: ServerResponse,
  pieces: Iterable<string>,
  values: number,
  slices: WorkSlices,
): Promise<void> {
  if (values <= SHORT) {
    sendJsonText(response, [...pieces].join(''));
    return;
  }
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  await sendPieces(response, pieces, slices);
}
