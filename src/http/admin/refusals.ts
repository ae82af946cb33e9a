/** The errors for operators who may not do what they ask for: code `forbidden`. */
import { HoldfastError } from '../../core/errors.js';
import type { Operator, OperatorRole } from '../../store/operators.js';

/** The reason for which a credential of administration was refused. */
export type RefusedCredential = 'missing' | 'unknown' | 'expired' | 'oidc';

/** Builds the error for an operator whose role is too low for a route. */
export function roleTooLow({ name, role }: Operator, needed: OperatorRole): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `this needs the role ${needed}, and operator ${name} is ${role}: ask an admin to do it, or to change the role`,
    { details: { needed, role } },
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
export function outOfReach({ name }: Operator, environment: string): HoldfastError {
  return new HoldfastError(
    'forbidden',
    `operator ${name} may not use environment ${environment}: ask an admin to add it to the operator's environments`,
  );
}
