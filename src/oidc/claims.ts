/** Reading of claims: the values that give a role, and the name of the person. Pure. */

import { withoutUnseen } from '../core/unseen.js';

/** The claims of an ID token, or of the UserInfo endpoint. */
export type Claims = Readonly<Record<string, unknown>>;

/** Values of a claim that are looked at; an issuer that sends more has another use for it. */
const VALUES_MAX = 1_000;

const NAME_MAX = 100;

/** The claims that name a person, the first that there is, unless HOLDFAST_OIDC_NAME_CLAIM says which. */
const NAME_CLAIMS = ['email', 'preferred_username', 'sub'] as const;

/**
 * Reads the values of a claim: a text, or a list. An e-mail address that the issuer has not verified
 * is none, because anyone may have typed it.
 *
 * @param path the name of a claim, or a path with dots: `realm_access.roles`
 * @returns `undefined` when there is no such claim
 */
export function claimValues(claims: Claims, path: string): readonly string[] | undefined {
  if (path === 'email' && claims.email_verified !== true) return undefined;
  const found = find(claims, path);
  if (found === undefined || found === null) return undefined;
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  return list.slice(0, VALUES_MAX).flatMap((each) => textOf(each) ?? []);
}

/**
 * Reads the name of a person for the history.
 *
 * @param path `undefined`: the first of email, preferred_username and sub
 * @returns `undefined` when there is none that can be a name
 */
export function personName(claims: Claims, path: string | undefined): string | undefined {
  const paths = path === undefined ? NAME_CLAIMS : [path];
  for (const each of paths) {
    // Issuers that say nothing of verification manage addresses themselves.
    if (each === 'email' && claims.email_verified === false) continue;
    const name = shownText(find(claims, each), NAME_MAX);
    if (name !== undefined && name !== '') return isReserved(name) ? undefined : name;
  }
  return undefined;
}

/** The names of the installation's own tokens, and of the links that a start prints. */
function isReserved(name: string): boolean {
  return /^root(\.|$)/i.test(name);
}

/** A claim may have dots in its own name, as those of Auth0 have: that counts first. */
function find(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let at: unknown = claims;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step))
      return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

/** A text that can be shown: of a bounded length, and without what is not seen. */
function shownText(value: unknown, max: number): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : withoutUnseen(text.normalize('NFC')).trim().slice(0, max);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
