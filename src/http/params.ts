/** Parameters and the route of a request. */
import { HoldfastError } from '../core/errors.js';
import { parseVersion } from '../ruleset/version.js';
import type { RouteAnswer, Asked } from './exchange.js';

/** Reads the number of an environment from a path. @throws HoldfastError `field_invalid` */
export function pathEnvironment(text: string): bigint {
  const id = parseVersion(text);
  if (id === undefined || id === 0n) {
    throw new HoldfastError(
      'field_invalid',
      'id, the environment in the path, must be a number from 1 to 2^63 - 1, or a name',
      { field: 'id' },
    );
  }
  return id;
}

/**
 * Returns the pattern of the route that a request matched: unlike the path it contains no tokens,
 * and there are few of them. When an error has left the router, the request no longer says where
 * that was mounted, so a mounted router notes it in `response.locals.mount`.
 */
export function routeOf(request: Asked, response: RouteAnswer): string | undefined {
  const path = (request as { route?: { path?: unknown } }).route?.path;
  const { mount = '' } = response.locals as { mount?: string };
  return typeof path === 'string' ? `${mount}${path}` : undefined;
}
