/**
 * Plans the healing of an environment: which lost writes can be committed again, and what readers
 * of them need besides. Pure.
 *
 * The store may have moved on since it lost them, so that some no longer fit: a flag whose segment
 * was deleted, the deletion of a segment that a new flag uses. Those are given up one by one, until
 * the rest fits. Readers that received them must not keep them, so what the store has under their
 * keys is committed again, with ids above all that any reader has:
 *
 *     store   seg v1   flag v2 (lost)   delete seg v3
 *     node    seg v1   flag v2
 *     plan    give flag up              delete flag v4
 *
 * The same is done for writes of the store that have ids below those of the lost ones: a reader
 * that has these would never be sent them.
 */
import { planSettings, settingsOf } from '../commit/plan-settings.js';
import { planSteps, type ChangePlan } from '../commit/plan.js';
import { HoldfastError } from '../core/errors.js';
import { mapSteps, runSteps, type Steps } from '../core/steps.js';
import type { LostWrites } from '../replica/options.js';
import { decodeConfig, encodeEnvelope, type EncodedConfig } from '../ruleset/codec.js';
import { MESSAGE_MAX_BYTES } from '../ruleset/event.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { segmentProblems, type ChangedConfig, type RulesetView } from '../ruleset/segments.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { Environment } from '../store/store.js';

/** A lost config that cannot be committed again. */
export interface GivenUpConfig {
  readonly config: EncodedConfig;
  /** The rule that it breaks now. */
  readonly error: HoldfastError;
}

/** A planned healing. */
export interface HealingPlan {
  /** Without a change when there is nothing to commit. */
  readonly plan: ChangePlan;
  /** The settings to commit with it, when the default context is among what was lost. */
  readonly settings: Environment | undefined;
  /** The reason for which the default context that was lost cannot be committed again. */
  readonly contextError: HoldfastError | undefined;
  /** The number of lost configs that the plan commits again. */
  readonly healed: number;
  readonly givenUp: readonly GivenUpConfig[];
}

/**
 * Plans the healing of one environment.
 *
 * @param now microseconds since 1970, by the store's clock
 * @throws HoldfastError when nothing at all can be committed, such as when no ids are left
 */
export function planHealing(lost: LostWrites, now: bigint): HealingPlan {
  return runSteps(healingSteps(lost, now));
}

/**
 * Plans a healing in steps; see {@link planHealing}. A plan is worth nothing when one of the two
 * rulesets moved on between two steps.
 */
export function* healingSteps(lost: LostWrites, now: bigint): Steps<HealingPlan> {
  const { stored, ours, configs } = lost;
  const { version } = ours;
  const { settings, contextError } = healedSettings(lost, now);
  const base = { ruleset: stored, settings: settings ?? settingsOf(stored) };
  const { kept, givenUp } = yield* selectSteps(stored, configs, encodeEnvelope(base.settings));
  const restated = new Map<string, SubmittedConfig>();
  for (const config of stored.configs()) {
    const { key, id } = config;
    if (id > version || ours.get(key)?.id === id || kept.has(key)) continue;
    restated.set(key, withoutId(config));
    yield;
  }
  for (const { config } of givenUp) {
    restated.set(config.key, storedState(stored, config.key));
    yield;
  }
  const again = yield* mapSteps(kept.values(), ({ encoded }) => resubmit(encoded, stored.version), 8);
  const submitted = [...again, ...restated.values()];
  const plan =
    submitted.length > 0
      ? yield* planSteps(base, submitted, now, { recommitAbove: version })
      : planSettings({ ...base, settings: settingsOf(stored) }, base.settings, now, version);
  return { plan, settings, contextError, healed: kept.size, givenUp };
}

/** The store's settings with the default context that it lost, if it still fits the configs. */
function healedSettings(
  { stored, ours, isContextLost, name }: LostWrites,
  now: bigint,
): Pick<HealingPlan, 'settings' | 'contextError'> {
  if (!isContextLost) return { settings: undefined, contextError: undefined };
  const base = { ruleset: stored, settings: settingsOf(stored) };
  const settings = { ...base.settings, name, defaultContext: settingsOf(ours).defaultContext };
  try {
    planSettings(base, settings, now, ours.version);
    return { settings, contextError: undefined };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { settings: undefined, contextError: error };
  }
}

/** Takes configs out until the others can be committed together. */
function* selectSteps(
  stored: Ruleset,
  lost: readonly EncodedConfig[],
  envelope: Uint8Array,
): Steps<{ kept: ReadonlyMap<string, ChangedConfig>; givenUp: GivenUpConfig[] }> {
  const kept = new Map<string, ChangedConfig>();
  const givenUp: GivenUpConfig[] = [];
  const limit = MESSAGE_MAX_BYTES - envelope.length;
  for (const encoded of lost) {
    const { key, bytes } = encoded;
    if (bytes.length <= limit) kept.set(key, { encoded, field: key, before: stored.get(key) });
    else givenUp.push({ config: encoded, error: tooLarge(encoded, limit) });
  }
  const view = viewOf(stored, kept);
  for (let before = -1; before !== kept.size;) {
    before = kept.size;
    for (const problem of segmentProblems(view, [...kept.values()])) {
      yield;
      if (problem === undefined) continue;
      const { config, error } = problem;
      // The view changes with it, so that mostly one pass finds those that depend on it too.
      if (kept.delete(config.encoded.key)) givenUp.push({ config: config.encoded, error });
    }
  }
  return { kept, givenUp };
}

function viewOf(stored: Ruleset, kept: ReadonlyMap<string, ChangedConfig>): RulesetView {
  return {
    get: (key) => kept.get(key)?.encoded ?? stored.get(key),
    *configs() {
      for (const config of stored.configs()) if (!kept.has(config.key)) yield config;
      for (const { encoded } of kept.values()) yield encoded;
    },
  };
}

function tooLarge({ key, bytes }: EncodedConfig, limit: number): HoldfastError {
  return new HoldfastError(
    'config_too_large',
    `${key} is ${bytes.length} bytes encoded; at most ${limit} fit into one event with the default context that the environment has now.`,
  );
}

function resubmit(config: EncodedConfig, version: bigint): SubmittedConfig {
  // Below the version of the store, readers of the store would not be sent it.
  return config.id > version ? { config: decodeConfig(config), field: config.key } : withoutId(config);
}

function storedState(stored: Ruleset, key: string): SubmittedConfig {
  const config = stored.get(key);
  return config === undefined ? { config: { key, configType: 'DELETED' }, field: key } : withoutId(config);
}

function withoutId(encoded: EncodedConfig): SubmittedConfig {
  return { config: { ...decodeConfig(encoded), id: '0' }, field: encoded.key };
}
