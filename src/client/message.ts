/**
 * Parses one `Configs` as a source sends it, and merges it into the ruleset. Pure. [protocol]
 * #messages
 */
import { decodeConfigs, join, splitConfigs, type EncodedConfig } from '../ruleset/decode.js';
import { Reader } from '../ruleset/reader.js';
import { Ruleset } from '../ruleset/ruleset.js';

/** One `Configs` message, with its configs still encoded. */
export interface Message {
  /** `undefined` when it does not say. */
  readonly environment: bigint | undefined;
  /** The highest id in it; `undefined` without configs. */
  readonly highest: bigint | undefined;
  readonly configs: readonly EncodedConfig[];
  /** Everything but configs: the pointer and the default context. */
  readonly envelope: Uint8Array;
}

/** The tag of `Configs.configs`. */
const CONFIGS_TAG = 10;

/**
 * Parses a message.
 *
 * @throws Error when the bytes are no `Configs`
 */
export function readMessage(bytes: Uint8Array): Message {
  const envelope = envelopeOf(bytes);
  const configs = splitConfigs(bytes);
  const environment = decodeConfigs(envelope).configServicePointer?.projectEnvId;
  let highest: bigint | undefined;
  for (const { id } of configs) if (highest === undefined || id > highest) highest = id;
  return {
    environment: environment === undefined ? undefined : BigInt(environment),
    highest,
    configs,
    envelope,
  };
}

function envelopeOf(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const reader = new Reader(bytes);
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.tag();
    reader.skip(tag);
    if (tag !== CONFIGS_TAG) parts.push(bytes.subarray(start, reader.position));
  }
  return join(parts);
}

/** A ruleset after a message was merged into it. */
export interface Merged {
  readonly ruleset: Ruleset;
  /** The keys that have changed. */
  readonly keys: readonly string[];
  /**
   * True when anything is new: a change of the default context or of the version alone has no keys.
   */
  readonly changed: boolean;
}

/**
 * Merges the configs that are newer than those of the ruleset, key by key: nothing goes backwards,
 * whatever order sources answer in. [protocol] #lost-writes
 *
 * @param version the version of the source after it
 * @param environment of the source, for a message that does not say
 */
export function merge(
  ruleset: Ruleset | undefined,
  message: Message,
  version: bigint,
  environment: bigint,
): Merged {
  const newest = new Map<string, EncodedConfig>();
  for (const config of message.configs) {
    const known = newest.get(config.key) ?? ruleset?.get(config.key);
    if (known === undefined || config.id > known.id) newest.set(config.key, config);
  }
  const configs = [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const keys = configs.map(({ key }) => key);
  if (ruleset === undefined) {
    const { envelope } = message;
    return {
      ruleset: new Ruleset({ environment, version, at: 0n, envelope, configs }),
      keys,
      changed: true,
    };
  }
  const next = version > ruleset.version ? version : ruleset.version;
  if (configs.length === 0 && next === ruleset.version) return { ruleset, keys, changed: false };
  const envelope = message.environment === undefined ? ruleset.envelope : message.envelope;
  const first = configs[0];
  if (first === undefined || first.id > ruleset.version) {
    ruleset.apply({
      environment: ruleset.environment,
      previous: ruleset.version,
      version: next,
      // The versions that client-side SDKs see are of no concern here.
      clientPrevious: ruleset.clientVersion,
      clientVersion: next,
      at: 0n,
      envelope,
      configs,
    });
    return { ruleset, keys, changed: true };
  }
  // A config whose id is below our version is no delta of it, so the ruleset is built again.
  const all = new Map(Array.from(ruleset.configs(), (config) => [config.key, config]));
  for (const config of configs) all.set(config.key, config);
  const start = {
    environment: ruleset.environment,
    version: next,
    at: 0n,
    envelope,
    configs: all.values(),
  };
  return { ruleset: new Ruleset(start), keys, changed: true };
}
