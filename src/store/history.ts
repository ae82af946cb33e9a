/**
 * History: who changed an environment, why and from where, with the configs before and after. An
 * entry is stored in the same step as the commit that it describes, so neither exists without the
 * other.
 *
 * It is kept for people. Clients never receive it, entries of the feed have nothing of it, and no
 * node has it in memory. It is bounded, and the oldest entries are removed by the commits that add
 * new ones (docs/decisions/0041).
 */
import type { Steps } from '../core/steps.js';
import { encodedConfigOf, ELEMENT_TAG, type EncodedConfig } from '../ruleset/decode.js';
import { Reader } from '../ruleset/reader.js';
import { parseVersion } from '../ruleset/version.js';

/** The way by which a change came. */
export type ChangeSource = 'http' | 'inbox' | 'restore' | 'rollback' | 'promote' | 'settings';

/** Attribution names the author of a change, its reason and its way. */
export interface Attribution {
  /** The name of an operator, or of whatever an inbox event names. */
  readonly author: string;
  readonly message?: string;
  readonly source: ChangeSource;
}

/** The longest author, characters. */
export const AUTHOR_MAX = 200;

/** The longest message, characters. */
export const MESSAGE_MAX = 500;

/** The author of what Holdfast does by itself, such as committing lost writes again. */
export const HOLDFAST_AUTHOR = 'holdfast';

/**
 * A place in the history of an environment. Entries that leave the version as it is, of a new name,
 * have the version of the entry before them and the next step; steps begin with 1.
 */
export interface HistoryPlace {
  readonly version: bigint;
  readonly step: number;
}

/** One change of an environment. */
export interface HistoryEntry extends HistoryPlace {
  /** The version before the change. */
  readonly previous: bigint;
  /** Microseconds since 1970, by the store's clock. */
  readonly at: bigint;
  readonly by: Attribution;
  /** Absent when the change was too large to keep; see `HISTORY_BYTES`. */
  readonly configs?: HistoryConfigs;
  /** Present when settings were given. `before` is absent when the environment was created. */
  readonly settings?: { readonly before?: HistorySettings; readonly after: HistorySettings };
}

/** The configs of a change, tombstones included. */
export interface HistoryConfigs {
  /** Those of the changed keys that the environment had. */
  readonly before: readonly EncodedConfig[];
  readonly after: readonly EncodedConfig[];
}

/** The settings of an environment, which its number is not one of. */
export interface HistorySettings {
  readonly projectId: bigint;
  readonly name: string;
  /** An encoded ContextSet. */
  readonly defaultContext?: Uint8Array | undefined;
}

/** A question about the history of an environment. */
export interface HistoryQuery {
  /** Entries from before this place only. */
  readonly before?: HistoryPlace | undefined;
  /** The most entries to answer with. */
  readonly limit: number;
  /** Entries that changed this config only. */
  readonly key?: string | undefined;
  readonly author?: string | undefined;
}

/** A part of the history, newest first. */
export interface HistoryPage {
  readonly entries: readonly HistoryEntry[];
  /**
   * The place to go on from; absent at the end. Present with few or no entries when a filter passed
   * over many: one page reads a bounded number of entries and bytes.
   */
  readonly next?: HistoryPlace;
}

/** The bounds of a store's history. */
export interface HistoryLimits {
  /** Entries of an environment; 0 keeps none. */
  readonly changes: number;
  /** Bytes of an environment. A change that is larger by itself is kept without its configs. */
  readonly bytes: number;
  /**
   * Bytes of all environments together. Beyond it, an environment that changes loses its oldest
   * entries first; its newest one stays.
   */
  readonly totalBytes: number;
}

/** The default of `HOLDFAST_HISTORY`. */
const HISTORY_CHANGES = 1_000;

/** The most that `HOLDFAST_HISTORY` can be. */
export const HISTORY_CHANGES_MAX = 100_000;

/** The bytes of an environment's history: a rollback of 20,000 configs of 800 bytes fits. */
const HISTORY_BYTES = 32 * 1024 * 1024;

/** The bytes of all histories of a store. */
const HISTORY_TOTAL_BYTES = 512 * 1024 * 1024;

/** The limits of a store, for a number of changes. */
export function historyLimits(changes: number = HISTORY_CHANGES): HistoryLimits {
  return { changes, bytes: HISTORY_BYTES, totalBytes: HISTORY_TOTAL_BYTES };
}

/**
 * The bytes that an entry takes in addition to its configs. The limits count with it on every
 * store.
 */
export const HISTORY_ENTRY_BYTES = 300;

/**
 * The entries, and their bytes, that one page reads at most: some milliseconds of a store. The last
 * entry may exceed the bytes.
 */
export const HISTORY_SCAN = { entries: 200, bytes: 4 * 1024 * 1024 } as const;

/** Writes a place as text: the version, a dash, the step. */
export function historyPlaceText({ version, step }: HistoryPlace): string {
  return `${version}-${step}`;
}

/** Reads a place; a version alone is the place of its first entry. `undefined`: it is none. */
export function parseHistoryPlace(text: string | undefined): HistoryPlace | undefined {
  const [, digits, steps = '1'] = /^(\d+)(?:-(\d{1,9}))?$/.exec(text ?? '') ?? [];
  const version = parseVersion(digits);
  const step = Number(steps);
  return version === undefined || step === 0 ? undefined : { version, step };
}

/** True when an entry answers a question, its place apart. */
export function matchesHistory(entry: HistoryEntry, { key, author }: HistoryQuery): boolean {
  if (author !== undefined && entry.by.author !== author) return false;
  return key === undefined || (entry.configs?.after.some((config) => config.key === key) ?? false);
}

/** Cuts concatenated configs, each into memory of its own. @throws when the bytes are damaged */
export function* ownedConfigSteps(bytes: Uint8Array): Steps<EncodedConfig[]> {
  const configs: EncodedConfig[] = [];
  const reader = new Reader(bytes);
  while (!reader.done) {
    const start = reader.position;
    const tag = reader.tag();
    if (tag !== ELEMENT_TAG) {
      reader.skip(tag);
      continue;
    }
    const message = reader.bytes();
    configs.push(encodedConfigOf(message, new Uint8Array(bytes.subarray(start, reader.position))));
    if (configs.length % 64 === 0) yield;
  }
  return configs;
}
