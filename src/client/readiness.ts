/** Callers that wait for the client to be ready. */
import { ClientError } from './errors.js';
import type { SetTimer } from './saver.js';

/** Resolves or rejects the callers that wait for the client to be ready. */
export class Readiness {
  #state: 'waiting' | 'ready' | 'closed' = 'waiting';
  /** The error of every wait while all sources refuse the key. */
  #refusal: ClientError | undefined;
  readonly #waiting = new Set<(error?: ClientError) => void>();

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  /** @param reason the end of the message when there is nothing in time */
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
        const why = `no source has answered within ${timeout} ms, and nothing is saved; the client keeps trying: ${reason()}`;
        settle(new ClientError('unreachable', why));
      }, timeout);
      this.#waiting.add(settle);
    });
  }

  /** Resolves every wait. */
  ready(): void {
    if (this.#state === 'closed') return;
    this.#state = 'ready';
    for (const settle of [...this.#waiting]) settle();
  }

  /** Rejects every wait, and those to come until {@link reset}: every source refuses the key. */
  allRefused(reason: string): void {
    const why = `every source refuses the key, and nothing is saved: ${reason}`;
    const refusal = new ClientError('refused', why);
    this.#refusal = refusal;
    for (const settle of [...this.#waiting]) settle(refusal);
  }

  /** Lets callers wait again. */
  reset(): void {
    this.#refusal = undefined;
  }

  /** Rejects every wait, and those to come. */
  close(): void {
    this.#state = 'closed';
    for (const settle of [...this.#waiting]) settle(closed());
  }
}

function closed(): ClientError {
  return new ClientError('closed', 'the client is closed');
}
