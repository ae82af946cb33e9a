/** Rulesets as they are after a commit: checked, with ids, encoded. */
import { planChange } from '../../src/commit/plan.js';
import { encodeContextSet } from '../../src/ruleset/codec.js';
import type { Config, ContextSet } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';

const PROJECT = 3n;

/**
 * A new ruleset of that environment with these configs. Throws when they could not be committed.
 */
export function committed(
  environment: bigint,
  configs: readonly Config[],
  defaultContext?: ContextSet,
): Ruleset {
  const ruleset = new Ruleset({ environment, version: 0n, at: 0n, envelope: new Uint8Array(), configs: [] });
  commit(ruleset, configs, defaultContext);
  return ruleset;
}

/** Brings a ruleset to its next version. */
export function commit(ruleset: Ruleset, configs: readonly Config[], defaultContext?: ContextSet): void {
  const settings = {
    id: ruleset.environment,
    projectId: PROJECT,
    name: 'test',
    defaultContext: defaultContext && encodeContextSet(defaultContext),
  };
  const { change } = planChange({ ruleset, settings }, readSubmittedJson({ configs }), ruleset.version + 1n);
  if (change !== undefined) ruleset.apply(change);
}
