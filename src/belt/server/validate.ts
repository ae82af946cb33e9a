/** From the bytes of a copy to the ruleset that is served. Pure. */
import { HoldfastError, messageOf } from '../../core/errors.js';
import { decodeConfigs, type EncodedConfig } from '../../ruleset/decode.js';
import type { Ruleset } from '../../ruleset/ruleset.js';
import { type Manifest } from '../format/manifest.js';
import { checkSnapshot, rulesetOf } from '../format/snapshot.js';

/**
 * Why a copy is not served. `backwards` and `forked` are said of manifests that are whole, and that
 * the order rule forbids.
 */
export type Refusal = 'manifest' | 'missing' | 'checksum' | 'content' | 'backwards' | 'forked';

/** A copy that must not be served. */
export class RefusedCopy extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'RefusedCopy';
    this.refusal = refusal;
  }
}

/**
 * The ruleset of a snapshot, of which everything was checked that can be: its size and checksum,
 * that all of it decodes, that it is of the environment, project and version that the manifest
 * says, and that what will be served of it is the same bytes.
 *
 * @throws RefusedCopy
 */
export function validateCopy(manifest: Manifest, snapshot: Uint8Array): Ruleset {
  orRefuse('checksum', () => checkSnapshot(manifest, snapshot));
  return orRefuse('content', () => {
    const ruleset = rulesetOf(manifest, snapshot);
    const { configServicePointer: inside } = decodeConfigs(snapshot);
    const same =
      inside?.projectEnvId === `${manifest.environment}` && inside.projectId === `${manifest.projectId}`;
    if (!same) throw new Error(`${manifest.object} is not of environment ${manifest.environment}`);
    // In another form or order, a part of it would be served as what it is not.
    if (Buffer.compare(ruleset.encode(0n), snapshot) !== 0) {
      throw new Error(`${manifest.object} is not in the form of copies`);
    }
    return ruleset;
  });
}

/** Passes on what `read` returns; what it throws becomes a refusal. */
export function orRefuse<T>(refusal: Refusal, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RefusedCopy(refusal, error);
  }
}

/** Makes a refusal of content that its source would not read whole; other errors stay. */
export function refusedAs(refusal: Refusal, error: unknown): unknown {
  const isDamaged = error instanceof HoldfastError && error.code === 'copy_damaged';
  return isDamaged ? new RefusedCopy(refusal, error) : error;
}

/**
 * Makes a held ruleset the newer one: by adding to it, where the newer one only adds, so that
 * evaluators compile only what changed; else by another object. Returns which one is to be served.
 */
export function mergeCopy(held: Ruleset | undefined, newer: Ruleset): Ruleset {
  if (held === undefined || !onlyAdds(held, newer)) return newer;
  held.apply({
    environment: held.environment,
    previous: held.version,
    version: newer.version,
    clientPrevious: held.clientVersion,
    clientVersion: newer.clientVersion,
    at: newer.committedAt,
    envelope: newer.envelope,
    configs: newer.delta(held.version),
  });
  return held;
}

/** True when everything older than the newer one's additions is in both, byte for byte. */
function onlyAdds(held: Ruleset, newer: Ruleset): boolean {
  for (const { key } of held.configs()) if (newer.get(key) === undefined) return false;
  for (const config of newer.configs()) {
    const before = held.get(config.key);
    if (config.id <= held.version && (before === undefined || !isSame(before, config))) return false;
  }
  return true;
}

function isSame(a: EncodedConfig, b: EncodedConfig): boolean {
  return a.id === b.id && Buffer.compare(a.bytes, b.bytes) === 0;
}

/** True when an error says that a source did not answer, and nothing about a copy. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === 'bucket_unavailable';
}
