/**
 * Deletes environments. Each step can be repeated, so a deletion that was interrupted is finished by
 * asking for it again:
 *
 *     keys revoked ── streams close ── deleted, in one commit ── keys revoked that came in between
 *
 * The keys go first, so that no client is sent the tombstones: it keeps what it has.
 */
import { mapSteps, runInTurns } from '../core/steps.js';
import { encodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import type { Change, Ruleset } from '../ruleset/ruleset.js';
import { nextId } from '../ruleset/version.js';
import type { Attribution } from '../store/history.js';
import { confirmedRuleset, look, MAX_ATTEMPTS, tooBusy, type CommitParts } from './confirmed.js';
import { notBefore, stepOf } from './plan.js';

/** The parts of a deletion. */
export interface DeletionParts extends CommitParts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The outcome of a deletion. */
export interface EnvironmentDeletion {
  /** The version at which the environment was deleted. */
  readonly version: bigint;
  /** The number of keys that were revoked now. */
  readonly revoked: number;
}

/**
 * Deletes an environment: revokes its keys, then removes its configs, settings and history. One that
 * is deleted already keeps its version.
 *
 * @throws HoldfastError `environment_unknown`; `busy`; `store_unavailable`
 */
export async function deleteEnvironment(
  parts: DeletionParts,
  environment: bigint,
  by: Attribution,
): Promise<EnvironmentDeletion> {
  const { store, replica } = parts;
  let revoked = 0;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = await store.deletion(environment);
    if (before === undefined) await confirmedRuleset(parts, environment);
    revoked += await revokeKeys(parts, environment);
    if (before !== undefined) return { version: before.version, revoked };
    const { now, ruleset } = await look(parts, environment);
    const expect = ruleset.version;
    const change = await deletionOf(ruleset, now);
    const result = await store.commit({ environment, by, expect, change, live: 0 });
    if (result.kind === 'committed') {
      replica.committed(change);
      return { version: change.version, revoked: revoked + (await revokeKeys(parts, environment)) };
    }
    await replica.reload(environment);
  }
  throw tooBusy(environment);
}

async function revokeKeys({ store, replica, now }: DeletionParts, environment: bigint): Promise<number> {
  let revoked = 0;
  for (const { id, revokedAt } of await store.keysOf(environment)) {
    if (revokedAt !== undefined) continue;
    const key = await store.revokeKey(id, now());
    if (key === undefined) continue;
    replica.keyring.take(key);
    revoked++;
  }
  return revoked;
}

/** A tombstone for each config, above all ids that there are. */
async function deletionOf(ruleset: Ruleset, now: bigint): Promise<Change> {
  const live = ruleset.delta(0n).filter(({ deleted }) => !deleted);
  const { committedAt, envelope, version } = ruleset;
  let id = nextId(now, version, committedAt);
  const tombstone = ({ key }: EncodedConfig): EncodedConfig =>
    encodeConfig({ id: `${id++}`, key, configType: 'DELETED' });
  const configs = await runInTurns(mapSteps(live, tombstone));
  const last = configs.at(-1)?.id ?? id;
  return { ...stepOf(ruleset, last, true), at: notBefore(ruleset, now), envelope, configs, deletes: true };
}
