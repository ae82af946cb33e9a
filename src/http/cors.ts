/**
 * Leave for pages of any site to call a route and read its answers. Only routes that take a key which pages may have get this: nothing is sent
 * by a browser of its own accord (no cookies, no credentials that it keeps), so a page can do no more than what has its key can do anyway.
 * [protocol] #calls-from-browsers
 */
import type { RequestHandler } from 'express';

export interface CorsRule {
  /** The methods that the route answers, without OPTIONS. */
  readonly methods: readonly string[];
  /** The headers that clients send beside those that are always allowed. */
  readonly headers: readonly string[];
  /** The headers of an answer that pages may read beside those that they always may. */
  readonly exposed?: readonly string[];
}

/** Seconds that a browser may go without asking again: the most that Chromium grants. */
const PREFLIGHT_SECONDS = 7200;

/** The methods of the route, for the answer to those that it has not. */
export function methodsWith({ methods }: CorsRule): string[] {
  return [...methods, 'OPTIONS'];
}

/**
 * Stands before everything else of a route (`router.route(path).all(cors(rule))`), so that refusals have the headers too: without them a page
 * could not tell a wrong key from a broken network. Answers OPTIONS.
 */
export function cors(rule: CorsRule): RequestHandler {
  const preflight = {
    'Access-Control-Allow-Methods': methodsWith(rule).join(', '),
    'Access-Control-Allow-Headers': rule.headers.join(', '),
    'Access-Control-Max-Age': `${PREFLIGHT_SECONDS}`,
    'Cache-Control': 'no-store',
    Allow: methodsWith(rule).join(', '),
  };
  const { exposed = [] } = rule;
  return (request, response, next) => {
    response.set('Access-Control-Allow-Origin', '*').set('Cross-Origin-Resource-Policy', 'cross-origin');
    if (exposed.length > 0) response.set('Access-Control-Expose-Headers', exposed.join(', '));
    // A page of the same site would have its visitor asked for a name and password, if a refusal named the scheme Basic.
    response.locals.challenge = 'bearer';
    if (request.method === 'OPTIONS') response.status(204).set(preflight).end();
    else next();
  };
}
