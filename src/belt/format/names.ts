/**
 * The content of a bucket: names (here), the manifest, snapshots, keys, and the order rule (next to
 * here). Pure.
 *
 *     environments/<environment>/<version>.binpb   a snapshot: the whole ruleset, tombstones included, as one encoded `Configs`
 *     environments/<environment>/latest.json       the manifest: which snapshot is the newest, and what a server needs to serve it
 *     environments/<environment>/keys-<hash>.ndjson   the keys of an environment with more than 1,000 (keys.ts)
 *
 * The order rule, which every writer keeps: a manifest is never replaced by one of a lower version;
 * at the same version it must name the same bytes, and only keys and names may change; a key that
 * it has is never taken away, and one that is revoked stays revoked. A snapshot, and an
 * object of keys, is written before the manifest that names it, and never with other content than it
 * had.
 */
import { parseVersion } from '../../ruleset/version.js';

/** The content type of a manifest. */
export const MANIFEST_TYPE = 'application/json';
/** The content type of an object of keys; its `Cache-Control` is that of a snapshot. */
export const KEYS_TYPE = 'application/x-ndjson';
/** The content type of a snapshot. */
export const SNAPSHOT_TYPE = 'application/x-protobuf';
/** The `Cache-Control` of a manifest, which is revalidated at each use. */
export const MANIFEST_CACHE = 'no-cache';
/** The `Cache-Control` of a snapshot, which never changes. */
export const SNAPSHOT_CACHE = 'public, max-age=31536000, immutable';

/** The prefix of all names that belong to an environment. */
export const ENVIRONMENTS_PREFIX = 'environments/';
/** The prefix of an environment's names. */
export function folderName(environment: bigint): string {
  return `${ENVIRONMENTS_PREFIX}${environment}/`;
}

/** The name of an environment's manifest. */
export function manifestName(environment: bigint): string {
  return `${folderName(environment)}latest.json`;
}

/** The name of a snapshot. */
export function snapshotName(environment: bigint, version: bigint): string {
  return `${folderName(environment)}${version}.binpb`;
}

/** The name of an object of keys. @param sha256 of its content, lower-case hex */
export function keysName(environment: bigint, sha256: string): string {
  return `${folderName(environment)}keys-${sha256}.ndjson`;
}

/** Parses a name in a bucket; `undefined` for one that no writer makes. */
export function parseName(
  name: string,
):
  | { environment: bigint; kind: 'manifest' | 'keys' }
  | { environment: bigint; kind: 'snapshot'; version: bigint }
  | undefined {
  const match = /^environments\/(\d+)\/(?:(\d+)\.binpb|latest\.json|(keys-[0-9a-f]{64}\.ndjson))$/.exec(name);
  const environment = parseVersion(match?.[1]);
  if (environment === undefined) return undefined;
  if (match?.[3] !== undefined) return { environment, kind: 'keys' };
  if (match?.[2] === undefined) return { environment, kind: 'manifest' };
  const version = parseVersion(match[2]);
  return version === undefined ? undefined : { environment, kind: 'snapshot', version };
}
