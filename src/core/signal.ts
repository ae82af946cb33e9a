/**
 * A signal wakes the tasks that wait for work. It carries no data and keeps no state: a
 * notification without a waiter is lost.
 */
export class Signal {
  #waiting = new Set<() => void>();

  /** Wakes every waiter. */
  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  /**
   * Waits for the next notification.
   *
   * @param milliseconds the longest wait; `undefined`: no limit
   * @param signal ends the wait when it aborts
   * @returns true when notified, false after the time or an abort. Never rejects
   */
  async wait(milliseconds: number | undefined, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      const finish = (notified: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', giveUp);
        resolve(notified);
      };
      const wake = (): void => finish(true);
      const giveUp = (): void => finish(false);
      const timer = milliseconds === undefined ? undefined : setTimeout(giveUp, Math.max(0, milliseconds));
      this.#waiting.add(wake);
      signal.addEventListener('abort', giveUp);
    });
  }
}
