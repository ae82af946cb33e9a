/**
 * Plans a commit before anything is written. Pure: the ruleset, the request and the time come in, a
 * change comes out, and the store commits it if the environment still is at the version that it was
 * planned against.
 */
import { mapSteps, runSteps, sortSteps, type Steps } from '../core/steps.js';
import { encodeEnvelope, type EncodedConfig } from '../ruleset/codec.js';
import { MESSAGE_MAX_BYTES } from '../ruleset/event.js';
import { member, quote, refuse } from '../ruleset/fields.js';
import type { Change, Ruleset } from '../ruleset/ruleset.js';
import { segmentUsers } from '../ruleset/segment-users.js';
import { segmentSteps, type ChangedConfig } from '../ruleset/segments.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import { seenSteps } from './client-version.js';
import { validateConfig } from '../ruleset/validate.js';
import { idHorizon, MAX_ID } from '../ruleset/version.js';
import {
  assignIds,
  checkIds,
  checkNumber,
  checkTombstones,
  bytesEqual,
  encodeSubmitted,
  entryOf,
  type PlanBase,
  type PlanEntry,
} from './plan-entry.js';

/** A planned commit. */
export interface ChangePlan {
  /** The change to write; `undefined` when there is none that a client could see. */
  readonly change: Change | undefined;
  /** The submitted configs in their order, as they are stored once the plan is carried out. */
  readonly configs: readonly EncodedConfig[];
  /** The keys of deletions that were left out, because the environment never had such a config. */
  readonly absent: readonly string[];
  /** The number of configs that are not deleted, after the commit. */
  readonly live: number;
}

/** The deviations of a plan from that of an ordinary request. */
export interface PlanOptions {
  /**
   * Set for configs that were committed before, by this or another version of Holdfast: neither
   * their contents nor their ids are judged again, but their size and their segments are, which
   * depend on what else there is now. Assigned ids are above this version, so that readers which
   * are at it get them.
   */
  readonly recommitAbove?: bigint;
  /**
   * Set for configs that the environment had before: their contents are not judged again, so that a
   * stricter version of Holdfast does not stand in the way of undoing a change.
   */
  readonly isTrusted?: boolean;
}

/**
 * Plans a change of configs.
 *
 * - A config with an id of its own must be above the environment's version. One at or below it,
 *   with the bytes that the ruleset has under that key and id, is a repeat: done, without effect.
 * - Configs without id, or with 0, get ids above all given ones, in the order of the request. One
 *   that is stored with the same content, whoever changed it, is a repeat: it keeps its id, and no
 *   client is told of it. With an id above the version it is a change, because the id is what its
 *   source says (docs/decisions/0042).
 * - Deleting a config that is deleted already, without an id, is a repeat too. A tombstone stays for
 *   ever, so none is made for a key that never existed: such a deletion is left out of the change,
 *   and named in `absent`. It is not refused, because a deletion can be sent twice.
 *
 * @param now microseconds since 1970, by the store's clock
 * @throws HoldfastError with the code of the first rule that is broken; see validate.ts and
 *   segments.ts for those of single configs
 */
export function planChange(
  base: PlanBase,
  submitted: readonly SubmittedConfig[],
  now: bigint,
  options: PlanOptions = {},
): ChangePlan {
  return runSteps(planSteps(base, submitted, now, options));
}

/**
 * Plans a change in steps; see {@link planChange}. The ruleset may move on between two steps: then
 * the plan is worth nothing, whether it was made or refused.
 */
