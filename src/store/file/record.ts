/**
 * The records of the log. The first line is the header; then come the lines of a snapshot, if the
 * log was compacted; then batches, each the records of one group commit. A batch is one line, so
 * that a torn write can only spoil commits that were not acknowledged, all of them together.
 *
 * In JSON, integers that may exceed 2^53 are decimal text and bytes are base64.
 */
import type { Change } from '../../ruleset/ruleset.js';
import { keyFromJson, keyToJson } from '../key-record.js';
import type { Commit, Environment, Idempotency, Key, StoredEnvironment } from '../store.js';
import {
  configsFromBase64,
  configsToBase64,
  decodeSettings,
  encodeSettings,
  type SettingsRecord,
} from './encoding.js';
import {
  decodeNote,
  encodeNote,
  type HistoryNote,
  type HistoryRecord,
  type NoteRecord,
} from './history-record.js';

/** The first line of a log. */
export interface LogHeader {
  /** The version of this format. */
  readonly holdfast: 1;
  /** The number of records that were made before those of the first batch. */
  readonly sequence: number;
  /** The number of snapshot lines that follow. */
  readonly snapshot: number;
}

/** The records of one group commit: one line of a log. */
export interface LogBatch {
  /** The number of its first record; those after it count on. */
  readonly sequence: number;
  readonly records: readonly FileRecord[];
}

/** One step of the state; each is a record in the log. */
export type Mutation =
  | {
      readonly type: 'commit';
      readonly environment: bigint;
      readonly settings?: Environment | undefined;
      readonly change?: Change | undefined;
      readonly live: number;
      readonly idempotency?: Remembered | undefined;
      readonly history?: HistoryNote | undefined;
    }
  | { readonly type: 'key'; readonly key: Key };

/** A remembered request. `until`: milliseconds since 1970. */
export type Remembered = Idempotency & { readonly until: number };

/** A mutation in its JSON form. */
export type FileRecord = CommitRecord | { readonly type: 'key'; readonly key: string };

/** A commit in its JSON form. */
export interface CommitRecord {
  readonly type: 'commit';
  readonly environment: string;
  readonly settings?: SettingsRecord;
  readonly change?: ChangeRecord;
  readonly live: number;
  readonly idempotency?: Remembered;
  /** Absent in what was written before there was a history. */
  readonly history?: NoteRecord;
}

/** One line of the snapshot with which a compacted log begins. */
export type SnapshotRecord =
  | {
      readonly type: 'environment';
      readonly environment: string;
      readonly settings: SettingsRecord;
      readonly version: string;
      /** Absent in what was written before it was kept; it then is the version. */
      readonly clientVersion?: string;
      readonly at: string;
      readonly live: number;
      /** The environment was deleted at this version. */
      readonly deleted?: true;
    }
  | HistoryRecord
  | { readonly type: 'configs'; readonly environment: string; readonly configs: string }
  | { readonly type: 'idempotency'; readonly environment: string; readonly idempotency: Remembered }
  | { readonly type: 'key'; readonly key: string };

interface ChangeRecord {
  readonly previous: string;
  readonly version: string;
  /** Both absent in what was written before they were kept; everything was seen by clients then. */
  readonly clientPrevious?: string;
  readonly clientVersion?: string;
  readonly at: string;
  readonly envelope: string;
  readonly configs: string;
  readonly deletes?: true;
  readonly trace?: string;
}

/**
 * Makes the mutation of a commit, whose request is remembered until that time (milliseconds since
 * 1970).
 */
export function mutationOf(commit: Commit, until: number, history: HistoryNote | undefined): Mutation {
  const { environment, settings, change, live, idempotency } = commit;
  return {
    type: 'commit',
    environment,
    settings,
    change,
    live,
    idempotency: idempotency && { ...idempotency, until },
    history,
  };
}

/** Writes a mutation in its JSON form. */
export function encodeMutation(mutation: Mutation): FileRecord {
  if (mutation.type === 'key') return { type: 'key', key: keyToJson(mutation.key) };
  const { settings, change, idempotency, history } = mutation;
  return {
    type: 'commit',
    environment: `${mutation.environment}`,
    ...(settings === undefined ? {} : { settings: encodeSettings(settings) }),
    ...(change === undefined ? {} : { change: encodeChange(change) }),
    live: mutation.live,
    ...(idempotency === undefined ? {} : { idempotency }),
    ...(history === undefined ? {} : { history: encodeNote(history) }),
  };
}

/**
 * Reads a mutation from its JSON form. @throws when the record is not what `encodeMutation` makes.
 */
export function decodeMutation(record: FileRecord): Mutation {
  if (record.type === 'key') return { type: 'key', key: keyFromJson(record.key) };
  const environment = BigInt(record.environment);
  const { settings, change, idempotency, live, history } = record;
  return {
    type: 'commit',
    environment,
    settings: settings && decodeSettings(environment, settings),
    change: change && decodeChange(environment, change),
    live,
    idempotency,
    history: history && decodeNote(environment, history),
  };
}

/** Writes an environment, without its configs, as a line of a snapshot. */
export function environmentRecord(environment: StoredEnvironment, deleted: boolean): SnapshotRecord {
  return {
    type: 'environment',
    environment: `${environment.id}`,
    settings: encodeSettings(environment),
    version: `${environment.version}`,
    clientVersion: `${environment.clientVersion}`,
    at: `${environment.at}`,
    live: environment.live,
    ...(deleted ? { deleted: true } : {}),
  };
}

function encodeChange(change: Change): ChangeRecord {
  return {
    previous: `${change.previous}`,
    version: `${change.version}`,
    clientPrevious: `${change.clientPrevious}`,
    clientVersion: `${change.clientVersion}`,
    at: `${change.at}`,
    envelope: Buffer.from(change.envelope).toString('base64'),
    configs: configsToBase64(change.configs),
    ...(change.deletes === true ? { deletes: true } : {}),
    ...(change.trace === undefined ? {} : { trace: change.trace }),
  };
}

function decodeChange(environment: bigint, record: ChangeRecord): Change {
  return {
    environment,
    previous: BigInt(record.previous),
    version: BigInt(record.version),
    clientPrevious: BigInt(record.clientPrevious ?? record.previous),
    clientVersion: BigInt(record.clientVersion ?? record.version),
    at: BigInt(record.at),
    envelope: Buffer.from(record.envelope, 'base64'),
    configs: configsFromBase64(record.configs),
    ...(record.deletes === true ? { deletes: true } : {}),
    ...(record.trace === undefined ? {} : { trace: record.trace }),
  };
}

/** The number of configs that mutations change. */
export function configsIn(mutations: readonly Mutation[]): number {
  return mutations.reduce(
    (sum, each) => sum + (each.type === 'commit' ? (each.change?.configs.length ?? 0) : 0),
    0,
  );
}
