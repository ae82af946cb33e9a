/** The credentials of a bucket in S3: given ones, or ones that are fetched and run out. */
import { HoldfastError } from '../core/errors.js';

/** A key that signs requests, with its time. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  /** Milliseconds since 1970; absent for a key that does not run out. */
  readonly expiresAt?: number | undefined;
}

/** The credentials to sign with at a time. */
export interface CredentialSource {
  /** @throws HoldfastError `bucket_unavailable` when there are none */
  current(): Promise<S3Credentials>;
  /** Notes that the store does not know these or holds them for expired. */
  refused(used: S3Credentials): void;
}

/** Credentials that never change. */
export function fixedCredentials(credentials: S3Credentials): CredentialSource {
  return { current: () => Promise.resolve(credentials), refused: () => undefined };
}

/** Credentials are fetched again that long before they run out, milliseconds. */
const EARLY_MS = 5 * 60_000;
/** After a fetch it is that long until the next, milliseconds: sources have limits of their own. */
const PAUSE_MS = 5_000;

/**
 * Credentials that are kept until shortly before they run out. The next ones are fetched in the
 * background, and the present ones are used until those are there; so a source that is down for
 * less than five minutes is not noticed.
 *
 *     fetched ─────── used ───────┬─ 5 minutes: fetched again, still used ─┬─ expired: requests wait
 */
export class RefreshedCredentials implements CredentialSource {
  readonly #fetch: () => Promise<S3Credentials>;
  readonly #now: () => number;
  #kept: S3Credentials | undefined;
  #failure: HoldfastError | undefined;
  #under: Promise<S3Credentials> | undefined;
  /** No fetch starts before, milliseconds since 1970. */
  #notBefore = 0;

  /** @param fetch rejects with a HoldfastError that says what was tried */
  constructor(fetch: () => Promise<S3Credentials>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
  }

  async current(): Promise<S3Credentials> {
    const kept = this.#kept;
    const left = kept === undefined ? 0 : (kept.expiresAt ?? Infinity) - this.#now();
    if (kept === undefined || left <= 0) {
      if (this.#failure !== undefined && this.#isPausing()) throw this.#failure;
      return this.#refresh();
    }
    // Its failure is not lost: the next fetch or the end of these credentials tells it.
    if (left < EARLY_MS && !this.#isPausing()) this.#refresh().catch(() => undefined);
    return kept;
  }

  refused(used: S3Credentials): void {
    if (used === this.#kept && !this.#isPausing()) this.#kept = undefined;
  }

  #isPausing(): boolean {
    const wait = this.#notBefore - this.#now();
    // A clock that was set back must not make the pause longer.
    return wait > 0 && wait <= PAUSE_MS;
  }

  #refresh(): Promise<S3Credentials> {
    this.#under ??= this.#fetchOnce().finally(() => {
      this.#under = undefined;
    });
    return this.#under;
  }

  async #fetchOnce(): Promise<S3Credentials> {
    try {
      this.#kept = await this.#fetch();
      this.#failure = undefined;
      return this.#kept;
    } catch (error) {
      if (error instanceof HoldfastError) this.#failure = error;
      throw error;
    } finally {
      this.#notBefore = this.#now() + PAUSE_MS;
    }
  }
}
