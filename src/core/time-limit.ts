/**
 * Limits an operation in time, which a signal may give up before.
 *
 * Node 20 lets garbage collection take an `AbortSignal.timeout` that only `AbortSignal.any` refers
 * to, and then the wait never ends. One that has a listener is kept until its time.
 */

/**
 * A signal that aborts with `signal`, or after that time with a `TimeoutError`.
 *
 * @param milliseconds from now
 */
export function withTimeLimit(signal: AbortSignal | undefined, milliseconds: number): AbortSignal {
  const late = AbortSignal.timeout(milliseconds);
  if (signal === undefined) return late;
  late.addEventListener('abort', () => undefined, { once: true });
  return AbortSignal.any([signal, late]);
}

/** True when the time of a signal of `withTimeLimit` was over before it was given up. */
export function isTimeOver({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof DOMException && reason.name === 'TimeoutError';
}

/**
 * Waits for what does not know the signal; rejects with the signal's reason when it aborts before.
 * The work itself goes on, and its failure is not reported then.
 */
export async function beforeEnd<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let give: (() => void) | undefined;
  const given = new Promise<never>((_resolve, reject) => {
    give = () => reject(signal.reason as Error);
    signal.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    if (give !== undefined) signal.removeEventListener('abort', give);
  }
}
