/**
 * Verifies `Grip-Sig`, which proves that a request came through a configured proxy. Trust comes
 * from a verified signature and from nothing else.
 *
 * The packages do not do this: `@fanoutio/serve-grip` 2.0.0 accepts any text as a signature, and
 * `@fanoutio/grip` accepts tokens without expiry, and everything once a single proxy has no key.
 * See docs/decisions/.
 */
import { errors, jwtVerify } from 'jose';
import type { TrustedSigner } from './proxies.js';

/** Proxies reuse one token for many requests, so a verified one is remembered until it expires. */
const REMEMBERED_TOKENS = 1000;
/** Clocks of proxy and node may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** The outcome of a check of `Grip-Sig`. Only `valid` lets a request count as proxied. */
export type SignatureCheck =
  | { readonly kind: 'valid' }
  /** The request has no `Grip-Sig`. */
  | { readonly kind: 'absent' }
  /**
   * Key and issuer are those of a configured proxy, but the token's time is over: the clock of this
   * node is ahead of the proxy's, or a token was replayed. `seconds` since its expiry.
   */
  | { readonly kind: 'expired'; readonly seconds: number }
  /**
   * The same of a token whose time has not begun: this node's clock is behind. `seconds` until it
   * does.
   */
  | { readonly kind: 'not-yet-valid'; readonly seconds: number }
  /** Malformed, without expiry, or by another key, issuer or algorithm. */
  | { readonly kind: 'invalid' };

/** Verifies `Grip-Sig` headers against the signers of all configured proxies. */
export class SignatureVerifier {
  readonly #signers: readonly TrustedSigner[];
  readonly #now: () => number;
  /** The time at which to forget a token, milliseconds since 1970. */
  readonly #verified = new Map<string, number>();

  /** @param now milliseconds since 1970 */
  constructor(signers: readonly TrustedSigner[], now: () => number = Date.now) {
    this.#signers = signers;
    this.#now = now;
  }

  /**
   * Checks that a `Grip-Sig` header is a JWT which is signed with a configured proxy's key, by that
   * proxy's issuer, with its algorithm, and not expired. A token without expiry is invalid. Never
   * throws.
   */
  async verify(token: string | undefined): Promise<SignatureCheck> {
    if (token === undefined || token === '') return { kind: 'absent' };
    const expires = this.#verified.get(token);
    if (expires !== undefined) {
      if (this.#now() < expires) return { kind: 'valid' };
      this.#verified.delete(token);
    }
    let mistimed: SignatureCheck | undefined;
    for (const signer of this.#signers) {
      const check = await this.#check(token, signer);
      if (check.kind === 'valid') return check;
      if (check.kind !== 'invalid') mistimed = check;
    }
    return mistimed ?? { kind: 'invalid' };
  }

  async #check(token: string, signer: TrustedSigner): Promise<SignatureCheck> {
    const now = this.#now();
    try {
      const { payload } = await jwtVerify(token, signer.key, {
        issuer: signer.issuer,
        algorithms: [signer.algorithm],
        requiredClaims: ['exp', 'iss'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now),
      });
      if (payload.exp === undefined) return { kind: 'invalid' };
      this.#remember(token, (payload.exp + CLOCK_TOLERANCE_SECONDS) * 1000);
      return { kind: 'valid' };
    } catch (error) {
      return rejection(error, Math.floor(now / 1000));
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

/** jose looks at the times last, after signature, algorithm, required claims and issuer. */
function rejection(error: unknown, now: number): SignatureCheck {
  if (error instanceof errors.JWTExpired)
    return { kind: 'expired', seconds: now - Number(error.payload.exp) };
  if (
    error instanceof errors.JWTClaimValidationFailed &&
    error.claim === 'nbf' &&
    error.reason === 'check_failed'
  )
    return { kind: 'not-yet-valid', seconds: Number(error.payload.nbf) - now };
  return { kind: 'invalid' };
}
