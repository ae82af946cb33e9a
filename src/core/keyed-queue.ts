/**
 * A queue per key: tasks of one key run one after the other in the order of their calls, tasks of
 * different keys run side by side. A key takes memory only while it has tasks.
 */
export class KeyedQueue<K> {
  readonly #last = new Map<K, Promise<unknown>>();

  /** The number of keys that have unfinished tasks. */
  get size(): number {
    return this.#last.size;
  }

  /**
   * Runs the task after all earlier ones of that key, whether these succeeded or failed. Settles as
   * the task does.
   */
  run<T>(key: K, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const result = before.then(task, task);
    this.#last.set(key, result);
    const forget = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(forget, forget);
    return result;
  }

  /** Resolves when every task that was queued before this call has ended. Never rejects. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
