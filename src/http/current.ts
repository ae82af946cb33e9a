/** The ruleset that a client is answered from, and the headers that state its age. */
import type { ServerResponse } from 'node:http';
import { lostEnvironment } from '../replica/missing.js';
import type { Rulesets } from '../replica/rulesets.js';
import type { Ruleset } from '../ruleset/ruleset.js';

/** A ruleset and its age. */
export interface CurrentRuleset {
  readonly ruleset: Ruleset;
  /** Whole seconds since it was last known to be the newest; 0 where the store is followed. */
  readonly age: number;
}

/**
 * Loads the ruleset of an environment and states its age in the answer.
 *
 * @throws HoldfastError `store_unavailable` when there is none for the environment of a key, or it
 * cannot be loaded now
 */
export async function currentRuleset(
  rulesets: Rulesets,
  environment: bigint,
  response: ServerResponse,
): Promise<CurrentRuleset> {
  const ruleset = await rulesets.ruleset(environment);
  if (ruleset === undefined) throw lostEnvironment(environment);
  return { ruleset, age: setAgeHeaders(rulesets, environment, response) };
}

/**
 * Sets the headers that state the age of a copy, and returns the age in seconds. [protocol]
 * #belt-server
 */
export function setAgeHeaders(rulesets: Rulesets, environment: bigint, response: ServerResponse): number {
  const freshness = rulesets.freshness?.(environment);
  if (freshness === undefined) return 0;
  const { age, stale } = freshness;
  response.setHeader('Age', `${age}`);
  if (stale) response.setHeader('Holdfast-Stale', `${age}`);
  return age;
}
