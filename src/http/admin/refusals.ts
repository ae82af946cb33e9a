/** The errors for operators who may not do what they ask for: code `forbidden`. */
import { HoldfastError } from '../../core/errors.js';
import type { Operator } from '../../store/operators.js';
import type { AdminRoute } from './route.js';

/** Builds the error for an operator whose role is too low for a route. */
export function roleTooLow({ name, role }: Operator, route: AdminRoute): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `this needs the role ${route.role}, and operator ${name} is ${role}: ask an admin to do it, or to change the role`,
    { details: { needed: route.role, role } },
  );
}

/** Builds the error for an operator with a list of environments where all are needed. */
export function needsAll({ name }: Operator): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `this is for operators of all environments, and operator ${name} has a list of them: ask one who has all`,
  );
}

/** Builds the error for an environment that is not in an operator's list. */
export function outOfReach({ name }: Operator, environment: bigint): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `operator ${name} may not use environment ${environment}: ask an admin to add it to the operator's environments`,
  );
}
