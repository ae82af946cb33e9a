/** Waiting for something to do. */

export class Bell {
  #waiting = new Set<() => void>();

  /** Wakes everyone who waits. */
  ring(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  /** Resolves when the bell rings, after that many milliseconds if given, or when the signal aborts. */
  async wait(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let wake: () => void = () => undefined;
    const rung = new Promise<void>((resolve) => (wake = resolve));
    const timer = milliseconds === undefined ? undefined : setTimeout(wake, milliseconds);
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake);
    await rung;
    clearTimeout(timer);
    this.#waiting.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}
