/** A system under comparison: something that publishes to clients, and can be restarted. */
import type { LabEvent } from './event.js';
import type { Target } from './target.js';

export interface SetUp {
  readonly target: Target;
  publish(event: LabEvent): Promise<void>;
  /**
   * A deploy: the process that answers clients ends in good order, and another one takes its place.
   */
  restart(): Promise<void>;
  /** Requests of clients, or of the cache or proxy for them, that reached the origin so far. */
  originRequests(): Promise<number>;
  stop(): Promise<void>;
}
