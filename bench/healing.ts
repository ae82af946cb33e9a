/** The planning of a healing: what a node does that has configs which the store lost. */
import { settingsOf } from '../src/commit/plan-settings.js';
import { planChange } from '../src/commit/plan.js';
import { runInTurns } from '../src/core/steps.js';
import { healingSteps } from '../src/recovery/healing-plan.js';
import { encodeEnvelope } from '../src/ruleset/codec.js';
import type { Config } from '../src/ruleset/model.js';
import { Ruleset } from '../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../src/ruleset/submitted.js';
import { ENVIRONMENT, flag, PROJECT, segment, tombstone } from '../test/ruleset/arbitrary.js';

/**
 * Makes the rulesets of a store and of a node, and returns the work of planning: of the configs
 * that the store lost, half use a segment that was deleted since and are given up.
 */
export function healingWork(lost: number): () => Promise<unknown> {
  const half = Math.floor(lost / 2);
  const common = [segment('s'), ...Array.from({ length: half }, (_, i) => flag(`kept-${i}`))];
  const users = Array.from({ length: half }, (_, i) => segment(`given-up-${i}`, 's'));
  const others = Array.from({ length: lost - half }, (_, i) => segment(`healed-${i}`));
  const ours = rulesetAfter(common, [...users, ...others]);
  const stored = rulesetAfter(common, [tombstone('s')]);
  const configs = [...ours.configs()].filter(({ key, id }) => (stored.get(key)?.id ?? 0n) < id);
  const writes = { stored, ours, configs, isContextLost: false, name: 'bench' };
  return () => runInTurns(healingSteps(writes, BigInt(Date.now()) * 1000n));
}

function rulesetAfter(...changes: Config[][]): Ruleset {
  const envelope = encodeEnvelope({ id: ENVIRONMENT, projectId: PROJECT });
  const ruleset = new Ruleset({ environment: ENVIRONMENT, version: 0n, at: 0n, envelope, configs: [] });
  for (const configs of changes) {
    const base = { ruleset, settings: settingsOf(ruleset) };
    const now = BigInt(Date.now()) * 1000n;
    const { change } = planChange(base, readSubmittedJson({ configs }), now);
    if (change !== undefined) ruleset.apply(change);
  }
  return ruleset;
}
