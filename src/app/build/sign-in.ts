/** Builds signing in: the sessions, and the issuer if the settings name one. */
import { isRetryable } from '../../core/errors.js';
import { RateLimiter } from '../../core/rate-limiter.js';
import { CALLBACK_PATH } from '../../http/admin/oidc.js';
import type { OidcAccess } from '../../http/admin/oidc-access.js';
import { clientAddresses } from '../../http/client-addresses.js';
import { FlowSeal } from '../../oidc/flow.js';
import { Issuer } from '../../oidc/issuer.js';
import { OidcSignIn } from '../../oidc/sign-in.js';
import { SessionDirectory } from '../../operators/sessions.js';
import type { Store } from '../../store/store.js';
import type { NodeParts } from './parts.js';

/** Sign-ins of one address a second that make a node ask the issuer; ten seconds of them may come together. */
const SIGN_INS_A_SECOND = 2;

const MINUTE_MS = 60_000;

/** Signing in, built. */
export interface BuiltSignIn {
  readonly sessions: SessionDirectory;
  /** `undefined`: there is no issuer. */
  readonly oidc: OidcAccess | undefined;
}

/** Builds the sessions, and signing in with an issuer. Asks the issuer nothing. */
export function buildSignIn({ settings, secrets, store, clock }: NodeParts): BuiltSignIn {
  const { now, monotonic } = clock;
  const sessions = new SessionDirectory({
    records: store.sessions,
    issuer: settings.oidcIssuer,
    sessionMs: settings.oidcSessionMinutes * MINUTE_MS,
    now,
    monotonic,
  });
  const { oidcIssuer: url, oidcClientId: clientId, consoleUrl, oidcRoles: roles } = settings;
  if (url === undefined || clientId === undefined || consoleUrl === undefined || roles === undefined) {
    return { sessions, oidc: undefined };
  }
  const { oidcRolesClaim: rolesClaim, oidcNameClaim: nameClaim } = settings;
  const issuer = new Issuer(
    {
      url,
      clientId,
      clientSecret: settings.oidcClientSecret,
      redirectUri: `${consoleUrl}${CALLBACK_PATH}`,
      scopes: settings.oidcScopes,
      needed: [rolesClaim, nameClaim ?? 'email'],
    },
    monotonic,
  );
  const signIn = new OidcSignIn({
    settings: { issuer: url, rolesClaim, roles, nameClaim },
    issuer,
    sessions,
    seal: new FlowSeal(secrets.linkSecrets, now),
    environments: (texts) => existingEnvironments(store, texts),
  });
  return {
    sessions,
    oidc: {
      signIn,
      label: settings.oidcLabel ?? new URL(url).host,
      consoleUrl,
      limiter: new RateLimiter(SIGN_INS_A_SECOND, monotonic),
      addressOf: clientAddresses(settings.trustedProxies),
    },
  };
}

/** Returns the environments of a list by numbers or names; a name that several have is left out too. */
async function existingEnvironments(store: Store, texts: readonly string[]): Promise<bigint[]> {
  const found = new Set<bigint>();
  for (const text of new Set(texts)) {
    const ids = NUMBER.test(text) ? await numbered(store, BigInt(text)) : await store.environmentsNamed(text);
    const [only] = ids;
    if (only !== undefined && ids.length === 1) found.add(only);
  }
  return [...found];
}

/** The numbers that environments can have, in their only form. */
const NUMBER = /^[1-9]\d{0,18}$/;

/** A damaged environment counts as none, and stands in the way of no other. */
async function numbered(store: Store, id: bigint): Promise<bigint[]> {
  try {
    return (await store.environment(id)) === undefined ? [] : [id];
  } catch (error) {
    if (isRetryable(error)) throw error;
    return [];
  }
}
