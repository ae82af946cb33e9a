import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/commit/plan-settings.js';
import { planChange } from '../../src/commit/plan.js';
import { healingSteps, planHealing, type HealingPlan } from '../../src/recovery/healing-plan.js';
import { encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { runInTurns } from '../../src/core/steps.js';
import { measureTurns } from '../support/turns.js';
import { ENVIRONMENT, flag, PROJECT, segment, tombstone } from '../ruleset/arbitrary.js';

const SECOND = 1_000_000n;
const NOW = 1_700_000_000_000_000n;

/** A ruleset after these changes, one second apart. */
function after(...changes: Config[][]): Ruleset {
  const envelope = encodeEnvelope({ id: ENVIRONMENT, projectId: PROJECT });
  const ruleset = new Ruleset({ environment: ENVIRONMENT, version: 0n, at: 0n, envelope, configs: [] });
  changes.forEach((configs, index) => {
    if (configs.length === 0) return;
    const base = { ruleset, settings: settingsOf(ruleset) };
    ruleset.apply(planChange(base, readSubmittedJson({ configs }), NOW + BigInt(index) * SECOND).change!);
  });
  return ruleset;
}

/**
 * The store and a node, which differ after `common`. Both orders of their changes are those of the
 * clock.
 */
function healing(
  common: Config[],
  ours: Config[][],
  stored: Config[][],
): HealingPlan & { stored: Ruleset; ours: Ruleset } {
  const node = after(common, ...ours);
  const store = after(common, ...ours.map(() => []), ...stored);
  const configs = [...node.configs()].filter(({ key, id }) => (store.get(key)?.id ?? 0n) < id);
  const now = NOW + 100n * SECOND;
  const lost = { stored: store, ours: node, configs, isContextLost: false, name: 'test' };
  return { ...planHealing(lost, now), stored: store, ours: node };
}

const state = ({ plan }: HealingPlan): Record<string, 'deleted' | 'live'> =>
  Object.fromEntries(plan.change!.configs.map(({ key, deleted }) => [key, deleted ? 'deleted' : 'live']));
const lostKeys = ({ givenUp }: HealingPlan): string[] => givenUp.map(({ config }) => config.key).sort();

describe('a healing plan', () => {
  it('a healing plan keeps the ids of configs that are above the store’s version', () => {
    const { plan, healed, givenUp, ours } = healing([flag('a')], [[flag('b')], [flag('c')]], []);
    expect(plan.change!.version).toBe(ours.version);
    expect(plan.change!.configs.map(({ id }) => id)).toEqual(['b', 'c'].map((key) => ours.get(key)!.id));
    expect([healed, givenUp]).toEqual([2, []]);
  });

  it('a healing plan gives up a flag whose segment was deleted since, and heals the others', () => {
    const result = healing([segment('s')], [[segment('uses', 's'), flag('other')]], [[tombstone('s')]]);
    expect(lostKeys(result)).toEqual(['uses']);
    expect(result.givenUp[0]!.error.code).toBe('segment_missing');
    expect(state(result)).toEqual({ other: 'live', uses: 'deleted' });
    // Above all that a client of either has.
    expect(result.plan.change!.configs.at(-1)!.id > result.ours.version).toBe(true);
  });

  it('a healing plan gives up what depends on a config that is given up, through any number of segments', () => {
    const chain = Array.from({ length: 300 }, (_, i) => segment(`s${i + 1}`, `s${i}`));
    const result = healing([segment('s0')], [[...chain].reverse()], [[tombstone('s0')]]);
    expect(result.givenUp).toHaveLength(300);
    expect(result.healed).toBe(0);
  });

  it('a healing plan gives up the deletion of a segment that a later flag uses, and states the segment again', () => {
    const result = healing([segment('s')], [[tombstone('s')]], [[segment('uses', 's')]]);
    expect(lostKeys(result)).toEqual(['s']);
    expect(state(result)).toEqual({ s: 'live' });
  });

  it('a healing plan breaks a cycle that the lost and the later segments make together', () => {
    const result = healing([segment('a'), segment('b')], [[segment('a', 'b')]], [[segment('b', 'a')]]);
    expect(lostKeys(result)).toEqual(['a']);
    expect(state(result)).toEqual({ a: 'live' });
  });

  it('a healing plan states later writes again whose ids are below those of the lost ones', () => {
    const ahead = { ...flag('ahead'), id: `${NOW + 1000n * SECOND}` };
    const result = healing([flag('x')], [[ahead]], [[flag('x', false)]]);
    expect(result.healed).toBe(1);
    expect(state(result)).toEqual({ ahead: 'live', x: 'live' });
    const restated = result.plan.change!.configs.find(({ key }) => key === 'x')!;
    expect(restated.id > result.ours.version).toBe(true);
  });

  it('a healing plan of 20,000 configs of a deleted segment is made in many turns of the event loop', async () => {
    const users = Array.from({ length: 10_000 }, (_, i) => segment(`u${i}`, 's'));
    const others = Array.from({ length: 10_000 }, (_, i) => segment(`o${i}`));
    const common = [segment('s'), ...Array.from({ length: 10_000 }, (_, i) => flag(`f${i}`))];
    const [node, store] = [after(common, [...users, ...others]), after(common, [], [tombstone('s')])];
    const configs = [...node.configs()].filter(({ key, id }) => (store.get(key)?.id ?? 0n) < id);
    const lost = { stored: store, ours: node, configs, isContextLost: false, name: 'test' };
    const before = process.cpuUsage();
    const { result, longestTurn } = await measureTurns(() =>
      runInTurns(healingSteps(lost, NOW + 9n * SECOND)),
    );
    expect([result.healed, result.givenUp.length]).toEqual([10_000, 10_000]);
    const { user, system } = process.cpuUsage(before);
    // The longest is a collection of garbage.
    expect(longestTurn).toBeLessThan((user + system) / 1000 / 5);
  });

  it('a healing plan takes 5,000 configs of a deleted segment in less than a second', () => {
    const users = Array.from({ length: 5_000 }, (_, i) => segment(`u${i}`, 's'));
    const began = performance.now();
    const result = healing([segment('s')], [users], [[tombstone('s')]]);
    expect(result.givenUp).toHaveLength(5_000);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
