/** Slices for the evaluation of all flags. */
import { eventLoop } from '../core/turns.js';
import { ONE_TURN, type WorkSlices } from '../evaluate/work-slices.js';

/** Evaluations that a change of the ruleset may interrupt before one is done in a single turn. */
const MAX_INTERRUPTED = 3;

/** @param attempt 1 for the first evaluation of a request, more after changes of its ruleset */
export async function slicesFor(attempt: number): Promise<WorkSlices> {
  return attempt > MAX_INTERRUPTED ? ONE_TURN : eventLoop.begin();
}
