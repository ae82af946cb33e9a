/** Authentication: API keys by HTTP Basic or bearer token. */
import { HoldfastError } from '../core/errors.js';
import { noKeyAtAll } from '../keys/keyring.js';
import type { Keys, KnownKey } from '../replica/rulesets.js';
import type { KeyKind } from '../store/store.js';

/** Which API keys a route takes. */
export interface KeyRule {
  readonly kinds: readonly KeyKind[];
  /** The way a key is sent there: ends the sentence "an API key is needed: send it". */
  readonly sent: string;
}

const AS_PASSWORD = 'as the password of HTTP Basic, with any user name';

/** The rule of routes that answer with rulesets: a client key may not see rules. */
export const SERVER_KEYS: KeyRule = { kinds: ['server'], sent: AS_PASSWORD };

/** The rule of routes that answer with values. */
export const ALL_KEYS: KeyRule = {
  kinds: ['server', 'client'],
  sent: `${AS_PASSWORD}, or as a bearer token`,
};

/**
 * Finds the key with that text and checks that the rule admits it.
 *
 * @param text what the request has as its key, wherever the route reads it from; `undefined` when
 * there is none
 * @throws HoldfastError `unauthorized` when there is none, or it is unknown, revoked, or of another
 * kind; `store_unavailable` when it is not in memory and cannot be looked up, or when there is no
 * key at all: a client that gets 401 may give up for good
 */
export async function authenticateKey<K extends KnownKey>(
  text: string | undefined,
  { kinds, sent }: KeyRule,
  keyring: Keys<K>,
): Promise<K> {
  if (text === undefined) throw new HoldfastError('unauthorized', `an API key is needed: send it ${sent}`);
  return admitKey(await keyring.find(text), kinds, keyring);
}

/**
 * Returns the key that was looked up for a request, if it may be used for it.
 *
 * @throws HoldfastError as `authenticateKey`
 */
export function admitKey<K extends KnownKey>(
  key: K | undefined,
  kinds: readonly KeyKind[],
  keyring: Pick<Keys<K>, 'size'>,
): K {
  if (key === undefined && keyring.size === 0) throw noKeyAtAll();
  if (key === undefined) throw new HoldfastError('unauthorized', 'the API key is unknown');
  if (key.revokedAt !== undefined) throw new HoldfastError('unauthorized', refusal(key, key.revokedAt));
  if (!kinds.includes(key.kind)) {
    throw new HoldfastError(
      'unauthorized',
      `the API key ${key.id} is a ${key.kind} key; this takes a ${kinds.join(' or ')} key`,
    );
  }
  return key;
}

function refusal({ id, expiresAt }: KnownKey, revokedAt: number): string {
  if (expiresAt === undefined || revokedAt < expiresAt) return `the API key ${id} is revoked`;
  const time = new Date(expiresAt).toISOString();
  return `the API key ${id} expired at ${time}: create another one, and give it to this application`;
}

/**
 * Reads the password of an `Authorization: Basic` header; `undefined` when there is none or it is
 * empty.
 */
export function basicPassword(authorization: string | undefined): string | undefined {
  const match = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization ?? '');
  if (match?.[1] === undefined) return undefined;
  const pair = Buffer.from(match[1], 'base64').toString();
  const colon = pair.indexOf(':');
  const password = colon < 0 ? '' : pair.slice(colon + 1);
  return password === '' ? undefined : password;
}

/** Reads the token of an `Authorization: Bearer` header; `undefined` when there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/**
 * Reads the API key in an `Authorization` header: as the SDKs send it, by HTTP Basic, or as a
 * bearer token.
 */
export function apiKeyOf(authorization: string | undefined): string | undefined {
  return basicPassword(authorization) ?? bearerToken(authorization);
}
