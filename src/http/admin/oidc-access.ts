/** Signing in with an issuer, for the parts of administration. */
import type { RateLimiter } from '../../core/rate-limiter.js';
import type { OidcSignIn } from '../../oidc/sign-in.js';
import type { ClientAddressOf } from '../client-addresses.js';

/** Signing in with an issuer, as the routes know it. */
export interface OidcAccess {
  readonly signIn: OidcSignIn;
  /** The text of the link: "Sign in with <label>". */
  readonly label: string;
  /** The address of the console, without a path. */
  readonly consoleUrl: string;
  /** Limits what makes this node ask the issuer. */
  readonly limiter: RateLimiter;
  readonly addressOf: ClientAddressOf;
}
