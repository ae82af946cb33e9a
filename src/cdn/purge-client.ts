/** A CDN's API for purging by surrogate key, in Fastly's form: one POST with up to 256 keys. */
import { Agent, request } from 'undici';
import { messageOf } from '../core/errors.js';
import { retryAfter } from '../core/retry-after.js';
import { USER_AGENT } from '../core/version.js';

/** The outcome of a purge request. */
export type PurgeResult =
  | { readonly kind: 'purged' }
  /** Not purged; to be tried again. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number | undefined };

/** The timeout of a request in all, milliseconds. */
const TIMEOUT_MS = 10_000;

/** The service that is purged, and the token for it. */
export interface PurgeTarget {
  /** For logs, metrics and the cursor; it has no credential. */
  readonly url: string;
  readonly token: string;
}

/** Purges surrogate keys at one CDN service. */
export class PurgeClient {
  readonly #target: PurgeTarget;
  readonly #now: () => number;
  readonly #agent = new Agent({ connections: 1 });

  /** @param now milliseconds since 1970 */
  constructor(target: PurgeTarget, now: () => number = Date.now) {
    this.#target = target;
    this.#now = now;
  }

  /**
   * Purges all copies with any of the keys. Hard: they are gone. A soft purge would leave them to
   * be served for another minute, as stale-while-revalidate says, and after a second most are stale
   * anyway. Never throws.
   */
  async purge(keys: readonly string[]): Promise<PurgeResult> {
    try {
      const { statusCode, headers, body } = await request(`${this.#target.url}/purge`, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: {
          'fastly-key': this.#target.token,
          'content-type': 'application/json',
          accept: 'application/json',
          'user-agent': USER_AGENT,
        },
        body: JSON.stringify({ surrogate_keys: keys }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await body.text();
      if (statusCode >= 200 && statusCode < 300) return { kind: 'purged' };
      const reason = `${statusCode} ${text.slice(0, 200).trim()}`;
      return { kind: 'failed', reason, retryAfterMs: retryAfter(headers, this.#now()) };
    } catch (error) {
      return { kind: 'failed', reason: messageOf(error), retryAfterMs: undefined };
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
