/**
 * The boundary between the clients' port and the routes of operators.
 *
 * The routes of a proxy are no boundary: Pushpin 1.36 and 1.41 build the URL of a request with an
 * empty or unusable `Host` as `http:///api/metrics`, take `api` for the host, and ask the node for
 * `/metrics`. So the node itself refuses what came through a proxy. [protocol] #through-a-proxy
 */
import type { Request, RequestHandler } from 'express';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import { nothingAt } from './errors.js';

/** The paths of operators, with everything below them. */
export const INTERNAL_PATHS = ['/admin', '/console', '/livez', '/metrics', '/openapi.json', '/readyz'];

/**
 * The beginning of the headers of proxies: Pushpin removes those of clients and adds its own. A
 * signature is not verified, because its presence is enough.
 */
const PROXY_HEADERS = 'grip-';

/** Returns true when a request came through a proxy, or pretends so. */
export function cameThroughProxy({ headers }: Request): boolean {
  return Object.keys(headers).some((name) => name.startsWith(PROXY_HEADERS));
}

/**
 * Answers 404, as for a path that does not exist, when a request for a path of operators came
 * through a proxy.
 */
export function refuseProxied(metrics: ProcessMetrics): RequestHandler {
  return (request, _response, next) => {
    if (!cameThroughProxy(request)) {
      next();
      return;
    }
    metrics.proxiedInternal.inc();
    throw nothingAt(request);
  };
}
