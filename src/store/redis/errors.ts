/** Errors of Redis, or of the way to it, as errors of the store. Pure. */
import { HoldfastError, messageOf } from '../../core/errors.js';
import { overdueBy } from '../../core/overdue.js';
import { meaningOf, remedyFor } from './reply-error.js';

/** The purpose of a command that failed: only a write can leave the caller in doubt. */
export type Intent = 'read' | 'write';

/** The way for a caller to find out about a change that it is in doubt of. */
const REPEAT = 'repeat it with the same Idempotency-Key to find out and to make it once';

/**
 * Makes the store's error of a command's. A refusal by Redis proves that nothing was done. Where
 * there was no answer, or a script was interrupted, a write may have been made all the same, and
 * the text says so.
 */
export function commandError(name: string, intent: Intent, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) {
    return intent === 'read' || wasNotSent(error) ? storeUnreachable(name, error) : unanswered(name, error);
  }
  const remedy = remedyFor(meaning);
  const end = `${sentence(meaning.text)}${remedy === undefined ? '' : ` ${sentence(remedy)}`}`;
  switch (meaning.kind) {
    case 'wrong-type':
      return new HoldfastError(
        'store_damaged',
        `The store (${name}) holds something else under a name of ours, and nothing was changed: ${end}`,
        { cause: error },
      );
    case 'refused':
      return new HoldfastError(
        'store_unavailable',
        `The store (${name}) refused, and nothing was changed: ${end}`,
        { cause: error },
      );
    case 'interrupted': {
      const doubt = intent === 'read' ? '' : ` The change may have been made, or a part of it; ${REPEAT}.`;
      return new HoldfastError('store_unavailable', `The store (${name}) stopped a script: ${end}${doubt}`, {
        cause: error,
      });
    }
  }
}

/**
 * Returns the error of a command, or one that says that this process did not run, where that is why
 * its timeout fired: the answer may have been there, and the store is not to blame.
 *
 * @param waited milliseconds from the command to its error
 * @param timeout milliseconds that the command was allowed
 */
export function explained(error: unknown, waited: number, timeout: number): unknown {
  const late = overdueBy(waited, timeout);
  if (late === 0 || messageOf(error) !== 'Command timed out') return error;
  return new Error(
    `Command timed out. But this process did not run for ${late} ms of that time or more, so the answer may not have been read in time (holdfast_event_loop_delay_seconds).`,
    { cause: error },
  );
}

/** The error for a Redis that cannot be reached; nothing was sent. */
export function storeUnreachable(name: string, cause: unknown): HoldfastError {
  const meaning = meaningOf(cause);
  const remedy = meaning && remedyFor(meaning);
  return new HoldfastError(
    'store_unavailable',
    `The store (${name}) cannot be reached: ${sentence(reasonOf(cause))}${remedy === undefined ? '' : ` ${sentence(remedy)}`}`,
    { cause },
  );
}

/**
 * The error for a change that was made but is on fewer replicas than the store's location asks for.
 */
export function underReplicated(name: string, replicas: number, wanted: number): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `The change was made, but only ${replicas} of the ${wanted} replicas that HOLDFAST_STORE asks for (wait=${wanted}) confirmed it in time: it may be lost if the store (${name}) fails now. Repeat it with the same Idempotency-Key to wait again.`,
    { details: { replicas: `${replicas}`, wanted: `${wanted}` } },
  );
}

/** The error for a reply that the scripts do not give. */
export function unexpected(name: string, reply: string): HoldfastError {
  return new HoldfastError(
    'store_damaged',
    `The store (${name}) answered in a form that is not ours: ${reply}.`,
  );
}

/**
 * True for the error of ioredis for a command that it never sent, because it is allowed to queue
 * none.
 */
export function wasNotSent(error: unknown): boolean {
  return messageOf(error).includes('enableOfflineQueue options is false');
}

function unanswered(name: string, error: unknown): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `The store (${name}) did not answer: ${sentence(messageOf(error))} The change may or may not have been made; ${REPEAT}.`,
    { cause: error },
  );
}

/** A Cluster's client says that all nodes failed, and keeps the reason of the last one apart. */
function reasonOf(cause: unknown): string {
  const last = cause instanceof Error && 'lastNodeError' in cause ? cause.lastNodeError : undefined;
  const first = messageOf(cause);
  return last instanceof Error ? `${first.replace(/\.$/, '')}: ${last.message}` : first;
}

/** Ends a text with one full stop. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
