/**
 * Healing: commits writes again that the store lost.
 *
 * Redis that persists once a second loses up to a second of acknowledged commits when it dies. The
 * nodes still have them in memory, and clients have received them. They are committed again: with
 * the ids that they had, so that clients that received them are current again, or with new ones
 * where the store has moved beyond those. Every node that notices tries; the store's
 * compare-and-set lets one succeed, and the others then find nothing lost.
 *
 * Healing always ends. A config that can no longer be committed (healing-plan.ts) is given up: it
 * is logged, counted, and put among the rejected events, from where an operator can retry it.
 */
import { runInTurns } from '../core/steps.js';
import { HoldfastError, isRetryable, messageOf } from '../core/errors.js';
import type { Logger } from '../observe/log.js';
import type { HealingOutcome, LostWrites } from '../replica/options.js';
import { decodeConfig, encodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import { HOLDFAST_AUTHOR } from '../store/history.js';
import type { Store } from '../store/store.js';
import { healingSteps, type GivenUpConfig, type HealingPlan } from './healing-plan.js';

/** The parts of healing. */
export interface HealingParts {
  readonly store: Store;
  readonly log: Logger;
  /** Called with the number of configs that were given up. */
  readonly onGivenUp?: (configs: number) => void;
}

/** The author of what is committed again. */
const HEALING = {
  author: HOLDFAST_AUTHOR,
  source: 'restore',
  message: 'The store lost these writes; a node that had them committed them again.',
} as const;

/** The number of keys that a log line names. */
const NAMED_KEYS = 20;

/**
 * Commits what can be committed again, and gives the rest up.
 *
 * @throws HoldfastError `busy` when another commit was first: look again at what is lost;
 *   `store_unavailable`
 */
export async function heal(parts: HealingParts, lost: LostWrites): Promise<HealingOutcome> {
  const { store, log } = parts;
  const now = await store.time();
  const { environment, version } = lost.stored;
  const healing = await planOrAbandon(lost, now);
  // Before the commit: should this process end between the two, they are listed twice, and not
  // lost.
  const noted = await noteGivenUp(store, environment, healing.givenUp, now);
  if (healing.plan !== undefined) {
    const { change, live } = healing.plan;
    const { settings } = healing;
    const commit = { environment, by: HEALING, expect: version, settings, change, live };
    const result = await store.commit(commit);
    if (result.kind !== 'committed') {
      // The node that was first has listed them, or they fit by now.
      await drop(store, noted, log);
      throw new HoldfastError(
        'busy',
        `environment ${environment} was changed while lost configs were committed again`,
      );
    }
    log.warn(
      {
        environment: `${environment}`,
        version: `${change?.version ?? version}`,
        configs: healing.healed,
        ...(settings === undefined ? {} : { defaultContext: true }),
      },
      'the writes that the store lost are committed again',
    );
  }
  tell(parts, lost, healing.givenUp);
  if (healing.contextError !== undefined) tellContext(log, lost, healing.contextError);
  return healing.plan === undefined ? 'abandoned' : 'committed';
}

/** A plan of a healing, or none when nothing can be committed. */
type PlanOrNone = Omit<HealingPlan, 'plan'> & { readonly plan: HealingPlan['plan'] | undefined };

/** Plans in slices of turns: tens of thousands of lost configs take seconds. */
async function planOrAbandon(lost: LostWrites, now: bigint): Promise<PlanOrNone> {
  const [stored, ours] = [lost.stored.version, lost.ours.version];
  const checkUnmoved = (): void => {
    if (lost.stored.version === stored && lost.ours.version === ours) return;
    const rule = 'changed while the healing of its lost configs was planned';
    throw new HoldfastError('busy', `environment ${lost.stored.environment} ${rule}`);
  };
  try {
    const healing = await runInTurns(healingSteps(lost, now));
    checkUnmoved();
    // A default context that no longer fits may be all that there was.
    return healing.plan.change === undefined ? { ...healing, plan: undefined } : healing;
  } catch (cause) {
    checkUnmoved();
    if (isRetryable(cause)) throw cause;
    const error =
      cause instanceof HoldfastError ? cause : new HoldfastError('internal', messageOf(cause), { cause });
    return {
      plan: undefined,
      settings: undefined,
      contextError: lost.isContextLost ? error : undefined,
      healed: 0,
      givenUp: lost.configs.map((config) => ({ config, error })),
    };
  }
}

/**
 * Puts configs among the rejected events. Does nothing with a store that has no inbox: such a store
 * loses nothing.
 */
async function noteGivenUp(
  store: Store,
  environment: bigint,
  givenUp: readonly GivenUpConfig[],
  now: bigint,
): Promise<string[]> {
  const { inbox } = store;
  const at = new Date(Number(now / 1000n)).toISOString();
  const noted: string[] = [];
  for (const { config, error } of inbox === undefined ? [] : givenUp) {
    const fields = [
      { name: Buffer.from('environment'), value: Buffer.from(`${environment}`) },
      { name: Buffer.from('configs'), value: Buffer.from(bytesWithoutId(config)) },
    ];
    const message = `the store lost the config ${JSON.stringify(config.key)}, and it cannot be committed again: ${error.message}`;
    const id = await inbox?.addRejected(fields, { code: error.code, message, field: undefined, at });
    if (id !== undefined) noted.push(id);
  }
  return noted;
}

/** An id that was lost is not one that can be committed later. */
function bytesWithoutId(config: EncodedConfig): Uint8Array {
  return encodeConfig({ ...decodeConfig(config), id: '0' }).bytes;
}

async function drop(store: Store, noted: readonly string[], log: Logger): Promise<void> {
  try {
    for (const id of noted) await store.inbox?.drop(id);
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'rejected events of lost configs are listed twice');
  }
}

function tell(
  { log, onGivenUp }: HealingParts,
  { stored, ours }: LostWrites,
  givenUp: readonly GivenUpConfig[],
): void {
  if (givenUp.length === 0) return;
  onGivenUp?.(givenUp.length);
  log.error(
    {
      environment: `${stored.environment}`,
      ours: `${ours.version}`,
      store: `${stored.version}`,
      configs: givenUp.length,
      keys: givenUp.slice(0, NAMED_KEYS).map(({ config }) => config.key),
      error: givenUp[0]?.error.message,
    },
    'configs that the store lost can no longer be committed and are given up; holdfast rejected list shows them',
  );
}

function tellContext(log: Logger, { stored, ours }: LostWrites, error: HoldfastError): void {
  log.error(
    {
      environment: `${stored.environment}`,
      ours: `${ours.version}`,
      store: `${stored.version}`,
      error: error.message,
    },
    'the default context that the store lost can no longer be committed and is given up; set it again',
  );
}
