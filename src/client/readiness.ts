/** Who waits for the client to be ready, and what they are told. */
import { ClientError } from './errors.js';
import type { SetTimer } from './saver.js';

export class Readiness {
  #state: 'waiting' | 'ready' | 'closed' = 'waiting';
  /** Why it is no use to wait. */
  #refusal: ClientError | undefined;
  readonly #waiting = new Set<(error?: ClientError) => void>();

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** @param reason said at the end of the error when there is nothing in time */
  wait(timeout: number, setTimer: SetTimer, reason: () => string): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve();
    if (this.#state === 'closed') return Promise.reject(closed());
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const settle = (error?: ClientError) => {
        cancel();
        this.#waiting.delete(settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      const cancel = setTimer(() => {
        const why = `no source has answered within ${timeout} ms, and nothing is saved; the client goes on trying: ${reason()}`;
        settle(new ClientError('unreachable', why));
      }, timeout);
      this.#waiting.add(settle);
    });
  }

  ready(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ready';
    for (const settle of [...this.#waiting]) settle();
  }

  /** Tells those who wait that it is no use, and those who ask until something is done about it. */
  hopeless(reason: string): void {
    const why = `every source refuses the key, and nothing is saved: ${reason}`;
    const refusal = new ClientError('refused', why);
    this.#refusal = refusal;
    for (const settle of [...this.#waiting]) settle(refusal);
  }

  /** Something was done about it. */
  revive(): void {
    this.#refusal = undefined;
  }

  close(): void {
    this.#state = 'closed';
    for (const settle of [...this.#waiting]) settle(closed());
  }
}

function closed(): ClientError {
  return new ClientError('closed', 'the client is closed');
}
