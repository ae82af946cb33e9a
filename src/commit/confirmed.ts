/** The state that a commit is planned against, and planning it without keeping the event loop. */
import { runInTurns, runSoon } from '../core/steps.js';
import { HoldfastError } from '../core/errors.js';
import { lostEnvironment, unknownEnvironment } from '../replica/missing.js';
import type { Replica } from '../replica/replica.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { Store } from '../store/store.js';
import { planSteps, type ChangePlan } from './plan.js';
import type { PlanBase } from './plan-entry.js';
import { settingsOf } from './plan-settings.js';

/**
 * The tries of a commit. With three nodes committing to one environment without a pause, a commit
 * was seen to lose at most a few times in a row.
 */
export const MAX_ATTEMPTS = 20;

/** The number of configs up to which a change is planned in one turn of the event loop: 2 ms. */
const ONE_TURN_CONFIGS = 16;

/** The store, and what this node has in memory of it. */
export interface CommitParts {
  readonly store: Store;
  readonly replica: Replica;
}

/** The ruleset of an environment, and the time by the store's clock: microseconds since 1970. */
export interface Look {
  readonly ruleset: Ruleset;
  readonly now: bigint;
}

/** Looks at the ruleset and at the clock at once. @throws HoldfastError as {@link confirmedRuleset} */
export async function look(parts: CommitParts, environment: bigint): Promise<Look> {
  const [now, ruleset] = await Promise.all([parts.store.time(), confirmedRuleset(parts, environment)]);
  return { now, ruleset };
}

/**
 * The ruleset of an environment as the store has it now. It moves on with the feed: a plan made on it
 * must not wait between two reads of it, nor between a read of it and one of what was taken from it.
 *
 * @throws HoldfastError `environment_unknown`; `store_unavailable`
 */
export async function confirmedRuleset(
  { store, replica }: CommitParts,
  environment: bigint,
): Promise<Ruleset> {
  const current = await replica.confirmed(environment);
  if (current === undefined) {
    // Where there are keys, there was an environment. A caller that gets "does not exist" gives up,
    // and an event would be rejected.
    const lost = replica.keyring.has(environment) && (await store.deletion(environment)) === undefined;
    throw lost ? lostEnvironment(environment) : unknownEnvironment(environment);
  }
  if (
    !current.confirmed &&
    current.reason === undefined &&
    (await store.deletion(environment)) === undefined
  ) {
    throw lostEnvironment(environment);
  }
  if (!current.confirmed) {
    const reason = current.reason === undefined ? '' : ` (${current.reason})`;
    throw new HoldfastError(
      'store_unavailable',
      `environment ${environment} cannot be compared with the store, so nothing can be changed now: repeat the request later${reason}`,
    );
  }
  return current.ruleset;
}

/** Takes what a commit is planned against from a ruleset, as that is now. */
export function planBase(ruleset: Ruleset): PlanBase {
  return { ruleset, settings: settingsOf(ruleset) };
}

/** The error for a commit that others overtook each time. */
export function tooBusy(environment: bigint): HoldfastError {
  return new HoldfastError(
    'busy',
    `environment ${environment} is changed by others too often right now: repeat the request`,
  );
}

/** The configs to plan a change of; see `CommitRequest`. */
export interface PlannedRequest {
  readonly configs: readonly SubmittedConfig[];
  readonly isTrusted?: boolean;
}

/**
 * Plans a change in slices of turns. `moved`: the ruleset changed between two of them, so neither a
 * plan nor a refusal means anything.
 *
 * A change of a few configs is planned in one turn, and so does not find its ruleset moved, unless
 * it changes a segment that thousands of configs use.
 */
export async function planInTurns(
  ruleset: Ruleset,
  { configs, isTrusted = false }: PlannedRequest,
  now: bigint,
): Promise<ChangePlan | 'moved'> {
  const { version } = ruleset;
  const steps = planSteps(planBase(ruleset), configs, now, { isTrusted });
  try {
    const plan = await (configs.length <= ONE_TURN_CONFIGS ? runSoon(steps) : runInTurns(steps));
    return ruleset.version === version ? plan : 'moved';
  } catch (error) {
    if (ruleset.version !== version) return 'moved';
    throw error;
  }
}
