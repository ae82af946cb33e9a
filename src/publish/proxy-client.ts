/**
 * The client of one GRIP proxy's publish endpoint: a POST of items over a kept-alive connection,
 * with a timeout, and the meaning of the answer.
 */
import { Pool, type Dispatcher } from 'undici';
import { messageOf } from '../core/errors.js';
import { USER_AGENT } from '../core/version.js';
import type { ProxyAddress } from '../grip/proxies.js';
import { retryAfter } from '../core/retry-after.js';
import type { Item } from './outbox/items.js';

/** The outcome of a publish request. */
export type PublishResult =
  | { readonly kind: 'accepted' }
  /** To be tried again: the proxy is down, busy, or refuses the credential. */
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAfterMs: number | undefined }
  /**
   * The proxy will never take this body: too large, or malformed to it. Pushpin 1.36 answers 400 to
   * a body over its limit.
   */
  | { readonly kind: 'refused'; readonly reason: string };

/** The limit of a request, from connecting to the end of the answer's body, milliseconds. */
const TIMEOUT_MS = 5_000;

/** One proxy to publish to. */
export interface ProxyEndpoint {
  readonly address: ProxyAddress;
  /** One of the host's addresses, where each is a proxy of its own. */
  readonly ip?: string | undefined;
}

/** Names a proxy in logs, metrics and the cursor. */
export function endpointName({ address, ip }: ProxyEndpoint): string {
  return ip === undefined ? address.name : `${address.name} at ${ip}`;
}

/** Returns the origin to connect to. */
export function originOf({ address, ip }: ProxyEndpoint): string {
  const { origin, protocol, port } = new URL(address.publishUrl);
  return ip === undefined ? origin : `${protocol}//${bracketed(ip)}:${port || '80'}`;
}

/** Publishes to one proxy, one request after the other. */
export class ProxyClient {
  readonly #endpoint: ProxyEndpoint;
  readonly #path: string;
  readonly #pool: Pool;
  readonly #now: () => number;
  readonly #timeout: number;

  /**
   * @param options.now milliseconds since 1970
   * @param options.timeout the limit of a request, milliseconds
   */
  constructor(endpoint: ProxyEndpoint, options: { now?: () => number; timeout?: number } = {}) {
    this.#endpoint = endpoint;
    this.#now = options.now ?? Date.now;
    this.#timeout = options.timeout ?? TIMEOUT_MS;
    this.#path = new URL(endpoint.address.publishUrl).pathname;
    const origin = originOf(endpoint);
    // One connection: items must arrive in the order in which they are sent.
    this.#pool = new Pool(origin, { connections: 1, pipelining: 1, connectTimeout: this.#timeout });
  }

  /** Publishes items, in order. Never throws. */
  async publish(items: readonly Item[]): Promise<PublishResult> {
    try {
      const headers: Record<string, string> = {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
      };
      const { authorize, publishUrl } = this.#endpoint.address;
      if (authorize !== undefined) headers.authorization = await authorize();
      headers.host = new URL(publishUrl).host;
      const response = await this.#pool.request({
        method: 'POST',
        path: this.#path,
        headers,
        signal: AbortSignal.timeout(this.#timeout),
        body: `{"items":[${items.map((item) => item.json).join(',')}]}`,
      });
      const text = await response.body.text();
      return this.#judge(response, text);
    } catch (error) {
      return { kind: 'failed', reason: messageOf(error), retryAfterMs: undefined };
    }
  }

  /** Ends the connection, and the request that is under way. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  #judge(response: Dispatcher.ResponseData, text: string): PublishResult {
    const { statusCode, headers } = response;
    if (statusCode >= 200 && statusCode < 300) return { kind: 'accepted' };
    const reason = `${statusCode} ${text.slice(0, 200).trim()}`;
    if (statusCode === 400 || statusCode === 413 || statusCode === 422) return { kind: 'refused', reason };
    return { kind: 'failed', reason, retryAfterMs: retryAfter(headers, this.#now()) };
  }
}

function bracketed(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}
