/** Measures how long work keeps the event loop. */
import { readFileSync } from 'node:fs';

/** Work, and the longest turn of the event loop while it ran. */
export interface Measured<T> {
  readonly result: T;
  /**
   * Milliseconds of processor time of this thread: what else runs on the machine does not count, nor
   * what the process's other threads do, which collect garbage and compress.
   */
  readonly longestTurn: number;
}

/** Runs work and measures the turns of this process in the meantime. */
export async function measureTurns<T>(work: () => Promise<T>): Promise<Measured<T>> {
  let longest = 0;
  let isRunning = true;
  let before = threadTime();
  const watch = (): void => {
    const now = threadTime();
    longest = Math.max(longest, now - before);
    before = now;
    if (isRunning) setImmediate(watch);
  };
  setImmediate(watch);
  try {
    return { result: await work(), longestTurn: longest };
  } finally {
    isRunning = false;
  }
}

/** The processor time of this thread so far, milliseconds; of the process where the system does not say. */
function threadTime(): number {
  try {
    // Nanoseconds on a processor, waiting for one, and the number of times; tests run in the main thread.
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}
