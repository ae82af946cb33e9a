/**
 * Operators: those who may use the administration, each by a token of its own. The pure part: the
 * roles, and the environments that an operator reaches.
 */

/** The roles, each with everything that the ones before it may do. */
export const OPERATOR_ROLES = ['viewer', 'editor', 'admin'] as const;

/** The role of an operator: a viewer reads, an editor changes rulesets, an admin does the rest. */
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** An operator, as requests of administration know it. */
export interface Operator {
  /** Unique among operators that are not revoked. */
  readonly name: string;
  readonly role: OperatorRole;
  /** Ids of environments, or all of them, those to come too. */
  readonly environments: 'all' | readonly bigint[];
}

/** The operator of the tokens in HOLDFAST_ADMIN_TOKEN. It is stored nowhere. */
export const ROOT: Operator = { name: 'root', role: 'admin', environments: 'all' };

/** Returns true when a role includes what another one may do. */
export function includesRole(held: OperatorRole, needed: OperatorRole): boolean {
  return OPERATOR_ROLES.indexOf(held) >= OPERATOR_ROLES.indexOf(needed);
}

/** Returns true when an operator may use an environment, whether that exists or not. */
export function reaches({ environments }: Operator, environment: bigint): boolean {
  return environments === 'all' || environments.includes(environment);
}
