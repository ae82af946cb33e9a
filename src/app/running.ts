/** A process that was started. */
export interface RunningProcess {
  /**
   * Stops it; resolves within a bounded time, whatever clients, proxies and the store do. Call it
   * once.
   */
  stop(): Promise<void>;
}
