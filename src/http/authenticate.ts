/** Who is asking: API keys by HTTP Basic, the administrator by bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { HoldfastError } from '../errors.js';
import type { Keyring } from '../replica/keyring.js';
import type { Key } from '../store/store.js';

/**
 * The server key of a request: the password of HTTP Basic, with any user name (each SDK sends another).
 *
 * @throws HoldfastError `unauthorized` when there is none, or it is unknown, revoked, or a client key, which may not see rules;
 * `store_unavailable` when it is not in memory and the store cannot be asked: a client that is told 401 may give up for good
 */
export async function authenticateServerKey(
  authorization: string | undefined,
  keyring: Keyring,
): Promise<Key> {
  const text = basicPassword(authorization);
  if (text === undefined) {
    throw new HoldfastError(
      'unauthorized',
      'an API key is needed: send it as the password of HTTP Basic, with any user name',
    );
  }
  const key = await keyring.find(text);
  if (key === undefined && keyring.size === 0) {
    // A client that is told 401 gives up; and a store without any key is more likely one that was lost than one that was never filled.
    throw new HoldfastError(
      'store_unavailable',
      'there is no API key at all: the store is new, or it lost its data; create a key, or restore the data',
    );
  }
  if (key === undefined) throw new HoldfastError('unauthorized', 'the API key is unknown');
  if (key.revokedAt !== undefined)
    throw new HoldfastError('unauthorized', `the API key ${key.id} is revoked`);
  if (key.kind !== 'server') {
    throw new HoldfastError(
      'unauthorized',
      `the API key ${key.id} is a client key; rulesets are for server keys`,
    );
  }
  return key;
}

/** The password of an `Authorization: Basic` header; `undefined` when there is none or it is empty. */
export function basicPassword(authorization: string | undefined): string | undefined {
  const match = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(authorization ?? '');
  if (match?.[1] === undefined) return undefined;
  const pair = Buffer.from(match[1], 'base64').toString();
  const colon = pair.indexOf(':');
  const password = colon < 0 ? '' : pair.slice(colon + 1);
  return password === '' ? undefined : password;
}

/** Lets only requests with one of the admin tokens pass. */
export function requireAdmin(adminTokens: readonly string[]): RequestHandler {
  const accepted = adminTokens.map(digest);
  return (request, response, next) => {
    const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !isOneOf(digest(token), accepted)) {
      response.locals.challenge = 'bearer';
      throw new HoldfastError(
        'unauthorized',
        token === undefined
          ? 'the admin token is needed: send it as Authorization: Bearer <token>'
          : 'that is not the admin token',
      );
    }
    next();
  };
}

/** In a time that does not depend on where they differ, nor, because they are digests, on the lengths of what they are of. */
function isOneOf(given: Buffer, accepted: readonly Buffer[]): boolean {
  return accepted.some((each) => timingSafeEqual(given, each));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
