/** The manifest of an environment in a bucket: its fields, and its JSON. Pure. */
import { HoldfastError, messageOf } from '../../core/errors.js';
import { parseVersion } from '../../ruleset/version.js';
import type { KeyKind } from '../../store/store.js';
import { keysName, manifestName, snapshotName } from './names.js';

/** An API key as copies have it: enough to tell that a client has it, never its text. */
export interface CopiedKey {
  readonly id: string;
  readonly kind: KeyKind;
  /** SHA-256 of the key's text, lower-case hex. */
  readonly hash: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The key is refused from then on. */
  readonly expiresAt?: number | undefined;
  readonly revokedAt?: number | undefined;
}

/** An environment's manifest: the newest snapshot, and what a server needs to serve it. */
export interface Manifest {
  readonly environment: bigint;
  readonly version: bigint;
  /** The version of the values that client-side SDKs see; at most `version`. */
  readonly clientVersion: bigint;
  /**
   * When that version was committed: microseconds since 1970 by the store's clock. 0 at version 0.
   */
  readonly committedAt: bigint;
  /** When the manifest was written, milliseconds since 1970 by the writer's clock. */
  readonly writtenAt: number;
  /** The name of the snapshot. */
  readonly object: string;
  /** The size of the snapshot. */
  readonly bytes: number;
  /** SHA-256 of the snapshot's bytes, lower-case hex. */
  readonly sha256: string;
  readonly projectId: bigint;
  /** The environment's name. */
  readonly name: string;
  /** The environment's keys, revoked ones included, ascending by id. */
  readonly keys: readonly CopiedKey[];
  /** Where the keys are when they are too many for the manifest (keys.ts). */
  readonly keysObject?: KeysObject | undefined;
  /** Present when the environment was deleted at that version: the snapshot is empty. */
  readonly deleted?: true;
}

/** An object of keys, as a manifest names it. */
export interface KeysObject {
  readonly object: string;
  readonly bytes: number;
  /** SHA-256 of its bytes, lower-case hex. */
  readonly sha256: string;
}

/** The largest manifest that is written or read, bytes. */
export const MANIFEST_MAX_BYTES = 1024 * 1024;

/** A manifest of a later format is not read: what it says may mean something else. */
const NEWEST_FORMAT = 2;
/** The format of manifests that have their keys themselves. Those of format 2 name their object. */
const INLINE_FORMAT = 1;

/**
 * Encodes a manifest as JSON, without the keys that are in an object.
 *
 * @throws HoldfastError `copy_too_large` for one that no reader takes
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { environment, version, clientVersion, committedAt, writtenAt, projectId, keys, ...rest } = manifest;
  const isInline = manifest.keysObject === undefined;
  const json = {
    format: isInline ? INLINE_FORMAT : NEWEST_FORMAT,
    environment: `${environment}`,
    version: `${version}`,
    clientVersion: `${clientVersion}`,
    committedAt: `${committedAt}`,
    writtenAt,
    projectId: `${projectId}`,
    ...rest,
    ...(isInline && { keys }),
  };
  const bytes = Buffer.from(`${JSON.stringify(json)}\n`);
  if (bytes.length > MANIFEST_MAX_BYTES) {
    throw new HoldfastError(
      'copy_too_large',
      `The manifest of environment ${environment} has ${bytes.length} bytes, and no reader of copies takes more than ${MANIFEST_MAX_BYTES}.`,
    );
  }
  return bytes;
}

/**
 * Reads a manifest, without the keys that are in an object. Fields that it does not know are passed
 * over: a later writer may add some.
 *
 * By hand and not by a schema library, because servers on tiny machines read manifests and little
 * else: zod adds 12 MB and 0.15 s to such a process.
 *
 * @param environment whose manifest it must be
 * @throws HoldfastError `copy_damaged`; with `format` in its details when a later Holdfast wrote
 *   it, which an earlier one must leave alone
 */
export function decodeManifest(bytes: Uint8Array, environment: bigint): Manifest {
  try {
    const json = objectOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const { format } = json;
    if (typeof format === 'number' && format > NEWEST_FORMAT) throw laterFormat(environment, format);
    if (format !== INLINE_FORMAT && format !== NEWEST_FORMAT)
      throw new Error(`format is not ${INLINE_FORMAT} or ${NEWEST_FORMAT}`);
    const manifest = {
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
      ...(format === INLINE_FORMAT
        ? { keys: arrayOf(json, 'keys').map(parseKey) }
        : { keys: [], keysObject: keysObjectOf(objectOf(json.keysObject), environment) }),
      ...(json.deleted === true ? { deleted: true as const } : {}),
    };
    if (manifest.environment !== environment) throw new Error('environment is another');
    const object = snapshotName(environment, manifest.version);
    if (manifest.object !== object) throw new Error(`object is not ${object}`);
    return manifest;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw damagedCopy(`The manifest ${manifestName(environment)} cannot be read: ${messageOf(error)}`, error);
  }
}

/** The error of a copy that is not what was written. */
export function damagedCopy(problem: string, cause?: unknown): HoldfastError {
  return new HoldfastError('copy_damaged', `${problem}.`, { cause });
}

function laterFormat(environment: bigint, format: number): HoldfastError {
  return new HoldfastError(
    'copy_damaged',
    `The manifest ${manifestName(environment)} is of format ${format}, which a later version of Holdfast writes. This one reads formats up to ${NEWEST_FORMAT}: update it.`,
    { details: { format: `${format}` } },
  );
}

type Json = Readonly<Record<string, unknown>>;

function keysObjectOf(json: Json, environment: bigint): KeysObject {
  const sha256 = textOf(json, 'sha256', /^[0-9a-f]{64}$/);
  const object = textOf(json, 'object');
  if (object !== keysName(environment, sha256)) throw new Error('keysObject.object is not named by its hash');
  return { object, bytes: numberOf(json, 'bytes'), sha256 };
}

/** Reads a key of a manifest, or of an object of keys. @throws Error that says what is wrong */
export function parseKey(value: unknown): CopiedKey {
  const json = objectOf(value);
  const kind = textOf(json, 'kind', /^(server|client)$/) as KeyKind;
  const expiresAt = json.expiresAt === undefined ? undefined : numberOf(json, 'expiresAt');
  const revokedAt = json.revokedAt === undefined ? undefined : numberOf(json, 'revokedAt');
  return {
    id: textOf(json, 'id', /^[A-Za-z0-9-]+$/),
    kind,
    hash: textOf(json, 'hash'),
    createdAt: numberOf(json, 'createdAt'),
    ...(expiresAt === undefined ? {} : { expiresAt }),
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
