/**
 * Limits of the requests of clients, by address before a key is looked up, and by key after it. Off
 * unless asked for. [protocol] #rate-limits
 */
import { HoldfastError } from '../core/errors.js';
import { RateLimiter } from '../core/rate-limiter.js';
import type { KnownKey } from '../replica/rulesets.js';
import { networkOf, type ClientAddressOf } from './client-addresses.js';
import type { Asked, RateRefusal, RequestLimits, RouteAnswer } from './exchange.js';
import { noteKey } from './request-facts.js';

/** The limits that there are. */
export type RateLimit = 'key' | 'address';

/** The collaborators of the limits. */
export interface RateLimitOptions {
  /** Requests a second of one key; `undefined`: any number. */
  readonly perKey: number | undefined;
  /** The same of one address. */
  readonly perAddress: number | undefined;
  readonly addressOf: ClientAddressOf;
  /** Milliseconds. */
  readonly monotonic: () => number;
  readonly onRefused: (limit: RateLimit) => void;
}

/** Limits the requests of clients. */
export class RateLimits implements RequestLimits {
  readonly #options: RateLimitOptions;
  readonly #keys: RateLimiter | undefined;
  readonly #addresses: RateLimiter | undefined;

  constructor(options: RateLimitOptions) {
    const { perKey, perAddress, monotonic } = options;
    this.#options = options;
    this.#keys = perKey === undefined ? undefined : new RateLimiter(perKey, monotonic);
    this.#addresses = perAddress === undefined ? undefined : new RateLimiter(perAddress, monotonic);
  }

  /** @throws HoldfastError with that code when the address of the request has made too many */
  admitAddress(request: Asked, response: RouteAnswer, refusal: RateRefusal): void {
    if (this.#addresses === undefined) return;
    const wait = this.#addresses.take(networkOf(this.#options.addressOf(request)));
    if (wait > 0) this.#refuse('address', wait, response, refusal);
  }

  /** @throws HoldfastError with that code when too many requests were made with the key */
  admitKey({ id }: Pick<KnownKey, 'id'>, response: RouteAnswer, refusal: RateRefusal): void {
    const wait = this.#keys?.take(id) ?? 0;
    if (wait > 0) this.#refuse('key', wait, response, refusal);
  }

  #refuse(by: RateLimit, wait: number, response: RouteAnswer, refusal: RateRefusal): never {
    const { perKey, perAddress, onRefused } = this.#options;
    onRefused(by);
    const limit =
      by === 'key'
        ? `one API key may make ${perKey} requests a second (HOLDFAST_RATE_KEY)`
        : `one address may make ${perAddress} requests a second (HOLDFAST_RATE_ADDRESS)`;
    const seconds = Math.max(1, Math.ceil(wait / 1000));
    response.setHeader('Retry-After', `${seconds}`);
    throw new HoldfastError(refusal, `${limit}, on average: try again in ${seconds} s`);
  }
}

/**
 * Authenticates a request within the limits, and notes its key.
 *
 * @throws HoldfastError `busy` or `rate_limited`, as asked for, and what `authenticate` throws
 */
export async function admitWithin<K extends KnownKey>(
  request: Asked,
  response: RouteAnswer,
  refusal: RateRefusal,
  authenticate: () => Promise<K>,
): Promise<K> {
  const { limits } = response.locals;
  limits?.admitAddress(request, response, refusal);
  const key = noteKey(response, await authenticate());
  limits?.admitKey(key, response, refusal);
  return key;
}
