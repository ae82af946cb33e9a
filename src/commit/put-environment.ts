/** Creates environments and changes their settings. */
import type { Ruleset } from '../ruleset/ruleset.js';
import { HoldfastError } from '../core/errors.js';
import { revisionOf } from '../core/revision.js';
import { encodeEnvelope } from '../ruleset/codec.js';
import { nextId } from '../ruleset/version.js';
import type { Attribution } from '../store/history.js';
import type { DeletedEnvironment, Environment, Store, StoredEnvironment } from '../store/store.js';
import { confirmedRuleset, MAX_ATTEMPTS, planBase, tooBusy, type CommitParts } from './confirmed.js';
import type { ChangePlan } from './plan.js';
import { planSettings } from './plan-settings.js';

/** The outcome of creating or changing an environment. */
export interface PutEnvironment {
  readonly created: boolean;
  /**
   * True when the environment was created and there are keys of it: the store had lost it. It begins
   * at version 0, and nodes that have its configs in memory commit them again.
   */
  readonly wasLost: boolean;
  readonly environment: StoredEnvironment;
}

/**
 * Creates an environment, or changes its settings. One that was deleted goes on above the version of
 * its deletion, with the tombstones of that time. Settings that are as given are not written again.
 *
 * @param ifRevision changes settings only if they are these; see `settingsRevision`
 * @throws HoldfastError as `planSettings`; `field_invalid` for a name that another environment has;
 *   `version_mismatch`; `busy`; `store_unavailable`
 */
export async function putEnvironment(
  parts: CommitParts,
  settings: Environment,
  by: Attribution,
  ifRevision?: string,
): Promise<PutEnvironment> {
  const { store, replica } = parts;
  await checkName(settings, store);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const now = await store.time();
    const known = await replica.confirmed(settings.id);
    const ruleset = known === undefined ? undefined : await confirmedRuleset(parts, settings.id);
    const checked = ifRevision === undefined ? undefined : await atRevision(settings.id, store, ifRevision);
    if (checked !== undefined && checked.version !== ruleset?.version) {
      await replica.reload(settings.id);
      continue;
    }
    const deletion = ruleset === undefined ? await store.deletion(settings.id) : undefined;
    const base = ruleset && planBase(ruleset);
    // The ruleset may move on while the store is asked below.
    const place = placeOf(ruleset);
    const expect = ruleset?.version ?? deletion?.version;
    const plan =
      deletion === undefined ? planSettings(base, settings, now) : planAgain(deletion, settings, now);
    const stored =
      base !== undefined && plan.change === undefined ? await store.environment(settings.id) : undefined;
    if (stored?.name === settings.name) return { created: false, wasLost: false, environment: stored };
    const result = await store.commit({
      environment: settings.id,
      by,
      expect,
      expectName: checked?.name,
      settings,
      isNameUnique: true,
      change: plan.change,
      live: plan.live,
    });
    if (result.kind === 'committed') {
      if (plan.change !== undefined) replica.committed(plan.change);
      const { version, clientVersion, at } = plan.change ?? place;
      const environment = { ...settings, version, clientVersion, at, live: plan.live };
      const created = base === undefined;
      const wasLost = created && deletion === undefined && replica.keyring.has(settings.id);
      return { created, wasLost, environment };
    }
    if (result.kind === 'name_taken') throw nameTaken(settings.name, result.environment);
    await replica.reload(settings.id);
  }
  throw tooBusy(settings.id);
}

/** Returns the revision of an environment's settings, which other changes leave alone. */
export function settingsRevision({ projectId, name, defaultContext }: Environment): string {
  return revisionOf(`${projectId}`, name, defaultContext);
}

/** @throws HoldfastError `version_mismatch` when the settings are others */
async function atRevision(id: bigint, store: Store, revision: string): Promise<StoredEnvironment> {
  const stored = await store.environment(id);
  const present = stored && settingsRevision(stored);
  if (stored !== undefined && present === revision) return stored;
  throw new HoldfastError(
    'version_mismatch',
    present === undefined
      ? `environment ${id} does not exist: create it without If-Match`
      : `the settings of environment ${id} were changed by someone else: read them again and decide again`,
    { field: 'If-Match', details: present === undefined ? {} : { revision: present } },
  );
}

/**
 * Refuses a name that another environment has, unless the environment has it already. The commit
 * does the same for two requests at a time; it does not see names that a node of an older release
 * gave.
 */
async function checkName({ id, name }: Environment, store: Store): Promise<void> {
  const holders = await store.environmentsNamed(name);
  const other = holders.find((each) => each !== id);
  if (other !== undefined && !holders.includes(id)) throw nameTaken(name, other);
}

function nameTaken(name: string, other: bigint): HoldfastError {
  return new HoldfastError(
    'field_invalid',
    `name ${name} is that of environment ${other}: names are unique, because they can be used in place of numbers; choose another`,
    { field: 'name' },
  );
}

/** A deleted environment is created again by a change of its surroundings alone. */
function planAgain(
  { id: environment, version: previous, at: deletedAt }: DeletedEnvironment,
  settings: Environment,
  now: bigint,
): Pick<ChangePlan, 'change' | 'live'> {
  const version = nextId(now, previous, deletedAt);
  const at = now > deletedAt ? now : deletedAt;
  const envelope = encodeEnvelope(settings);
  const change = {
    environment,
    previous,
    version,
    clientPrevious: previous,
    clientVersion: version,
    at,
    envelope,
    configs: [],
  };
  return { change, live: 0 };
}

/** Where an environment stands; at version 0 before there is one. */
function placeOf(ruleset: Ruleset | undefined): Pick<StoredEnvironment, 'version' | 'clientVersion' | 'at'> {
  if (ruleset === undefined) return { version: 0n, clientVersion: 0n, at: 0n };
  return { version: ruleset.version, clientVersion: ruleset.clientVersion, at: ruleset.committedAt };
}
