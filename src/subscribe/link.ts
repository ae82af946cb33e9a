/**
 * The recovery link: one path for all holds of an installation, with an HMAC over an expiry window.
 * [protocol] #recovery-link
 *
 * The proxy fetches links ten times a second, each time for up to 100 holds with the same URL. So
 * all holds of a window share one path, and their differences (environment, key, version) are in
 * `Grip-Last`. The HMAC is a second lock in addition to `Grip-Sig`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** The path of the recovery link; a token follows. */
export const RECOVERY_PREFIX = '/api/v1/sse/recover/';

/**
 * A path is issued for one window and accepted during it and the adjacent ones, so clocks of nodes
 * may differ by up to a window.
 */
const WINDOW_MS = 6 * 60 * 60 * 1000;

/** Issues and recognises the path of the recovery link. */
export class RecoveryLink {
  readonly #secrets: readonly string[];
  readonly #now: () => number;
  /** The tokens of the window that it is, of each secret: made once, and not for each subscription. */
  #tokens: WindowTokens | undefined;

  /**
   * @param secrets HOLDFAST_SECRET, the same on all nodes: the first signs, each is accepted
   * @param now milliseconds since 1970
   */
  constructor(secrets: readonly string[], now: () => number = Date.now) {
    this.#secrets = secrets;
    this.#now = now;
  }

  /** Returns the path for holds that begin now; accepted for six hours at the least. */
  path(): string {
    return RECOVERY_PREFIX + this.#ofWindow().issued;
  }

  /**
   * True when the last segment of a path is one that a node of this installation issued recently.
   */
  accepts(token: string): boolean {
    return this.#ofWindow().accepted.some((known) => equal(token, known));
  }

  #ofWindow(): WindowTokens {
    const window = Math.floor(this.#now() / WINDOW_MS);
    if (this.#tokens?.window === window) return this.#tokens;
    const accepted = this.#secrets.flatMap((secret) =>
      [window, window - 1, window + 1].map((near) => tokenOf(secret, near)),
    );
    return (this.#tokens = { window, issued: accepted[0] ?? '', accepted });
  }
}

/** The tokens that are issued and accepted in a window. */
interface WindowTokens {
  readonly window: number;
  readonly issued: string;
  readonly accepted: readonly string[];
}

function tokenOf(secret: string, window: number): string {
  const mac = createHmac('sha256', secret).update(`recovery link ${window}`).digest('base64url');
  return `${window}.${mac}`;
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
