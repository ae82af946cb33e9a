/**
 * One source of copies as a belt server reads it: every read ends in time, few are made at the same
 * time (read-lanes.ts), and how it fares is known.
 */
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../../core/errors.js';
import type { BucketReader, BucketRead } from '../../bucket/bucket.js';
import { ReadLanes, type ReadLane, type ReadTurn } from './read-lanes.js';

/** The state of a source, for readiness and metrics. */
export interface CopySourceStatus {
  readonly source: string;
  /** `unused`: nothing was read yet. `failing`: the last read failed. */
  readonly state: 'unused' | 'ok' | 'failing';
  /** When a read last succeeded, milliseconds since 1970. */
  readonly succeededAt: number | undefined;
  /** Why it is failing. */
  readonly error: string | undefined;
}

/** The parts of a source. */
export interface CopySourceOptions {
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of each read. */
  readonly onRead: (outcome: BucketRead['kind'] | 'failed') => void;
}

/** The limits of a read. */
export interface SourceReadOptions {
  /** Milliseconds, from its start. */
  readonly within: number;
  /** The largest content that is read, bytes. */
  readonly max: number;
  /** An ETag; an empty one is none. */
  readonly unless?: string | undefined;
  /** The time of a read begins when it has its turn. */
  readonly turn: ReadTurn;
}

/** Reads copies from one bucket, with a timeout and a bound on concurrent reads. */
export class CopySource {
  readonly name: string;
  readonly #bucket: BucketReader;
  readonly #options: CopySourceOptions;
  readonly #lanes = new ReadLanes();
  #state: CopySourceStatus['state'] = 'unused';
  #succeededAt: number | undefined;
  #error: string | undefined;

  constructor(bucket: BucketReader, options: CopySourceOptions) {
    this.name = bucket.name;
    this.#bucket = bucket;
    this.#options = options;
  }

  get failing(): boolean {
    return this.#state === 'failing';
  }

  status(): CopySourceStatus {
    return { source: this.name, state: this.#state, succeededAt: this.#succeededAt, error: this.#error };
  }

  /**
   * @throws HoldfastError `bucket_unavailable`; `copy_damaged` for content that is too large, which
   *   is no failure of the source
   */
  async read(name: string, options: SourceReadOptions): Promise<BucketRead> {
    await this.#lanes.enter(options.turn);
    try {
      const reading = await this.#timed(name, options);
      this.#succeed();
      this.#options.onRead(reading.kind);
      return reading;
    } catch (error) {
      if (error instanceof HoldfastError && error.code === 'copy_damaged') this.#succeed();
      else this.#fail(messageOf(error));
      this.#options.onRead('failed');
      throw error;
    } finally {
      this.#lanes.leave(options.turn);
    }
  }

  /** Lets a read that still waits for its turn wait in another lane. */
  move(turn: ReadTurn, to: ReadLane): void {
    this.#lanes.move(turn, to);
  }

  /** Not left to the bucket alone: a file system that hangs obeys no signal. */
  async #timed(name: string, { within, unless, max }: SourceReadOptions): Promise<BucketRead> {
    const ending = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const problem = `The source ${this.name} gave no answer within ${within} ms.`;
        reject(new HoldfastError('bucket_unavailable', problem));
        ending.abort();
      }, within);
    });
    try {
      const reading = this.#bucket.read(name, {
        unless: unless === '' ? undefined : unless,
        max,
        signal: ending.signal,
      });
      return await Promise.race([reading, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #succeed(): void {
    if (this.failing) this.#options.log.info({ source: this.name }, 'a source of copies answers again');
    this.#state = 'ok';
    this.#succeededAt = this.#options.now();
    this.#error = undefined;
  }

  #fail(error: string): void {
    if (!this.failing) this.#options.log.warn({ source: this.name, error }, 'a source of copies fails');
    this.#state = 'failing';
    this.#error = error;
  }
}
