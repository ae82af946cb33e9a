/** The manifest of an environment in a bucket: its fields, and its JSON. Pure. */
import { HoldfastError, messageOf } from '../../core/errors.js';
import { parseVersion } from '../../ruleset/version.js';
import type { KeyKind } from '../../store/store.js';
import { manifestName, snapshotName } from './names.js';

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
  /** Present when the environment was deleted at that version: the snapshot is empty. */
  readonly deleted?: true;
}

/**
 * The largest manifest that is read, bytes: about 60,000 keys, which take half a second of one turn
 * on a slow machine.
 */
export const MANIFEST_MAX_BYTES = 8 * 1024 * 1024;

/** A manifest of another format is not read: what it says may mean something else. */
const FORMAT = 1;

/** The JSON of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const { environment, version, clientVersion, committedAt, writtenAt, projectId, ...rest } = manifest;
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
 * Reads a manifest. Fields that it does not know are passed over: a later writer may add some.
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
    if (typeof format === 'number' && format > FORMAT) throw laterFormat(environment, format);
    if (format !== FORMAT) throw new Error(`format is not ${FORMAT}`);
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
      keys: arrayOf(json, 'keys').map(keyOf),
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
    `The manifest ${manifestName(environment)} is of format ${format}, which a later version of Holdfast writes. This one reads format ${FORMAT}: update it.`,
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
