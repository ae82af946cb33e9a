/** What a request asks for. */
import type { Request, Response } from 'express';
import { HoldfastError } from '../core/errors.js';
import { parseVersion } from '../ruleset/version.js';

/** The environment that a path names. */
export function environmentId(request: Request): bigint {
  const id = parseVersion(request.params.id as string);
  if (id === undefined || id === 0n) {
    throw new HoldfastError(
      'field_invalid',
      'id, the environment in the path, must be a number from 1 to 2^63 - 1',
      { field: 'id' },
    );
  }
  return id;
}

/**
 * The pattern of the route that a request found: unlike the path it has no tokens in it, and there are few of them. When an error has left the router
 * the request no longer says where that was mounted, so a mounted router notes it in `response.locals.mount`.
 */
export function routeOf(request: Request, response: Response): string | undefined {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  const { mount = '' } = response.locals as { mount?: string };
  return typeof path === 'string' ? `${mount}${path}` : undefined;
}
