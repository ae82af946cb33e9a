/** What one source says of one environment. */
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import { decodeManifest, manifestName, type CopiedKey, type Manifest } from '../format.js';
import type { CopySource } from './source.js';
import { orRefuse, isUnavailable, RefusedCopy, type Refusal } from './validate.js';

export interface SourceStateOptions {
  readonly environment: bigint;
  readonly source: CopySource;
  /** Milliseconds that reading the pointer may take. */
  readonly within: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
  /** Told of the keys of each pointer. */
  readonly onKeys: (keys: readonly CopiedKey[]) => void;
  readonly onRefused: (reason: Refusal) => void;
}

export class SourceState {
  readonly source: CopySource;
  readonly #options: SourceStateOptions;
  #state: 'unknown' | 'found' | 'absent' | 'failed' = 'unknown';
  #pointer: Manifest | undefined;
  #etag: string | undefined;
  #at = 0;
  #asking: Promise<void> | undefined;
  /** The last one, so that it is logged once. */
  #complaint: string | undefined;

  constructor(options: SourceStateOptions) {
    this.source = options.source;
    this.#options = options;
  }

  /** What the last question led to. */
  get state(): 'unknown' | 'found' | 'absent' | 'failed' {
    return this.#state;
  }

  /** The last that it had; it may be failing since. */
  get pointer(): Manifest | undefined {
    return this.#pointer;
  }

  /** When it last said so, milliseconds since 1970. */
  get at(): number {
    return this.#at;
  }

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /** Reads the pointer. Never rejects; calls meanwhile wait for the same answer. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  /** Counts and logs that a copy of this source is not served. */
  complain(error: unknown): void {
    // The source itself has told of what it could not read.
    if (isUnavailable(error)) return;
    const { log, environment, onRefused } = this.#options;
    const reason = error instanceof RefusedCopy ? error.refusal : 'content';
    onRefused(reason);
    const complaint = `${reason} ${messageOf(error)}`;
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    const about = { source: this.source.name, environment: `${environment}`, reason };
    log.warn({ ...about, error: messageOf(error) }, 'a copy is refused');
  }

  async #ask(): Promise<void> {
    const { environment, within, now } = this.#options;
    const begun = now();
    try {
      const reading = await this.source.read(manifestName(environment), within, this.#etag);
      if (reading.kind === 'absent') {
        this.#pointer = this.#etag = undefined;
        this.#state = 'absent';
        return;
      }
      if (reading.kind === 'found') this.#learn(reading.bytes, reading.etag);
      this.#state = 'found';
      this.#at = begun - (reading.age ?? 0) * 1000;
    } catch (error) {
      this.#state = 'failed';
      this.complain(error);
    }
  }

  #learn(bytes: Uint8Array, etag: string): void {
    const { environment, onKeys } = this.#options;
    const before = this.#pointer;
    // Until this one is read, nothing is known of which the ETag could say that it is unchanged.
    this.#etag = undefined;
    const pointer = orRefuse('pointer', () => decodeManifest(bytes, environment));
    onKeys(pointer.keys);
    this.#pointer = pointer;
    this.#etag = etag;
    if (before !== undefined && pointer.version < before.version) {
      this.complain(new RefusedCopy('backwards', `from version ${before.version} to ${pointer.version}`));
    }
  }
}
