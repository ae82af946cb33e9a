/**
 * Writing back whole environments that the store lost, from what this node has in memory: after
 * Redis was started empty. An operator asks for it (`holdfast restore`), because an empty store may
 * also be the wrong one.
 */
import type { Replica } from '../replica/replica.js';
import type { Change, Ruleset } from '../ruleset/ruleset.js';
import type { Store } from '../store/store.js';
import { settingsOf } from '../commit/plan-settings.js';

/** The results of a restore. */
export interface Restored {
  /** The environments that were written, with the versions that clients know. */
  readonly environments: readonly { readonly id: bigint; readonly version: bigint }[];
  /** Keys and revocations that were written. */
  readonly keys: number;
}

/**
 * Commits every environment that is in memory and not in the store, at its version, and then the
 * keys that the store has not. What the store has is left alone. Can be repeated, and asked of
 * every node: each writes what the others did not have.
 *
 * @param author of the changes, for the history
 * @throws HoldfastError `store_unavailable`; what was written until then stays
 */
export async function restore(store: Store, replica: Replica, author: string): Promise<Restored> {
  const environments: { id: bigint; version: bigint }[] = [];
  for (const { ruleset, name } of replica.everything()) {
    const { environment: id, version } = ruleset;
    if (!(await commitWhole(store, ruleset, { name, author }))) continue;
    environments.push({ id, version });
    await replica.reload(id);
  }
  return { environments, keys: await replica.keyring.writeBack() };
}

/**
 * Creates an environment with that ruleset, at its version. False when the store has the
 * environment.
 */
export async function commitWhole(
  store: Store,
  ruleset: Ruleset,
  { name, author }: { readonly name: string; readonly author: string },
): Promise<boolean> {
  const { environment, version } = ruleset;
  const result = await store.commit({
    environment,
    by: { author, source: 'restore' },
    expect: undefined,
    settings: { ...settingsOf(ruleset), name: name === '' ? `environment ${environment}` : name },
    change: version === 0n ? undefined : wholeOf(ruleset),
    live: ruleset.live,
  });
  return result.kind === 'committed';
}

/**
 * A ruleset as one change. Its client version too is the one that clients know, so that they need
 * not fetch anything again.
 */
function wholeOf(ruleset: Ruleset): Change {
  const { environment, version, clientVersion, committedAt: at, envelope } = ruleset;
  const configs = ruleset.delta(0n);
  return { environment, previous: 0n, version, clientPrevious: 0n, clientVersion, at, envelope, configs };
}
