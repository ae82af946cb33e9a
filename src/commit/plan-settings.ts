/** Plans changes of an environment's settings. Pure. */
import { HoldfastError } from '../core/errors.js';
import { decodeConfigs, encodeContextSet, encodeEnvelope, type EncodedConfig } from '../ruleset/codec.js';
import { MESSAGE_MAX_BYTES } from '../ruleset/event.js';
import { quote, refuse } from '../ruleset/fields.js';
import type { Change, Ruleset } from '../ruleset/ruleset.js';
import { MAX_ID, nextId } from '../ruleset/version.js';
import type { Environment } from '../store/store.js';
import { notBefore, stepOf, type ChangePlan } from './plan.js';
import { bytesEqual, type PlanBase } from './plan-entry.js';

/**
 * Plans the creation of an environment, or a change of its settings.
 *
 * Only what clients see becomes a change: a new default context or project. A new environment is at
 * version 0, and stays there until its first change: other nodes learn of what is new by versions
 * alone.
 *
 * @param base `undefined` to create the environment
 * @param now microseconds since 1970, by the store's clock
 * @param above the version above which a change is, if that is higher than the environment's
 * @throws HoldfastError `field_invalid` for another project once there are configs, which carry its
 *   id; `config_too_large` when a config and the new default context would not fit into one event
 */
export function planSettings(
  base: PlanBase | undefined,
  settings: Environment,
  now: bigint,
  above = 0n,
): ChangePlan {
  const envelope = encodeEnvelope(settings);
  const largest = largestOf(base?.ruleset);
  if (base !== undefined && largest !== undefined && settings.projectId !== base.settings.projectId) {
    refuse(
      'projectId',
      `must stay ${base.settings.projectId}: the environment has configs of that project; create another environment.`,
    );
  }
  const limit = MESSAGE_MAX_BYTES - envelope.length;
  if (limit < (largest?.bytes.length ?? 0)) {
    const next =
      largest === undefined
        ? ''
        : ` next to the config ${quote(largest.key)} of ${largest.bytes.length} bytes`;
    throw new HoldfastError(
      'config_too_large',
      `defaultContext makes ${envelope.length} bytes of each event's ${MESSAGE_MAX_BYTES} and leaves too little room${next}; make it smaller.`,
      { field: 'defaultContext' },
    );
  }
  return {
    change: envelopeChange(base, settings, now, above),
    configs: [],
    absent: [],
    live: base?.ruleset.live ?? 0,
  };
}

function envelopeChange(
  base: PlanBase | undefined,
  settings: Environment,
  now: bigint,
  above: bigint,
): Change | undefined {
  const envelope = encodeEnvelope(settings);
  if (base === undefined || bytesEqual(base.ruleset.envelope, envelope)) return undefined;
  const { ruleset } = base;
  const version = nextId(now, above > ruleset.version ? above : ruleset.version, ruleset.committedAt);
  if (version > MAX_ID) refuse('defaultContext', `cannot change: no ids are left above ${ruleset.version}.`);
  // Everything is evaluated with the default context, and nothing with the project.
  const seen = !bytesEqual(contextOf(base.settings), contextOf(settings));
  return { ...stepOf(ruleset, version, seen), at: notBefore(ruleset, now), envelope, configs: [] };
}

function contextOf({ defaultContext }: Environment): Uint8Array {
  return defaultContext ?? new Uint8Array();
}

function largestOf(ruleset: Ruleset | undefined): EncodedConfig | undefined {
  let largest: EncodedConfig | undefined;
  for (const config of ruleset?.configs() ?? []) {
    if (largest === undefined || config.bytes.length > largest.bytes.length) largest = config;
  }
  return largest;
}

/**
 * The settings that a ruleset's envelope was made of. The name is not among them: no client sees
 * it, and planning does not need it.
 */
export function settingsOf(ruleset: Ruleset): Environment {
  const { configServicePointer, defaultContext } = decodeConfigs(ruleset.envelope);
  return {
    id: ruleset.environment,
    projectId: BigInt(configServicePointer?.projectId ?? '0'),
    name: '',
    defaultContext: defaultContext === undefined ? undefined : encodeContextSet(defaultContext),
  };
}
