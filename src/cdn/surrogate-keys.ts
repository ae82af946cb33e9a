/** Surrogate keys for purging cached responses. [protocol] #snapshot */

/** On what has rules in it: every change makes it old. */
export function rulesetKey(environment: bigint): string {
  return `environment-${environment}`;
}

/** On what is evaluated for clients: only a change of what they may see makes it old. */
export function valuesKey(environment: bigint): string {
  return `values-${environment}`;
}
