/**
 * Operators: those who may use the administration, each by a token of its own. The pure part: the
 * roles, and the environments that an operator reaches.
 */

import { OPERATOR_ROLES, type Operator, type OperatorRole } from '../store/operators.js';

/** The operator of the tokens in HOLDFAST_ADMIN_TOKEN. It is stored nowhere. */
export const ROOT: Operator = { name: 'root', role: 'admin', environments: 'all' };

/** The operator of requests without a token, on the routes that need none: it reaches nothing. */
export const ANONYMOUS: Operator = { name: '', role: 'viewer', environments: [] };

/** Returns true when a role includes what another one may do. */
export function includesRole(held: OperatorRole, needed: OperatorRole): boolean {
  return OPERATOR_ROLES.indexOf(held) >= OPERATOR_ROLES.indexOf(needed);
}

/** Returns true when an operator may use an environment, whether that exists or not. */
export function reaches({ environments }: Operator, environment: bigint): boolean {
  return environments === 'all' || environments.includes(environment);
}
