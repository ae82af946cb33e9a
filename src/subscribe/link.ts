/**
 * The recovery link: one path for all holds of an installation, with an HMAC over an expiry window. [protocol] #recovery-link
 *
 * The proxy works off links ten a second, each time for up to 100 holds with the same URL. So all holds of a window share one path, and
 * what differs between them (environment, key, version) is in `Grip-Last`. The HMAC is a second lock beside `Grip-Sig`.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const RECOVERY_PREFIX = '/api/v1/sse/recover/';

/** A path is issued for one window and accepted during it and the ones beside it, so clocks of nodes may differ by up to a window. */
const WINDOW_MS = 6 * 60 * 60 * 1000;

export class RecoveryLink {
  readonly #secrets: readonly string[];
  readonly #now: () => number;

  /**
   * @param secrets HOLDFAST_SECRET, the same on all nodes: the first signs, each is accepted
   * @param now milliseconds since 1970
   */
  constructor(secrets: readonly string[], now: () => number = Date.now) {
    this.#secrets = secrets;
    this.#now = now;
  }

  /** The path for holds of this moment; good for six hours at the least. */
  path(): string {
    return RECOVERY_PREFIX + tokenOf(this.#secrets[0] ?? '', this.#window());
  }

  /** Whether the last segment of a path is one that a node of this installation issued lately. */
  accepts(token: string): boolean {
    const window = this.#window();
    return this.#secrets.some((secret) =>
      [window, window - 1, window + 1].some((near) => equal(token, tokenOf(secret, near))),
    );
  }

  #window(): number {
    return Math.floor(this.#now() / WINDOW_MS);
  }
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
