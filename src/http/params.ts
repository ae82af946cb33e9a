/** What a request asks for. */
import type { Request } from 'express';
import { HoldfastError } from '../errors.js';
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

/** The pattern of the route that a request found. Unlike the path it has no tokens in it, and there are few of them. */
export function routeOf(request: Request): string | undefined {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? `${request.baseUrl}${path}` : undefined;
}
