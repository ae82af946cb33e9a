/**
 * What is in a bucket: the names, the pointer, and the order rule. Pure.
 *
 *     environments/<environment>/<version>.binpb   a snapshot: the whole ruleset, tombstones included, as one encoded `Configs`
 *     environments/<environment>/latest.json       the pointer: which snapshot is the newest, and what a server needs to serve it
 *
 * The order rule, which every writer keeps: a pointer is never replaced by one of a lower version; at the same version it must name the same
 * bytes, and only keys and names may change; a key that it has is never taken away, and one that is revoked stays revoked. A
 * snapshot is written before the pointer that names it, and never with other content than it had.
 */
import { createHash } from 'node:crypto';
import { HoldfastError, messageOf } from '../core/errors.js';
import { splitConfigs } from '../ruleset/decode.js';
import { Ruleset } from '../ruleset/ruleset.js';
import { CONFIGS_SHAPE } from '../ruleset/shapes.js';
import { parseVersion } from '../ruleset/version.js';
import { checkMessage } from '../ruleset/wire.js';
import type { Key, KeyKind } from '../store/store.js';

/** An API key as copies have it: enough to tell that a client has it, never its text. */
export interface CopiedKey {
  readonly id: string;
  readonly kind: KeyKind;
  /** SHA-256 of the key's text, lower-case hex. */
  readonly hash: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly revokedAt?: number | undefined;
}

export interface Manifest {
  readonly environment: bigint;
  readonly version: bigint;
  /** The version of what clients that must not see rules may see; at most `version`. */
  readonly clientVersion: bigint;
  /** When that version was committed: microseconds since 1970 by the store's clock. 0 at version 0. */
  readonly committedAt: bigint;
  /** When the pointer was written, milliseconds since 1970 by the writer's clock. */
  readonly writtenAt: number;
  /** The name of the snapshot. */
  readonly object: string;
  /** The size of the snapshot. */
  readonly bytes: number;
  /** Of the snapshot's bytes, lower-case hex. */
  readonly sha256: string;
  readonly projectId: bigint;
  /** What the environment is called. */
  readonly name: string;
  /** Of this environment, revoked ones included, ascending by id. */
  readonly keys: readonly CopiedKey[];
}

export const MANIFEST_TYPE = 'application/json';
export const SNAPSHOT_TYPE = 'application/x-protobuf';
/** A pointer is looked at anew each time; a snapshot never changes. */
export const MANIFEST_CACHE = 'no-cache';
export const SNAPSHOT_CACHE = 'public, max-age=31536000, immutable';

/** Below it is everything that belongs to an environment. */
export const ENVIRONMENTS_PREFIX = 'environments/';
/** A pointer of another format is not read: what it says may mean something else. */
const FORMAT = 1;

export function folderName(environment: bigint): string {
  return `${ENVIRONMENTS_PREFIX}${environment}/`;
}

export function manifestName(environment: bigint): string {
  return `${folderName(environment)}latest.json`;
}

export function snapshotName(environment: bigint, version: bigint): string {
  return `${folderName(environment)}${version}.binpb`;
}

