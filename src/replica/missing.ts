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
 * The error for an environment that has keys, or that a node has in memory, and that the store does
 * not have: the store lost it. To a client that is a fault of ours, to be tried again.
 */
export function lostEnvironment(environment: bigint): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `environment ${environment} is missing in the store, which had it: the store lost data; holdfast restore writes the environment back from a node that has it in memory, or from a bucket`,
  );
}
