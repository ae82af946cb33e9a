/**
 * Healing: commits writes again that the store lost.
 *
 * Redis that persists once a second loses up to a second of acknowledged commits when it dies. The nodes still have them in memory, and
 * clients have received them. They are committed again: with the ids that they had, so that clients that received them are current again, or with
 * new ones where the store has moved beyond those. Every node that notices tries; the store's compare-and-set lets one succeed, and
 * the others then find nothing lost.
 */
import { HoldfastError } from '../core/errors.js';
import type { Logger } from '../observe/log.js';
import { decodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { Store } from '../store/store.js';
import { planChange } from '../commit/plan.js';
import { settingsOf } from '../commit/plan-settings.js';

/**
 * @param stored what the store has
 * @param lost configs that it has not, or has in an older state
 * @throws HoldfastError `busy` when another commit was first: look again at what is lost; `store_unavailable`
 */
export async function heal(
  store: Store,
  log: Logger,
  stored: Ruleset,
  lost: readonly EncodedConfig[],
): Promise<void> {
  const base = { ruleset: stored, settings: settingsOf(stored) };
  const plan = planChange(
    base,
    lost.map((config) => resubmit(config, stored.version)),
    await store.time(),
    'committed',
  );
  const { environment, version } = stored;
  const result = await store.commit({ environment, expect: version, change: plan.change, live: plan.live });
  if (result.kind !== 'committed') {
    throw new HoldfastError(
      'busy',
      `environment ${environment} was changed while lost configs were committed again`,
    );
  }
  log.warn(
    { environment: `${environment}`, version: `${plan.change?.version ?? version}`, configs: lost.length },
    'what the store lost is committed again',
  );
}

function resubmit(config: EncodedConfig, version: bigint): SubmittedConfig {
  const { id, ...rest } = decodeConfig(config);
  const again = id !== undefined && config.id > version ? { id, ...rest } : rest;
  return { config: again, field: config.key };
}
