/**
 * Measures for how long the event loop keeps callbacks waiting: a long turn delays every client,
 * `/livez` and the lease.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Milliseconds between two samples. */
const RESOLUTION_MS = 5;
/**
 * Milliseconds of a window. Two are looked at, so that what happened a minute ago is seen however
 * seldom metrics are read.
 */
const WINDOW_MS = 60_000;

/** Delays in seconds, by quantile; `1` is the longest. */
export type LoopDelays = Readonly<Record<'0.5' | '0.99' | '1', number>>;

/**
 * Measures delays of the event loop.
 *
 * In contrast to the `nodejs_eventloop_lag_*` metrics it does not begin again at each read, so two
 * readers do not take each other's values.
 */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #before: LoopDelays = { '0.5': 0, '0.99': 0, '1': 0 };

  constructor(windowMs = WINDOW_MS) {
    this.#histogram.enable();
    setInterval(() => {
      this.#before = this.#now();
      this.#histogram.reset();
    }, windowMs).unref();
  }

  /**
   * Returns the larger delays of the present window and the one before: the last one to two
   * minutes.
   */
  read(): LoopDelays {
    const now = this.#now();
    const before = this.#before;
    return {
      '0.5': Math.max(now['0.5'], before['0.5']),
      '0.99': Math.max(now['0.99'], before['0.99']),
      '1': Math.max(now['1'], before['1']),
    };
  }

  #now(): LoopDelays {
    const histogram = this.#histogram;
    // Without a sample yet its maximum is 0 and its percentiles are too.
    return {
      '0.5': delay(histogram.percentile(50)),
      '0.99': delay(histogram.percentile(99)),
      '1': delay(histogram.max),
    };
  }
}

/** A sample is the time between two callbacks of a timer, of which its interval is no delay. */
function delay(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
}
