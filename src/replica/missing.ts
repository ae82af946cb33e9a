/** The errors for environments that do not exist, or that the store lost. */
import { HoldfastError } from '../core/errors.js';

/** The error for an environment that does not exist. */
export function unknownEnvironment(environment: bigint): HoldfastError {
  return new HoldfastError(
    'environment_unknown',
    `environment ${environment} does not exist: create it with PUT /admin/v1/environments/${environment}`,
  );
}

/**
 * The error for a key whose environment is gone: the store lost data. To a client that is a fault
 * of ours, to be tried again.
 */
export function lostEnvironment(environment: bigint): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `environment ${environment} is missing in the store although it has keys: the store lost data`,
  );
}
