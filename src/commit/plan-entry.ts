/** The configs of a change one by one: what each does to the ruleset, and the id that it gets. Pure. */
import { decodeConfig, encodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import { member, quote, refuse } from '../ruleset/fields.js';
import type { Config } from '../ruleset/model.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import { MAX_ID, nextId } from '../ruleset/version.js';
import type { Environment } from '../store/store.js';

/** The ruleset and settings that a commit is planned against. */
export interface PlanBase {
  readonly ruleset: Ruleset;
  readonly settings: Environment;
}

/**
 * The tombstones up to which an environment takes a deletion with an id of its own of a key that it
 * never had. A source that numbers its configs may have sent that config to clients by another way,
 * so that its deletion means something to them, but each stays for ever.
 */
const TOMBSTONES_MAX = 50_000;

/**
 * The keys that an environment takes, those of deleted configs included, which stay for ever
 * (docs/decisions/0056). At the limit Redis reads an environment in 0.25 s, during which it does
 * nothing else, and a node has 80 MB of it.
 */
const KEYS_MAX = 100_000;

/**
 * A submitted config on its way into the change; a repeat is already stored and stays out of it.
 */
export interface PlanEntry {
  readonly submitted: SubmittedConfig;
  readonly key: string;
  /** 0 until it is assigned. */
  readonly given: bigint;
  readonly before: EncodedConfig | undefined;
  /** `absent`: the deletion of a config that never existed, which stays out of the change too. */
  readonly effect: 'change' | 'repeat' | 'absent';
}

/** The limits of what a plan accepts. */
export interface EntryLimits {
  /** The highest id that can be given. */
  readonly id: bigint;
  /** True for a plan with `recommitAbove`: its deletions are meant for readers of other rulesets. */
  readonly isRecommit: boolean;
}

/**
 * Decides what a submitted config does to a ruleset.
 *
 * @throws HoldfastError `field_invalid`, `id_conflict`
 */
export function entryOf(base: PlanBase, submitted: SubmittedConfig, limits: EntryLimits): PlanEntry {
  const { config, field } = submitted;
  const key = config.key ?? '';
  const given = BigInt(config.id ?? '0');
  const before = base.ruleset.get(key);
  const { version } = base.ruleset;
  const at = member(field, 'id');
  if (given > version && given > limits.id) {
    const rule = `is ${given}; at the moment at most ${limits.id} can be given, ten years ahead of the clock in units of 100 ns; leave it out to have one assigned.`;
    refuse(at, rule);
  }
  const entry = { submitted, key, given, before };
  if (given === 0n) return { ...entry, effect: effectOf(base, entry, limits) };
  if (given > version) return { ...entry, effect: 'change' };
  if (given < 0n) refuse(at, `must not be negative, but is ${given}.`);
  if (before?.id !== given || !isRepeat(before, encodeSubmitted(base, submitted, given))) {
    refuse(
      at,
      `is ${given}, but ids up to ${version} are taken by other content; leave it out or give one above ${version}.`,
      'id_conflict',
    );
  }
  return { ...entry, effect: 'repeat' };
}

/** The effect of a config without an id of its own. */
function effectOf(
  base: PlanBase,
  { submitted, before }: Pick<PlanEntry, 'submitted' | 'before'>,
  { isRecommit }: EntryLimits,
): PlanEntry['effect'] {
  if (isRecommit) return 'change';
  if (submitted.config.configType === 'DELETED') {
    if (before === undefined) return 'absent';
    return before.deleted ? 'repeat' : 'change';
  }
  return before !== undefined && hasSameContent(base, before, submitted) ? 'repeat' : 'change';
}

/** True when a config would be stored as it is, but for its id and the one who changed it. */
function hasSameContent(base: PlanBase, before: EncodedConfig, submitted: SubmittedConfig): boolean {
  const same = encodeSubmitted(base, submitted, before.id);
  if (bytesEqual(same.bytes, before.bytes)) return true;
  return bytesEqual(
    encodeContent(base, decodeConfig(before), before.id),
    encodeContent(base, submitted.config, before.id),
  );
}

function encodeContent(base: PlanBase, config: Config, id: bigint): Uint8Array {
  const content = { ...config };
  delete content.changedBy;
  return encodeSubmitted(base, { config: content, field: '' }, id).bytes;
}

/**
 * Refuses deletions of unknown keys with ids of their own beyond {@link TOMBSTONES_MAX}.
 *
 * @throws HoldfastError `too_many_deletions`
 */
export function checkTombstones({ ruleset }: PlanBase, entries: readonly PlanEntry[]): void {
  let tombstones = ruleset.size - ruleset.live;
  for (const { submitted, effect, before } of entries) {
    const { config, field } = submitted;
    if (effect !== 'change' || before !== undefined || config.configType !== 'DELETED') continue;
    if (++tombstones <= TOMBSTONES_MAX) continue;
    refuse(
      field,
      `(${quote(config.key ?? '')}) is the deletion of a config that never existed here, and the environment keeps ${TOMBSTONES_MAX} deletions or more; leave it out, or leave out its id.`,
      'too_many_deletions',
    );
  }
}

/**
 * Refuses keys that an environment never had beyond {@link KEYS_MAX}. Keys that it has, deleted ones
 * too, can be changed, deleted and used again all the same.
 *
 * @throws HoldfastError `too_many_configs`
 */
export function checkNumber({ ruleset }: PlanBase, entries: readonly PlanEntry[]): void {
  let keys = ruleset.size;
  for (const { submitted, effect, before, key } of entries) {
    if (effect !== 'change' || before !== undefined || ++keys <= KEYS_MAX) continue;
    refuse(
      submitted.field,
      `(${quote(key)}) would be key ${keys} of the environment, which has ${ruleset.live} configs and keeps ${ruleset.size - ruleset.live} that were deleted; it takes ${KEYS_MAX} in all. Use the key of a deleted config again, or another environment.`,
      'too_many_configs',
    );
  }
}

/** Refuses an id that is given twice. @throws HoldfastError `id_conflict` */
export function checkIds(entries: readonly PlanEntry[]): void {
  const fields = new Map<bigint, string>();
  for (const { given, submitted } of entries) {
    if (given === 0n) continue;
    const other = fields.get(given);
    const at = member(submitted.field, 'id');
    if (other !== undefined) {
      refuse(at, `is ${given}, as in ${other}; give each config its own id.`, 'id_conflict');
    }
    fields.set(given, submitted.field);
  }
}

/**
 * Assigns ids to the entries that have none, above all given ones.
 *
 * @param above ids are above this version too
 */
export function assignIds(
  { version, committedAt }: Ruleset,
  entries: readonly PlanEntry[],
  now: bigint,
  above = 0n,
): bigint[] {
  const lowest = above > version ? above : version;
  const highest = entries.reduce((high, { given }) => (given > high ? given : high), lowest);
  let next = nextId(now, highest, committedAt);
  return entries.map(({ given, submitted }) => {
    if (given !== 0n) return given;
    if (next > MAX_ID) {
      refuse(member(submitted.field, 'id'), `cannot be assigned: no ids are left above ${highest}.`);
    }
    return next++;
  });
}

/** Encodes a submitted config as it is stored. */
export function encodeSubmitted(base: PlanBase, { config }: SubmittedConfig, id: bigint): EncodedConfig {
  return encodeConfig({ ...config, id: `${id}`, projectId: `${base.settings.projectId}` });
}

/**
 * True when two configs have the same content. Earlier versions stored the bytes as they were sent,
 * perhaps in another order or with unknown fields, so those are compared in canonical form.
 */
function isRepeat(stored: EncodedConfig, submitted: EncodedConfig): boolean {
  return (
    bytesEqual(stored.bytes, submitted.bytes) ||
    bytesEqual(encodeConfig(decodeConfig(stored)).bytes, submitted.bytes)
  );
}

/** True when two byte strings are the same. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
