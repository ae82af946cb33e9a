/**
 * The records of the log. The first line is the header; then come the lines of a snapshot, if the
 * log was compacted; then batches, each the records of one group commit. A batch is one line, so
 * that a torn write can only spoil commits that were not acknowledged, all of them together.
 *
 * In JSON, integers that may exceed 2^53 are decimal text and bytes are base64.
 */
import { splitConfigs, type EncodedConfig } from '../../ruleset/codec.js';
import type { Change } from '../../ruleset/ruleset.js';
import { keyFromJson, keyToJson } from '../key-record.js';
import type { Commit, Environment, Idempotency, Key, StoredEnvironment } from '../store.js';

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
    }
  | { readonly type: 'key'; readonly key: Key };

/** A remembered request. `until`: milliseconds since 1970. */
export type Remembered = Idempotency & { readonly until: number };

/** A mutation in its JSON form. */
export type FileRecord =
  | {
      readonly type: 'commit';
      readonly environment: string;
      readonly settings?: SettingsRecord;
      readonly change?: ChangeRecord;
      readonly live: number;
      readonly idempotency?: Remembered;
    }
  | { readonly type: 'key'; readonly key: string };

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
    }
  | { readonly type: 'configs'; readonly environment: string; readonly configs: string }
  | { readonly type: 'idempotency'; readonly environment: string; readonly idempotency: Remembered }
  | { readonly type: 'key'; readonly key: string };

interface SettingsRecord {
  readonly projectId: string;
  readonly name: string;
  readonly defaultContext?: string;
}

interface ChangeRecord {
  readonly previous: string;
  readonly version: string;
  /** Both absent in what was written before they were kept; everything was seen by clients then. */
  readonly clientPrevious?: string;
  readonly clientVersion?: string;
  readonly at: string;
  readonly envelope: string;
  readonly configs: string;
}

/**
 * Makes the mutation of a commit, whose request is remembered until that time (milliseconds since
 * 1970).
 */
export function mutationOf(commit: Commit, until: number): Mutation {
  const { environment, settings, change, live, idempotency } = commit;
  return {
    type: 'commit',
    environment,
    settings,
    change,
    live,
    idempotency: idempotency && { ...idempotency, until },
  };
}

/** Writes a mutation in its JSON form. */
export function encodeMutation(mutation: Mutation): FileRecord {
  if (mutation.type === 'key') return { type: 'key', key: keyToJson(mutation.key) };
  const { settings, change, idempotency } = mutation;
  return {
    type: 'commit',
    environment: `${mutation.environment}`,
    ...(settings === undefined ? {} : { settings: encodeSettings(settings) }),
    ...(change === undefined ? {} : { change: encodeChange(change) }),
    live: mutation.live,
    ...(idempotency === undefined ? {} : { idempotency }),
  };
}

/**
 * Reads a mutation from its JSON form. @throws when the record is not what `encodeMutation` makes.
 */
export function decodeMutation(record: FileRecord): Mutation {
  if (record.type === 'key') return { type: 'key', key: keyFromJson(record.key) };
  const environment = BigInt(record.environment);
  const { settings, change, idempotency, live } = record;
  return {
    type: 'commit',
    environment,
    settings: settings && decodeSettings(environment, settings),
    change: change && decodeChange(environment, change),
    live,
    idempotency,
  };
}

/** Writes an environment, without its configs, as a line of a snapshot. */
export function environmentRecord(environment: StoredEnvironment): SnapshotRecord {
  return {
    type: 'environment',
    environment: `${environment.id}`,
    settings: encodeSettings(environment),
    version: `${environment.version}`,
    clientVersion: `${environment.clientVersion}`,
    at: `${environment.at}`,
    live: environment.live,
  };
}

/**
 * Reads configs, each into memory of its own, so that one that stays does not keep alive all that
 * it was committed with.
 */
export function configsFromBase64(base64: string): EncodedConfig[] {
  return splitConfigs(Buffer.from(base64, 'base64')).map((config) => ({
    ...config,
    bytes: new Uint8Array(config.bytes),
  }));
}

/** Writes configs as the base64 of their concatenation. */
export function configsToBase64(configs: readonly EncodedConfig[]): string {
  return Buffer.concat(configs.map((config) => config.bytes)).toString('base64');
}

/** Reads the settings of an environment. */
export function decodeSettings(id: bigint, record: SettingsRecord): Environment {
  const { projectId, name, defaultContext } = record;
  return {
    id,
    projectId: BigInt(projectId),
    name,
    ...(defaultContext === undefined ? {} : { defaultContext: Buffer.from(defaultContext, 'base64') }),
  };
}

function encodeSettings(settings: Environment): SettingsRecord {
  const { projectId, name, defaultContext } = settings;
  return {
    projectId: `${projectId}`,
    name,
    ...(defaultContext === undefined
      ? {}
      : { defaultContext: Buffer.from(defaultContext).toString('base64') }),
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
  };
}
