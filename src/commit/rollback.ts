/**
 * Taking changes back. A rollback is a change like any other, with new ids: it brings back contents,
 * never versions. Which contents comes from the history, read from the newest change on:
 *
 *     a v1   b v2   a v3   c v4          to v2: a as it was before v3, c deleted, b stays
 */
import { HoldfastError } from '../core/errors.js';
import { mapSteps, runInTurns, type Steps } from '../core/steps.js';
import { decodeConfig, type EncodedConfig } from '../ruleset/codec.js';
import { quote } from '../ruleset/fields.js';
import type { Config } from '../ruleset/model.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import type { SubmittedConfig } from '../ruleset/submitted.js';
import type { HistoryEntry } from '../store/history.js';
import type { Store } from '../store/store.js';

/** What is to be taken back. */
export type RollbackTarget =
  /** Everything after a version, or what happened to some configs. */
  | { readonly kind: 'to'; readonly version: bigint; readonly keys?: readonly string[] | undefined }
  /** The one change that led to a version. */
  | { readonly kind: 'undo'; readonly version: bigint };

/** The entries that are read at a time. */
const PAGE = 100;

/** A place after all entries of a version. */
const LAST_STEP = 999_999_999;

/** The configs of one step. */
const STEP = 256;

/** The keys that an error names. */
const NAMED_KEYS = 10;

/**
 * Finds the configs that a rollback commits; none when there is nothing to take back.
 *
 * @param ruleset the environment as it is
 * @throws HoldfastError `field_invalid` for a version above the present one; `history_missing` when
 *   the history does not reach that far, or lacks a change; `rollback_conflict` when a later change
 *   changed what is to be undone
 */
export async function rollbackConfigs(
  store: Pick<Store, 'history'>,
  ruleset: Ruleset,
  target: RollbackTarget,
): Promise<SubmittedConfig[]> {
  const field = target.kind === 'to' ? 'to' : 'undo';
  if (target.version > ruleset.version) {
    throw new HoldfastError(
      'field_invalid',
      `${field} is ${target.version}, but environment ${ruleset.environment} is at version ${ruleset.version}: give an earlier version of its history`,
      { field },
    );
  }
  const configs =
    target.kind === 'to'
      ? await stateAt(store, ruleset, target)
      : await stateBefore(store, ruleset, target.version);
  return runInTurns(mapSteps(configs, ([key, config]) => submittedAs(key, config)));
}

/** The configs of a version that were changed since, by key; `undefined`: there was none. */
async function stateAt(
  store: Pick<Store, 'history'>,
  { environment, version: present }: Ruleset,
  { version, keys }: Extract<RollbackTarget, { kind: 'to' }>,
): Promise<Map<string, EncodedConfig | undefined>> {
  const wanted = keys && new Set(keys);
  const configs = new Map<string, EncodedConfig | undefined>();
  let reached = present;
  for await (const entry of entriesFrom(store, environment, present)) {
    if (reached <= version || entry.version !== reached) break;
    if (entry.previous === entry.version) continue;
    await runInTurns(
      replacedSteps(entry, environment, (key, config) => {
        if (wanted === undefined || wanted.has(key)) configs.set(key, config);
      }),
    );
    reached = entry.previous;
  }
  if (reached === 0n && version > 0n) refuseBeginning(environment, version);
  if (reached <= version) return configs;
  throw new HoldfastError(
    'history_missing',
    `the history of environment ${environment} goes back to version ${reached} only, so it cannot be taken back to ${version}: give that version or a later one (HOLDFAST_HISTORY says how many changes are kept)`,
    { field: 'to', details: { oldest: `${reached}` } },
  );
}

/**
 * Refuses a version between nothing and the first change. The state then was an empty environment,
 * and a small number is far more often a mistake, such as `2` for two changes ago.
 */
function refuseBeginning(environment: bigint, version: bigint): never {
  throw new HoldfastError(
    'field_invalid',
    `to is ${version}, and environment ${environment} had no change until then: give a version of its history, which lists them`,
    { field: 'to' },
  );
}

/** The configs before the change to a version, if nothing has changed them since. */
async function stateBefore(
  store: Pick<Store, 'history'>,
  ruleset: Ruleset,
  version: bigint,
): Promise<Map<string, EncodedConfig | undefined>> {
  const { environment } = ruleset;
  const { entries } = await store.history(environment, { before: { version, step: 2 }, limit: 1 });
  const [entry] = entries;
  if (entry?.version !== version || entry.previous === version) {
    throw new HoldfastError(
      'history_missing',
      `the history of environment ${environment} has no change of configs to version ${version}: list it to see the changes that it has`,
      { field: 'undo' },
    );
  }
  const configs = new Map<string, EncodedConfig | undefined>();
  await runInTurns(replacedSteps(entry, environment, (key, config) => configs.set(key, config)));
  const later = entry.configs?.after.filter(({ key, id }) => ruleset.get(key)?.id !== id) ?? [];
  if (later.length > 0) {
    const named = later
      .slice(0, NAMED_KEYS)
      .map(({ key }) => `${quote(key)} (${ruleset.get(key)?.id ?? 0n})`);
    throw new HoldfastError(
      'rollback_conflict',
      `the change to version ${version} cannot be undone, because ${named.join(', ')}${later.length > NAMED_KEYS ? ' and others' : ''} changed again since: undo the later changes first, or roll these keys back to a version`,
      { field: 'undo' },
    );
  }
  return configs;
}

async function* entriesFrom(
  store: Pick<Store, 'history'>,
  environment: bigint,
  version: bigint,
): AsyncGenerator<HistoryEntry, void, void> {
  let before = { version, step: LAST_STEP };
  for (;;) {
    const { entries, next } = await store.history(environment, { before, limit: PAGE });
    yield* entries;
    if (next === undefined) return;
    before = { version: next.version, step: next.step };
  }
}

/** The configs that a change replaced, by key; `undefined` for those that were new. */
function* replacedSteps(
  entry: HistoryEntry,
  environment: bigint,
  visit: (key: string, config: EncodedConfig | undefined) => void,
): Steps<void> {
  if (entry.configs === undefined) {
    throw new HoldfastError(
      'history_missing',
      `the change of environment ${environment} to version ${entry.version} was too large to keep with its configs, so it cannot be taken back: restore the configs from a file`,
      { details: { oldest: `${entry.version}` } },
    );
  }
  const before = new Map<string, EncodedConfig>();
  for (const [index, config] of entry.configs.before.entries()) {
    before.set(config.key, config);
    if (index % STEP === STEP - 1) yield;
  }
  for (const [index, { key }] of entry.configs.after.entries()) {
    visit(key, before.get(key));
    if (index % STEP === STEP - 1) yield;
  }
}

function submittedAs(key: string, config: EncodedConfig | undefined): SubmittedConfig {
  return config === undefined || config.deleted
    ? { config: { key, configType: 'DELETED' }, field: key }
    : { config: contentOf(config), field: key };
}

function contentOf(encoded: EncodedConfig): Config {
  const config: Config = { ...decodeConfig(encoded), id: '0' };
  delete config.projectId;
  return config;
}
