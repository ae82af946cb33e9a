/** Snapshots: their checks, the ruleset in them, and the ones that can be removed. Pure. */
import { createHash } from 'node:crypto';
import { messageOf } from '../../core/errors.js';
import { splitConfigs } from '../../ruleset/decode.js';
import { Ruleset } from '../../ruleset/ruleset.js';
import { CONFIGS_SHAPE } from '../../ruleset/shapes.js';
import { checkMessage } from '../../ruleset/wire.js';
import { damagedCopy, type Manifest } from './manifest.js';

/** SHA-256, lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Checks that a snapshot is the one that a manifest names.
 *
 * @throws HoldfastError `copy_damaged`
 */
export function checkSnapshot(manifest: Manifest, bytes: Uint8Array): void {
  if (bytes.length !== manifest.bytes) {
    throw damagedCopy(
      `The snapshot ${manifest.object} has ${bytes.length} bytes, and should have ${manifest.bytes}`,
    );
  }
  if (sha256(bytes) !== manifest.sha256)
    throw damagedCopy(`The snapshot ${manifest.object} has another checksum`);
}

/**
 * The ruleset of a snapshot that was checked. It is written as a ruleset encodes itself: the
 * configs, and then the envelope. Bytes that the protobuf library of some client refuses are
 * refused here too: such a client would lose all flags.
 *
 * @throws HoldfastError `copy_damaged` when the bytes are no ruleset of that version
 */
export function rulesetOf(manifest: Manifest, snapshot: Uint8Array): Ruleset {
  const { environment, version, clientVersion, committedAt: at, object } = manifest;
  try {
    checkMessage(CONFIGS_SHAPE, snapshot, { subject: 'It', unknownFields: 'skip' });
    const configs = splitConfigs(snapshot);
    const beyond = configs.find(({ id }) => id > version);
    if (beyond !== undefined) throw new Error(`it has the id ${beyond.id}`);
    const envelope = snapshot.subarray(configs.reduce((sum, { bytes }) => sum + bytes.length, 0));
    return new Ruleset({ environment, version, clientVersion, at, envelope, configs });
  } catch (error) {
    throw damagedCopy(
      `The snapshot ${object} is no ruleset of version ${version}: ${messageOf(error)}`,
      error,
    );
  }
}

/** A snapshot that a bucket lists. */
export interface ListedSnapshot {
  readonly version: bigint;
  /** Milliseconds for which it is known to be there, by one monotonic clock. */
  readonly knownFor: number;
}

/**
 * The snapshots of an environment that can be removed: not the one that the manifest names or a
 * newer one, not one of the last `keep`, and not one that a reader may be about to fetch. A reader
 * has a manifest from before the next snapshot was written, so a snapshot goes when the next one is
 * known for longer than `grace`; its own age says nothing. No clock but the caller's own counts: one
 * that is an hour off, here or at the bucket, must not take a snapshot away that is in use.
 *
 * @param current the manifest's version
 * @param keep the number that stays, the current one included; at least 1
 * @param grace milliseconds
 */
export function obsolete(
  snapshots: Iterable<ListedSnapshot>,
  current: bigint,
  { keep, grace }: { keep: number; grace: number },
): bigint[] {
  const upToCurrent = [...snapshots]
    .filter(({ version }) => version <= current)
    .sort((a, b) => (a.version < b.version ? 1 : -1));
  return upToCurrent
    .filter((_, i) => {
      const next = upToCurrent[i - 1];
      return i >= keep && next !== undefined && next.knownFor > grace;
    })
    .map(({ version }) => version);
}
