/** What went wrong between us and Redis, in the words of the store. */
import { HoldfastError, messageOf } from '../../core/errors.js';

/** What a failed command means for who asked. */
export type Intent = 'read' | 'write';

/**
 * The error that a failed command becomes. An answer of Redis itself means that nothing was done. When there was no answer, a write may
 * have been made all the same, and whoever asked must be told so.
 */
export function commandError(name: string, intent: Intent, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const text = messageOf(error);
  if (text.includes('WRONGTYPE')) {
    return new HoldfastError(
      'store_damaged',
      `The store (${name}) holds something else under a name of ours, and nothing was changed: ${text}. Remove what does not belong there, or use another database.`,
      { cause: error },
    );
  }
  if (isReply(error)) {
    return new HoldfastError(
      'store_unavailable',
      `The store (${name}) refused, and nothing was changed: ${text}.`,
      { cause: error },
    );
  }
  return intent === 'read' || wasNotSent(text)
    ? storeUnreachable(name, error)
    : new HoldfastError(
        'store_unavailable',
        `The store (${name}) did not answer: ${text}. The change may or may not have been made; repeat it with the same Idempotency-Key to find out and to make it once.`,
        { cause: error },
      );
}

/** True when the server's answer means that it takes no writes at present. */
export function refusesWrites(error: unknown): boolean {
  return isReply(error) && /(?:^|: -)(READONLY|OOM|MISCONF|NOREPLICAS) /.test(messageOf(error));
}

/** Redis is not there; nothing was sent. */
export function storeUnreachable(name: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `The store (${name}) cannot be reached: ${messageOf(cause)}.`,
    {
      cause,
    },
  );
}

export function underReplicated(name: string, replicas: number, wanted: number): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `The change was made, but only ${replicas} of the ${wanted} replicas that HOLDFAST_STORE asks for (wait=${wanted}) confirmed it in time: it may be lost if the store (${name}) fails now. Repeat it with the same Idempotency-Key to wait again.`,
    { details: { replicas: `${replicas}`, wanted: `${wanted}` } },
  );
}

/** Whether the server answered with an error, as opposed to not answering. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** What ioredis says of a command that it never sent, because we let it queue none. */
function wasNotSent(text: string): boolean {
  return text.includes('enableOfflineQueue options is false');
}
