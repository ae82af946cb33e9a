/**
 * Tokens for event streams: EventSource in browsers cannot send headers, so the permission to
 * follow a stream is in its URL. A token opens the stream of one environment for one API key, and
 * nothing else. [protocol] #event-streams
 *
 * It is short-lived, because URLs end in logs and histories. A provider compares the URL of each
 * answer with the one that it follows, so within a window the token is always the same.
 *
 *     window    ──── 7 ────┬──── 8 ────┬──── 9 ────┬──
 *     issued in 7:  ███████████████████████▒        accepted in 7 and 8, so for 15 to 30 minutes
 *                         ▒ the tolerance, also before 7 begins: the node that issued it may be ahead of the one that is asked
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { parseVersion } from '../ruleset/version.js';

const WINDOW_MS = 15 * 60 * 1000;

/**
 * The difference allowed between the clocks of nodes: the same as with the signatures of proxies.
 */
const TOLERANCE_MS = 60_000;

/** The holder of a token. */
export interface StreamHolder {
  /** The id of the API key. */
  readonly keyId: string;
  readonly environment: bigint;
}

/** Issues and reads the tokens of event streams. */
export class StreamTokens {
  readonly #secrets: readonly string[];
  readonly #now: () => number;

  /**
   * @param secrets HOLDFAST_SECRET, the same on all nodes: the first signs, each is accepted
   * @param now milliseconds since 1970
   */
  constructor(secrets: readonly string[], now: () => number) {
    this.#secrets = secrets;
    this.#now = now;
  }

  /** Returns the token for streams of that key; the same for a whole window. Safe in a path. */
  issue({ id, environment }: { readonly id: string; readonly environment: bigint }): string {
    const claim = `${this.window()}.${environment}.${id}`;
    return `${claim}.${macOf(this.#secrets[0] ?? '', claim)}`;
  }

  /**
   * Names the present window. Part of the ETag of answers that carry a token: a request for an
   * answer with a token of an old window must not be answered 304, else the client would go on
   * trying a URL that is refused.
   */
  window(): string {
    return `${Math.floor(this.#now() / WINDOW_MS)}`;
  }

  /**
   * Returns the holder of a token; `undefined` unless this installation issued it recently. The
   * caller checks that the key is still valid.
   */
  read(token: string): StreamHolder | undefined {
    const match = /^((\d{1,15})\.(\d{1,19})\.([A-Za-z0-9-]{1,64}))\.([A-Za-z0-9_-]{43})$/.exec(token);
    if (match === null) return undefined;
    const [, claim = '', window, number, keyId = '', mac = ''] = match;
    const environment = parseVersion(number);
    if (environment === undefined || !this.#isCurrent(Number(window))) return undefined;
    // As text: several texts are the same bytes in base64url.
    const signed = this.#secrets.some((secret) =>
      timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(secret, claim))),
    );
    return signed ? { keyId, environment } : undefined;
  }

  #isCurrent(window: number): boolean {
    const now = this.#now();
    return now >= window * WINDOW_MS - TOLERANCE_MS && now < (window + 2) * WINDOW_MS + TOLERANCE_MS;
  }
}

/**
 * The signed text begins with its purpose, so that nothing else signed with the secret can pass as
 * a token, nor the reverse.
 */
function macOf(secret: string, claim: string): string {
  return createHmac('sha256', secret).update(`event stream ${claim}`).digest('base64url');
}
