/** The facts of a request that its log line and its errors name. Never a secret. */
import { randomUUID } from 'node:crypto';
import type { KnownKey } from '../replica/rulesets.js';
import type { RouteAnswer, RequestFacts } from './exchange.js';

/** Letters, digits and a few signs: it goes into headers and log lines as it is. */
const WELL_FORMED = /^[\w.:+/=-]{1,128}$/;

/**
 * Returns the id of a request: the one in its `X-Request-Id` when that is well-formed, else a new
 * one. [protocol] #request-ids
 */
export function requestIdOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && WELL_FORMED.test(header) ? header : randomUUID();
}

/** Returns the facts of a request. */
export function factsOf({ locals }: RouteAnswer): RequestFacts {
  return locals;
}

/** Notes the API key of a request, and with it the environment. Returns the key. */
export function noteKey<K extends KnownKey>(response: RouteAnswer, key: K): K {
  response.locals.keyId = key.id;
  response.locals.environment = key.environment;
  return key;
}
