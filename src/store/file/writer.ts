/**
 * Group commit: whatever is asked for while one batch is on its way to the disk makes up the next one, so that many writes share one
 * fdatasync.
 *
 * A batch holds at most one write per subject (an environment; the keys). So each write is checked against what is on the disk, never
 * against a neighbour in the same batch that may yet fail; and readers see nothing that is not on the disk.
 */
import { HoldfastError, messageOf } from '../../core/errors.js';
import type { Mutation } from './record.js';

/** A batch takes no further writes beyond that, bytes of JSON, roughly. */
const BATCH_BYTES = 8 * 1024 * 1024;

/** What is to be written, if anything, and what whoever asked is told then. */
export interface WritePlan<T> {
  readonly mutation?: Mutation;
  /** About how much it adds to the log. */
  readonly bytes?: number;
  readonly result: T;
}

interface Write {
  readonly subject: string;
  /** Makes the plan, and keeps what will be told. */
  plan(): Pick<WritePlan<unknown>, 'mutation' | 'bytes'>;
  resolve(): void;
  reject(error: unknown): void;
}

interface Planned {
  readonly write: Write;
  readonly mutation: Mutation;
}

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

  /** @param plan called when no write of the subject is under way; what it throws is what this rejects with */
  submit<T>(subject: string, plan: () => WritePlan<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new HoldfastError('store_unavailable', 'The store is closed.'));
    }
    return new Promise<T>((resolve, reject) => {
      let planned: WritePlan<T> | undefined;
      this.#queue.push({
        subject,
        plan: () => (planned = plan()),
        resolve: () => {
          if (planned !== undefined) resolve(planned.result);
        },
        reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything that was asked for is done; takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // what is asked for in the same turn shares the first batch
    while (this.#queue.length > 0) await this.#runBatch(this.#plan());
    this.#running = undefined;
  }

  #plan(): Planned[] {
    const batch: Planned[] = [];
    const later: Write[] = [];
    const subjects = new Set<string>();
    let bytes = 0;
    for (const write of this.#queue) {
      if (subjects.has(write.subject) || bytes > BATCH_BYTES) {
        later.push(write);
        subjects.add(write.subject);
        continue;
      }
      try {
        const plan = write.plan();
        if (plan.mutation === undefined) {
          write.resolve();
          continue;
        }
        subjects.add(write.subject);
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
      const failed = new HoldfastError(
        'store_unavailable',
        `The log ${this.#path} could not be written, and nothing was changed: ${messageOf(error)}.`,
        { cause: error },
      );
      for (const { write } of batch) write.reject(failed);
    }
  }
}
