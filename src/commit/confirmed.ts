/** The state that a commit is planned against, and planning it without keeping the event loop. */
import { runInTurns, runSoon } from '../core/steps.js';
import { HoldfastError } from '../core/errors.js';
import { lostEnvironment, unknownEnvironment } from '../replica/missing.js';
import type { Replica } from '../replica/replica.js';
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

/**
 * The ruleset and settings of an environment as the store has them now. The ruleset moves on with
 * the feed: a plan made on it must not wait between two reads of it.
 *
 * @throws HoldfastError `environment_unknown`; `store_unavailable`
 */
export async function confirmedBase({ store, replica }: CommitParts, environment: bigint): Promise<PlanBase> {
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
  return { ruleset: current.ruleset, settings: settingsOf(current.ruleset) };
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
  base: PlanBase,
  { configs, isTrusted = false }: PlannedRequest,
  now: bigint,
): Promise<ChangePlan | 'moved'> {
  const { version } = base.ruleset;
  const steps = planSteps(base, configs, now, { isTrusted });
  try {
    const plan = await (configs.length <= ONE_TURN_CONFIGS ? runSoon(steps) : runInTurns(steps));
    return base.ruleset.version === version ? plan : 'moved';
  } catch (error) {
    if (base.ruleset.version !== version) return 'moved';
    throw error;
  }
}
