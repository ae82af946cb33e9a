/** The facts of a request that its log line and its errors name. Never a secret. */
import { randomUUID } from 'node:crypto';
import type { Response } from 'express';
import type { KnownKey } from '../replica/rulesets.js';

/** Letters, digits and a few signs: it goes into headers and log lines as it is. */
const WELL_FORMED = /^[\w.:+/=-]{1,128}$/;

/**
 * Returns the id of a request: the one in its `X-Request-Id` when that is well-formed, else a new
 * one. [protocol] #request-ids
 */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && WELL_FORMED.test(header) ? header : randomUUID();
}

/** The facts of a request; those that its route has not noted are absent. */
export interface RequestFacts {
  readonly requestId?: string;
  readonly environment?: bigint;
  /** The id of the API key, which is public; its text and hash are not. */
  readonly keyId?: string;
}

/** Returns the facts of a request. */
export function factsOf({ locals }: Response): RequestFacts {
  return locals as RequestFacts;
}

/** Notes the API key of a request, and with it the environment. Returns the key. */
export function noteKey<K extends KnownKey>(response: Response, key: K): K {
  response.locals.keyId = key.id;
  response.locals.environment = key.environment;
  return key;
}