export function* planSteps(
  base: PlanBase,
  submitted: readonly SubmittedConfig[],
  now: bigint,
  { recommitAbove, isTrusted = false }: PlanOptions = {},
): Steps<ChangePlan> {
  if (submitted.length === 0) refuse('configs', 'must have at least one config.');
  const isRecommit = recommitAbove !== undefined;
  if (!isRecommit && !isTrusted) yield* validate(base, submitted);
  checkKeys(submitted);
  yield;
  const limits = { id: isRecommit ? MAX_ID : idHorizon(now), isRecommit };
  const all = yield* mapSteps(submitted, (each) => entryOf(base, each, limits), 8);
  const entries = all.filter(({ effect }) => effect !== 'absent');
  yield;
  checkIds(entries);
  yield;
  if (!isRecommit) {
    checkTombstones(base, entries);
    yield;
    checkNumber(base, entries);
    yield;
  }
  const ids = assignIds(base.ruleset, entries, now, recommitAbove);
  yield;
  const envelope = encodeEnvelope(base.settings);
  const changed: ChangedConfig[] = [];
  const encodeEntry = (entry: PlanEntry, index: number): EncodedConfig => {
    if (entry.effect === 'repeat' && entry.before !== undefined) return entry.before;
    const encoded = encodeSubmitted(base, entry.submitted, ids[index] ?? 0n);
    checkSize(encoded, envelope.length, entry.submitted.field);
    changed.push({ encoded, field: entry.submitted.field, before: entry.before });
    return encoded;
  };
  const configs = yield* mapSteps(entries, encodeEntry, 8);
  const after = viewAfter(base.ruleset, changed);
  yield;
  yield* segmentSteps(after, changed);
  // Another envelope comes only with lost settings that are committed again.
  const isEnvelopeNew = !bytesEqual(envelope, base.ruleset.envelope);
  const seen = (yield* seenSteps(after, changed)) || isEnvelopeNew;
  const ascending = yield* sortSteps(
    changed.map(({ encoded }) => encoded),
    (a, b) => (a.id < b.id ? -1 : 1),
  );
  return {
    change: changeOf(base.ruleset, ascending, { envelope, at: notBefore(base.ruleset, now), seen }),
    configs,
    absent: all.filter(({ effect }) => effect === 'absent').map(({ key }) => key),
    live: changed.reduce(
      (live, each) => live + liveOf(each.encoded) - liveOf(each.before),
      base.ruleset.live,
    ),
  };
}

function* validate({ settings }: PlanBase, submitted: readonly SubmittedConfig[]): Steps<void> {
  const { id: environment, projectId } = settings;
  for (const { config, field } of submitted) {
    validateConfig(config, { environment, projectId, field });
    yield;
  }
}

function checkKeys(submitted: readonly SubmittedConfig[]): void {
  const fields = new Map<string, string>();
  for (const { config, field } of submitted) {
    const key = config.key ?? '';
    const other = fields.get(key);
    const at = member(field, 'key');
    if (other !== undefined) {
      refuse(at, `is ${quote(key)}, as in ${other}; send each key once.`, 'key_duplicate');
    }
    fields.set(key, field);
  }
}

function checkSize(config: EncodedConfig, envelopeBytes: number, field: string): void {
  const limit = MESSAGE_MAX_BYTES - envelopeBytes;
  if (config.bytes.length <= limit) return;
  refuse(
    field,
    `(${quote(config.key)}) is ${config.bytes.length} bytes encoded; at most ${limit} fit into one event of this environment.`,
    'config_too_large',
  );
}

function viewAfter(ruleset: Ruleset, changed: readonly ChangedConfig[]) {
  const overlay = new Map(changed.map(({ encoded }) => [encoded.key, encoded]));
  return {
    get: (key: string) => overlay.get(key) ?? ruleset.get(key),
    *configs() {
      for (const config of ruleset.configs()) if (!overlay.has(config.key)) yield config;
      yield* overlay.values();
    },
    *users(segments: Iterable<string> | undefined) {
      for (const config of segmentUsers(ruleset, segments))
        if (config === undefined || !overlay.has(config.key)) yield config;
      yield* overlay.values();
    },
  };
}

function changeOf(
  ruleset: Ruleset,
  configs: readonly EncodedConfig[],
  { envelope, at, seen }: { envelope: Uint8Array; at: bigint; seen: boolean },
): Change | undefined {
  const last = configs.at(-1);
  if (last === undefined) return undefined;
  return { ...stepOf(ruleset, last.id, seen), at, envelope, configs };
}

/** From where to where a change takes an environment. */
export function stepOf(ruleset: Ruleset, version: bigint, seen: boolean) {
  const { environment, version: previous, clientVersion: clientPrevious } = ruleset;
  const clientVersion = seen ? version : clientPrevious;
  return { environment, previous, version, clientPrevious, clientVersion };
}

/**
 * When a change is made, as far as ids are concerned: not before the one that it follows. A node
 * can have asked for the time long ago (it was stopped for a while, or the store was slow), and the
 * next id would take the difference for time that has passed, and run ahead.
 */
export function notBefore({ committedAt }: Ruleset, now: bigint): bigint {
  return now > committedAt ? now : committedAt;
}

function liveOf(config: EncodedConfig | undefined): number {
  return config === undefined || config.deleted ? 0 : 1;
}
