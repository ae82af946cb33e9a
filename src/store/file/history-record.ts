/** Entries of a history in the JSON of the log. */
import type { Steps } from '../../core/steps.js';
import type { EncodedConfig } from '../../ruleset/codec.js';
import { ownedConfigSteps, type Attribution, type HistoryEntry, type HistorySettings } from '../history.js';
import {
  configsFromBase64,
  configsToBase64,
  decodeSettings,
  encodeSettings,
  type SettingsRecord,
} from './encoding.js';

/** The part of a history entry that the rest of its commit does not say. */
export interface HistoryNote {
  readonly by: Attribution;
  /** The place of the entry; the version is that of the environment after the commit. */
  readonly version: bigint;
  readonly step: number;
  readonly at: bigint;
  /** The configs that the commit replaces; absent when the change is too large to keep. */
  readonly before?: readonly EncodedConfig[] | undefined;
  /** The bytes of all configs that are kept; absent in a note that is read from the log. */
  readonly bytes?: number | undefined;
  readonly settingsBefore?: HistorySettings | undefined;
}

/** A note in its JSON form. */
export interface NoteRecord {
  readonly by: Attribution;
  readonly version: string;
  readonly step: number;
  readonly at: string;
  readonly before?: string;
  readonly settingsBefore?: SettingsRecord;
}

/** A whole entry of a history, as a line of a snapshot. */
export interface HistoryRecord {
  readonly type: 'history';
  readonly environment: string;
  readonly version: string;
  readonly step: number;
  readonly previous: string;
  readonly at: string;
  readonly by: Attribution;
  readonly before?: string;
  readonly after?: string;
  readonly settings?: { readonly before?: SettingsRecord; readonly after: SettingsRecord };
}

/** Reads an entry of a history from its line in steps. */
export function* historyEntrySteps(record: HistoryRecord): Steps<HistoryEntry> {
  const { before, after, settings, by, step } = record;
  const environment = BigInt(record.environment);
  return {
    version: BigInt(record.version),
    step,
    previous: BigInt(record.previous),
    at: BigInt(record.at),
    by,
    ...(before === undefined || after === undefined
      ? {}
      : {
          configs: {
            before: yield* ownedConfigSteps(Buffer.from(before, 'base64')),
            after: yield* ownedConfigSteps(Buffer.from(after, 'base64')),
          },
        }),
    ...(settings === undefined
      ? {}
      : {
          settings: {
            ...(settings.before && { before: historySettings(environment, settings.before) }),
            after: historySettings(environment, settings.after),
          },
        }),
  };
}

/** Writes a note in its JSON form. */
export function encodeNote({ by, version, step, at, before, settingsBefore }: HistoryNote): NoteRecord {
  return {
    by,
    version: `${version}`,
    step,
    at: `${at}`,
    ...(before === undefined ? {} : { before: configsToBase64(before) }),
    ...(settingsBefore === undefined ? {} : { settingsBefore: encodeSettings(settingsBefore) }),
  };
}

/** Reads a note from its JSON form. */
export function decodeNote(environment: bigint, record: NoteRecord): HistoryNote {
  const { by, version, step, at, before, settingsBefore } = record;
  return {
    by,
    version: BigInt(version),
    step,
    at: BigInt(at),
    before: before === undefined ? undefined : configsFromBase64(before),
    settingsBefore: settingsBefore && historySettings(environment, settingsBefore),
  };
}

function historySettings(environment: bigint, record: SettingsRecord): HistorySettings {
  const { projectId, name, defaultContext } = decodeSettings(environment, record);
  return { projectId, name, ...(defaultContext === undefined ? {} : { defaultContext }) };
}
