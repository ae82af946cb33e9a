/** The requests that a file store remembers by their idempotency keys, in memory. */
import { IDEMPOTENCY_BYTES } from '../rules.js';
import type { Remembered } from './record.js';

/**
 * The most memory that the requests of all environments may take, bytes. Beyond it the oldest are
 * forgotten before their time, as beyond the limit of one environment.
 */
const TOTAL_BYTES = 64 * 1024 * 1024;

/** The approximate memory of a request in addition to its texts, bytes. */
const OVERHEAD = 500;

/** A request and its environment. */
export interface RememberedRequest {
  readonly environment: bigint;
  readonly remembered: Remembered;
}

interface OfEnvironment {
  /** Names, the oldest first. */
  readonly names: Set<string>;
  bytes: number;
}

/** RememberedRequests keeps the newest requests of each environment, within limits in bytes. */
export class RememberedRequests {
  /** In order of expiry, because each lives equally long. */
  readonly #requests = new Map<string, RememberedRequest>();
  readonly #environments = new Map<bigint, OfEnvironment>();
  #bytes = 0;

  get(environment: bigint, key: string, now: number): Remembered | undefined {
    const found = this.#requests.get(nameOf(environment, key))?.remembered;
    return found !== undefined && found.until > now ? found : undefined;
  }

  /** All requests, the oldest first; expired ones may be among them. */
  all(): IterableIterator<RememberedRequest> {
    return this.#requests.values();
  }

  /** The approximate bytes of their texts, with that many in addition for each. */
  size(overhead: number): number {
    return this.#bytes - this.#requests.size * (OVERHEAD - overhead);
  }

  /** Adds a request, and forgets those that are expired or beyond a limit; never itself. */
  add(environment: bigint, remembered: Remembered, now: number): void {
    const name = nameOf(environment, remembered.key);
    this.#forget(name);
    const own = this.#environments.get(environment) ?? { names: new Set<string>(), bytes: 0 };
    this.#environments.set(environment, own);
    this.#requests.set(name, { environment, remembered });
    own.names.add(name);
    const cost = costOf(remembered);
    own.bytes += cost;
    this.#bytes += cost;
    for (const [oldest, { remembered: old }] of this.#requests) {
      if (old.until > now && (this.#bytes <= TOTAL_BYTES || oldest === name)) break;
      this.#forget(oldest);
    }
    for (const oldest of own.names) {
      if (own.bytes <= IDEMPOTENCY_BYTES || oldest === name) break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    const found = this.#requests.get(name);
    if (found === undefined) return;
    this.#requests.delete(name);
    const cost = costOf(found.remembered);
    this.#bytes -= cost;
    const own = this.#environments.get(found.environment);
    if (own === undefined) return;
    own.names.delete(name);
    own.bytes -= cost;
    if (own.names.size === 0) this.#environments.delete(found.environment);
  }
}

function costOf({ key, digest, answer }: Remembered): number {
  return OVERHEAD + key.length + digest.length + answer.length;
}

function nameOf(environment: bigint, key: string): string {
  return `${environment}/${key}`;
}
