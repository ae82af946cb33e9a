/**
 * Who a request came through. Trust comes from a verified `Grip-Sig` and from nothing else.
 *
 * Own code, because the packages do not do it: `@fanoutio/serve-grip` 2.0.0 accepts any text as a signature, and `@fanoutio/grip` accepts
 * tokens without expiry, and everything once a single proxy has no key. See docs/decisions/.
 */
import { jwtVerify } from 'jose';
import type { TrustedSigner } from './proxies.js';

/** Proxies reuse one token for many requests, so a verified one is remembered until it expires. */
const REMEMBERED_TOKENS = 1000;
/** Clocks of proxy and node may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 60;

export class SignatureVerifier {
  readonly #signers: readonly TrustedSigner[];
  readonly #now: () => number;
  /** Token → when to forget it, milliseconds since 1970. */
  readonly #verified = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  constructor(signers: readonly TrustedSigner[], now: () => number = Date.now) {
    this.#signers = signers;
    this.#now = now;
  }

  /**
   * Whether a `Grip-Sig` header proves that the request came through a configured proxy: a JWT that is signed with that proxy's key,
   * by that proxy's issuer, with its algorithm, and not expired. A token without expiry is refused. Never throws.
   */
  async verify(token: string | undefined): Promise<boolean> {
    if (token === undefined || token === '' || this.#signers.length === 0) return false;
    const expires = this.#verified.get(token);
    if (expires !== undefined) {
      if (this.#now() < expires) return true;
      this.#verified.delete(token);
    }
    for (const signer of this.#signers) {
      const until = await this.#check(token, signer);
      if (until !== undefined) {
        this.#remember(token, until);
        return true;
      }
    }
    return false;
  }

  async #check(token: string, signer: TrustedSigner): Promise<number | undefined> {
    try {
      const { payload } = await jwtVerify(token, signer.key, {
        issuer: signer.issuer,
        algorithms: [signer.algorithm],
        requiredClaims: ['exp', 'iss'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.#now()),
      });
      return payload.exp === undefined ? undefined : (payload.exp + CLOCK_TOLERANCE_SECONDS) * 1000;
    } catch {
      // Not this signer's, malformed, or expired: all mean the same to the caller, who tries the next.
      return undefined;
    }
  }

  #remember(token: string, until: number): void {
    if (this.#verified.size >= REMEMBERED_TOKENS) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(token, until);
  }
}