/** What a name in a bucket is; `undefined` for one that no writer makes. */
export function parseName(
  name: string,
):
  | { environment: bigint; kind: 'pointer' }
  | { environment: bigint; kind: 'snapshot'; version: bigint }
  | undefined {
  const match = /^environments\/(\d+)\/(?:(\d+)\.binpb|latest\.json)$/.exec(name);
  const environment = parseVersion(match?.[1]);
  if (environment === undefined) return undefined;
  if (match?.[2] === undefined) return { environment, kind: 'pointer' };
  const version = parseVersion(match[2]);
  return version === undefined ? undefined : { environment, kind: 'snapshot', version };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Of keys of the store those parts that copies have. */
export function copiedKeys(keys: Iterable<Key>): CopiedKey[] {
  return Array.from(keys, ({ id, kind, hash, createdAt, revokedAt }) => ({
    id,
    kind,
    hash,
    createdAt,
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }));
}

export function encodeManifest(pointer: Manifest): Uint8Array {
  const { environment, version, clientVersion, committedAt, writtenAt, projectId, ...rest } = pointer;
  const json = {
    format: FORMAT,
    environment: `${environment}`,
    version: `${version}`,
    clientVersion: `${clientVersion}`,
    committedAt: `${committedAt}`,
    writtenAt,
    projectId: `${projectId}`,
    ...rest,
  };
  return Buffer.from(`${JSON.stringify(json)}\n`);
}

/**
 * Reads a pointer. Fields that it does not know are passed over: a later writer may add some.
 *
 * By hand and not by a schema library, because servers on tiny machines read pointers and little else: zod adds 12 MB and 0.15 s to such a process.
 *
 * @param environment whose pointer it must be
 * @throws HoldfastError `copy_damaged`; with `format` in its details when a later Holdfast wrote it, which an earlier one must leave alone
 */
export function decodeManifest(bytes: Uint8Array, environment: bigint): Manifest {
  try {
    const json = objectOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const { format } = json;
    if (typeof format === 'number' && format > FORMAT) throw laterFormat(environment, format);
    if (format !== FORMAT) throw new Error(`format is not ${FORMAT}`);
    const pointer = {
      environment: idOf(json, 'environment'),
      version: idOf(json, 'version'),
      clientVersion: idOf(json, 'clientVersion'),
      committedAt: idOf(json, 'committedAt'),
      writtenAt: numberOf(json, 'writtenAt'),
      object: textOf(json, 'object'),
      bytes: numberOf(json, 'bytes'),
      sha256: textOf(json, 'sha256', /^[0-9a-f]{64}$/),
      projectId: idOf(json, 'projectId'),
      name: textOf(json, 'name'),
      keys: arrayOf(json, 'keys').map(keyOf),
    };
    if (pointer.environment !== environment) throw new Error('environment is another');
    const object = snapshotName(environment, pointer.version);
    if (pointer.object !== object) throw new Error(`object is not ${object}`);
    return pointer;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw damaged(`The pointer ${manifestName(environment)} cannot be read: ${messageOf(error)}`, error);
  }
}

/**
 * Checks that a snapshot is the one that a pointer names.
 *
 * @throws HoldfastError `copy_damaged`
 */
export function checkSnapshot(pointer: Manifest, bytes: Uint8Array): void {
  if (bytes.length !== pointer.bytes) {
    throw damaged(
      `The snapshot ${pointer.object} has ${bytes.length} bytes, and should have ${pointer.bytes}`,
    );
  }
  if (sha256(bytes) !== pointer.sha256) throw damaged(`The snapshot ${pointer.object} has another checksum`);
}

/**
 * The ruleset of a snapshot that was checked. It is written as a ruleset encodes itself: the configs, and then the envelope. Bytes that
 * the protobuf library of some client refuses are refused here too: such a client would lose all flags.
 *
 * @throws HoldfastError `copy_damaged` when the bytes are no ruleset of that version
 */
export function rulesetOf(pointer: Manifest, snapshot: Uint8Array): Ruleset {
  const { environment, version, clientVersion, committedAt: at, object } = pointer;
  try {
    checkMessage(CONFIGS_SHAPE, snapshot, { subject: 'It', unknownFields: 'skip' });
    const configs = splitConfigs(snapshot);
    const beyond = configs.find(({ id }) => id > version);
    if (beyond !== undefined) throw new Error(`it has the id ${beyond.id}`);
    const envelope = snapshot.subarray(configs.reduce((sum, { bytes }) => sum + bytes.length, 0));
    return new Ruleset({ environment, version, clientVersion, at, envelope, configs });
  } catch (error) {
    throw damaged(`The snapshot ${object} is no ruleset of version ${version}: ${messageOf(error)}`, error);
  }
}

/** What the order rule says to replacing a pointer. */
export type OrderDecision =
  /** It may be replaced by this one. */
  | { readonly kind: 'write'; readonly pointer: Manifest }
  /** It says the same already. */
  | { readonly kind: 'same' }
  /** It is newer than what would replace it. */
  | { readonly kind: 'ahead'; readonly version: bigint }
  /** It has the same version with other content: the store lost what was copied, and something else took its version. */
  | { readonly kind: 'forked' };

/** @param existing what the bucket has, if anything */
export function decideOrder(existing: Manifest | undefined, next: Manifest): OrderDecision {
  if (existing === undefined) return { kind: 'write', pointer: next };
  if (existing.version > next.version) return { kind: 'ahead', version: existing.version };
  const keys = mergeKeys(existing.keys, next.keys);
  const pointer = { ...next, keys };
  if (existing.version < next.version) return { kind: 'write', pointer };
  if (existing.sha256 !== next.sha256) return { kind: 'forked' };
  const same =
    existing.name === next.name &&
    existing.projectId === next.projectId &&
    existing.committedAt === next.committedAt &&
    sameKeys(existing.keys, keys);
  return same ? { kind: 'same' } : { kind: 'write', pointer };
}

/** Whether a pointer lacks one of these keys, or the revocation of one. */
export function lacksKeys(existing: readonly CopiedKey[], keys: readonly CopiedKey[]): boolean {
  return !sameKeys(existing, mergeKeys(existing, keys));
}

/** All keys of both. The store deletes none, so one that only the copy has was lost by the store. A revocation in either counts. */
export function mergeKeys(existing: readonly CopiedKey[], next: readonly CopiedKey[]): CopiedKey[] {
  const merged = new Map(existing.map((key) => [key.id, key]));
  for (const key of next) {
    const revokedAt = merged.get(key.id)?.revokedAt ?? key.revokedAt;
    merged.set(key.id, revokedAt === undefined ? key : { ...key, revokedAt });
  }
  return [...merged.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function sameKeys(a: readonly CopiedKey[], b: readonly CopiedKey[]): boolean {
  if (a.length !== b.length) return false;
  const there = new Map(a.map((key) => [key.id, key]));
  // Nothing else of a key ever changes.
  return b.every(({ id, revokedAt }) => there.has(id) && there.get(id)?.revokedAt === revokedAt);
}

/** A snapshot as a bucket lists it. */
export interface ListedSnapshot {
  readonly version: bigint;
  /** Milliseconds since 1970. */
  readonly writtenAt: number;
}

/**
 * Which snapshots of an environment can go: not the one that the pointer names or a newer one, not one of the last `keep`, and not one that
 * a reader may be about to fetch. A reader has a pointer from before the next snapshot was written, so a snapshot goes when the next
 * one is older than `grace`; its own age says nothing.
 *
 * @param current the pointer's version
 * @param keep how many stay, the current one included; at least 1
 * @param grace milliseconds
 * @param now milliseconds since 1970, by the bucket's clock
 */
export function obsolete(
  snapshots: Iterable<ListedSnapshot>,
  current: bigint,
  { keep, grace, now }: { keep: number; grace: number; now: number },
): bigint[] {
  const upToCurrent = [...snapshots]
    .filter(({ version }) => version <= current)
    .sort((a, b) => (a.version < b.version ? 1 : -1));
  return upToCurrent
    .filter((_, i) => {
      const next = upToCurrent[i - 1];
      return i >= keep && next !== undefined && now - next.writtenAt > grace;
    })
    .map(({ version }) => version);
}

function damaged(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('copy_damaged', `${problem}.`, { cause });
}

function laterFormat(environment: bigint, format: number): HoldfastError {
  return new HoldfastError(
    'copy_damaged',
    `The pointer ${manifestName(environment)} is of format ${format}, which a later version of Holdfast writes. This one reads format ${FORMAT}: update it.`,
    { details: { format: `${format}` } },
  );
}

type Json = Readonly<Record<string, unknown>>;

function keyOf(value: unknown): CopiedKey {
  const json = objectOf(value);
  const kind = textOf(json, 'kind', /^(server|client)$/) as KeyKind;
  const revokedAt = json.revokedAt === undefined ? undefined : numberOf(json, 'revokedAt');
  return {
    id: textOf(json, 'id', /^[A-Za-z0-9-]+$/),
    kind,
    hash: textOf(json, 'hash'),
    createdAt: numberOf(json, 'createdAt'),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  };
}

function objectOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no object');
  return value as Json;
}

function arrayOf(json: Json, field: string): unknown[] {
  const value = json[field];
  if (!Array.isArray(value)) throw new Error(`${field} is no list`);
  return value;
}

function textOf(json: Json, field: string, form = /^/): string {
  const value = json[field];
  if (typeof value !== 'string' || !form.test(value)) throw new Error(`${field} is not what it must be`);
  return value;
}

function numberOf(json: Json, field: string): number {
  const value = json[field];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Error(`${field} is no number`);
  return value;
}

function idOf(json: Json, field: string): bigint {
  const value = json[field];
  const id = typeof value === 'string' ? parseVersion(value) : undefined;
  if (id === undefined) throw new Error(`${field} is no decimal number`);
  return id;
}
