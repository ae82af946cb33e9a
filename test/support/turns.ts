/** Measures how long work keeps the event loop. */

/** Work, and the longest turn of the event loop while it ran. */
export interface Measured<T> {
  readonly result: T;
  /** Milliseconds of processor time: what else runs on the machine does not count. */
  readonly longestTurn: number;
}

/** Runs work and measures the turns of this process in the meantime. */
export async function measureTurns<T>(work: () => Promise<T>): Promise<Measured<T>> {
  let longest = 0;
  let isRunning = true;
  let before = process.cpuUsage();
  const watch = (): void => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, user + system);
    before = process.cpuUsage();
    if (isRunning) setImmediate(watch);
  };
  setImmediate(watch);
  try {
    return { result: await work(), longestTurn: longest / 1000 };
  } finally {
    isRunning = false;
  }
}
