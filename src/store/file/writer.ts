/**
 * Group commit: writes that are submitted while one batch is on its way to the disk make up the
 * next one, so that many writes share one fdatasync.
 *
 * A batch holds at most one write per subject (an environment; a key; a name). So each write is checked
 * against the state on the disk, never against a neighbour in the same batch that may yet fail; and
 * readers see nothing that is not on the disk.
 */
import { HoldfastError, messageOf } from '../../core/errors.js';
import type { Key } from '../store.js';
import { DoubtfulAppendError } from './log.js';
import type { Mutation } from './record.js';

/** The size beyond which a batch takes no further writes, roughly: bytes of JSON. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** The mutation to write, if any, and the result for the caller once it is written. */
export interface WritePlan<T> {
  readonly mutation?: Mutation;
  /** The approximate number of bytes that it adds to the log. */
  readonly bytes?: number;
  readonly result: T;
}

interface Write {
  readonly subjects: readonly string[];
  /** Makes the plan, and keeps its result. */
  plan(): Pick<WritePlan<unknown>, 'mutation' | 'bytes'>;
  resolve(): void;
  reject(error: unknown): void;
}

interface Planned {
  readonly write: Write;
  readonly mutation: Mutation;
}

/** Writer plans writes one subject at a time, and commits them in batches. */
export class Writer {
  readonly #path: string;
  readonly #commit: (mutations: readonly Mutation[]) => Promise<void>;
  #queue: Write[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  /** @param commit makes mutations durable and then visible, all of them or none */
  constructor(path: string, commit: (mutations: readonly Mutation[]) => Promise<void>) {
    this.#path = path;
    this.#commit = commit;
  }

  /**
   * Queues a write.
   *
   * @param plan called when no write of the subjects is under way; what it throws is what this
   * rejects with
   */
  submit<T>(subjects: readonly string[], plan: () => WritePlan<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new HoldfastError('store_unavailable', 'The store is closed.'));
    }
    return new Promise<T>((resolve, reject) => {
      let planned: WritePlan<T> | undefined;
      this.#queue.push({
        subjects,
        plan: () => (planned = plan()),
        resolve: () => {
          if (planned !== undefined) resolve(planned.result);
        },
        reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Takes nothing more, and resolves when all that was submitted is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // writes that are submitted in the same turn share the first batch
    while (this.#queue.length > 0) await this.#runBatch(this.#plan());
    this.#running = undefined;
  }

  #plan(): Planned[] {
    const batch: Planned[] = [];
    const later: Write[] = [];
    const taken = new Set<string>();
    const take = ({ subjects }: Write) => {
      for (const subject of subjects) taken.add(subject);
    };
    let bytes = 0;
    for (const write of this.#queue) {
      if (write.subjects.some((subject) => taken.has(subject)) || bytes > BATCH_BYTES) {
        later.push(write);
        take(write);
        continue;
      }
      try {
        const plan = write.plan();
        if (plan.mutation === undefined) {
          write.resolve();
          continue;
        }
        take(write);
        bytes += plan.bytes ?? 0;
        batch.push({ write, mutation: plan.mutation });
      } catch (error) {
        write.reject(error);
      }
    }
    this.#queue = later;
    return batch;
  }

  async #runBatch(batch: readonly Planned[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      await this.#commit(batch.map(({ mutation }) => mutation));
      for (const { write } of batch) write.resolve();
    } catch (error) {
      const failed = writeError(this.#path, error);
      for (const { write } of batch) write.reject(failed);
    }
  }
}

function writeError(path: string, error: unknown): HoldfastError {
  const message =
    error instanceof DoubtfulAppendError
      ? `The change may or may not have been made: ${messageOf(error)}. Repeat it with the same Idempotency-Key to find out and to make it once.`
      : `The log ${path} could not be written, and nothing was changed: ${messageOf(error)}.`;
  return new HoldfastError('store_unavailable', message, { cause: error });
}

/** The size of a key in the log, about, bytes. */
export const KEY_BYTES = 512;

/** Returns the subjects of a new key. Different keys share a batch: a restore brings very many. */
export function subjectsOf({ id, hash }: Key): string[] {
  return [keySubject(id), `hash ${hash}`];
}

/** Returns the subject of a key that is revoked. */
export function keySubject(id: string): string {
  return `key ${id}`;
}
