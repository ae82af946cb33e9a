/** Waits for work that goes on by itself, for so many milliseconds; then resolves without it. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined>;
/** Waits for work that goes on by itself, for so many milliseconds; then rejects with `late`. */
export async function within<T>(milliseconds: number, work: Promise<T>, late: Error): Promise<T>;
/** Implements both forms. */
export async function within<T>(
  milliseconds: number,
  work: Promise<T>,
  late?: Error,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<undefined>((resolve, reject) => {
    timer = setTimeout(() => (late === undefined ? resolve(undefined) : reject(late)), milliseconds);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    clearTimeout(timer);
  }
}
