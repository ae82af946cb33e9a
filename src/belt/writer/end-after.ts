/** A signal that aborts that many milliseconds after `stopping` has. */
export function endAfter(
  stopping: AbortSignal,
  milliseconds: number,
): { signal: AbortSignal; reached: Promise<void>; cancel: () => void } {
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => end.abort(), milliseconds);
  };
  if (stopping.aborted) start();
  else stopping.addEventListener('abort', start, { once: true });
  const reached = new Promise<void>((resolve) => end.signal.addEventListener('abort', () => resolve()));
  return {
    signal: end.signal,
    reached,
    cancel: () => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', start);
    },
  };
}
