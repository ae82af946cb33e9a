/** What paths name. */
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
