/**
 * CORS for routes that accept client keys: permission for pages of any site to call them and read
 * their answers. A browser sends nothing by itself there (no cookies, no stored credentials), so a
 * page can do no more than any other holder of its key. [protocol] #calls-from-browsers
 */
import type { RequestHandler } from 'express';
import type { RouteAnswer } from './exchange.js';

/** The methods and headers of a route that pages may use. */
export interface CorsRule {
  /** The methods that the route answers, without OPTIONS. */
  readonly methods: readonly string[];
  /** The headers that clients send in addition to those that are always allowed. */
  readonly headers: readonly string[];
  /** The headers of an answer that pages may read in addition to those that they always may. */
  readonly exposed?: readonly string[];
}

/**
 * Seconds for which a browser may cache the answer to a preflight: the most that Chromium grants.
 */
const PREFLIGHT_SECONDS = 7200;

/** Lists the methods of the route, OPTIONS included, for the 405 answer to all others. */
export function methodsWith({ methods }: CorsRule): string[] {
  return [...methods, 'OPTIONS'];
}

/**
 * Sets the CORS headers and answers OPTIONS. It must come before everything else of a route
 * (`router.route(path).all(cors(rule))`), so that refusals have the headers too: without them a
 * page could not tell a wrong key from a broken network.
 */
export function cors(rule: CorsRule): RequestHandler {
  const preflight = {
    'Access-Control-Allow-Methods': methodsWith(rule).join(', '),
    'Access-Control-Allow-Headers': rule.headers.join(', '),
    'Access-Control-Max-Age': `${PREFLIGHT_SECONDS}`,
    'Cache-Control': 'no-store',
    Allow: methodsWith(rule).join(', '),
  };
  const allow = pagesAllowed(rule);
  return (request, response, next) => {
    allow(response);
    if (request.method === 'OPTIONS') response.status(204).set(preflight).end();
    else next();
  };
}

/** Builds what sets the CORS headers of an answer. */
export function pagesAllowed({ exposed = [] }: CorsRule): (response: RouteAnswer) => void {
  const names = exposed.join(', ');
  return (response) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    if (names !== '') response.setHeader('Access-Control-Expose-Headers', names);
    // A browser would ask the visitor of a page on the same site for a name and password if a
    // refusal named the scheme Basic.
    response.locals.challenge = 'bearer';
  };
}
