/**
 * Copies one environment to one bucket, as it is now.
 *
 * Two writers at the same time do no harm, also when one of them slept anywhere in between:
 *
 *     A: reads ruleset 7 ····························· manifest 6 → 7? it is 8 now: refused, or seen as newer. 8 stays
 *     B:     reads ruleset 8, manifest 6, writes 8.binpb, manifest 6 → 8
 *
 * The manifest is replaced on the condition that it is the one that was read. Where a store ignores
 * conditions, it is read once more after it was written, and what another writer then finds older
 * than the store's ruleset is written again (worker.ts, `check`).
 */
import { HoldfastError } from '../../core/errors.js';
import { encodeEnvelope } from '../../ruleset/codec.js';
import { Ruleset } from '../../ruleset/ruleset.js';
import type { Key, Store, StoredRuleset } from '../../store/store.js';
import { OBJECT_MAX_BYTES, type Bucket, type BucketReader, type WriteOptions } from '../../bucket/bucket.js';
import { runSoon } from '../../core/steps.js';
import { packKeys, type PackedManifest } from '../format/keys.js';
import { decodeManifest, encodeManifest, type Manifest } from '../format/manifest.js';
import {
  folderName,
  KEYS_TYPE,
  parseName,
  manifestName,
  MANIFEST_CACHE,
  MANIFEST_TYPE,
  snapshotName,
  SNAPSHOT_CACHE,
  SNAPSHOT_TYPE,
} from '../format/names.js';
import { copiedKeysSteps, decideOrder } from '../format/order.js';
import { sha256 } from '../format/snapshot.js';
import type { KeysReader } from './keys-reader.js';

/**
 * The number of times that a manifest may change between being read and being replaced. Each time
 * another writer succeeded.
 */
const ATTEMPTS = 10;

/** The parts that an upload needs. */
export interface UploadParts {
  readonly store: Store;
  readonly bucket: Bucket;
  readonly conditions: 'kept' | 'ignored';
  /** The environment's keys, as they are now. */
  readonly keys: () => readonly Key[];
  readonly keysReader: KeysReader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** The outcome of an upload. */
export type UploadOutcome =
  | { readonly kind: 'written' | 'same'; readonly version: bigint }
  /**
   * The bucket has a newer copy than the store, or the store has nothing: it lost what was copied.
   * Nothing was written.
   */
  | { readonly kind: 'ahead'; readonly copy: bigint; readonly stored: bigint | undefined }
  /** The bucket has other content at that version. Nothing was written. */
  | { readonly kind: 'forked'; readonly version: bigint }
  /** There is no such environment, and no copy. */
  | { readonly kind: 'nothing' };

/**
 * @param repair write the snapshot although the manifest names it already
 * @throws HoldfastError `bucket_unavailable`, `store_unavailable`; then it may be done again at any
 *   time
 */
export async function upload(
  environment: bigint,
  parts: UploadParts,
  repair = false,
): Promise<UploadOutcome> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const read = await parts.store.read(environment);
    const existing = await existingManifest(environment, parts);
    const stored = read ?? (await deletedCopy(environment, existing, parts.store));
    const outcome = stored === undefined ? lost(existing) : await replace(stored, existing, parts, repair);
    if (outcome === 'conflict') continue;
    if (outcome.kind === 'ahead' || outcome.kind === 'forked') {
      // The ruleset was read before the manifest: another writer may have written what was
      // committed in between.
      const now = await parts.store.version(environment);
      if (now !== read?.version) continue;
    }
    return outcome;
  }
  throw new HoldfastError(
    'bucket_unavailable',
    `The manifest of environment ${environment} in the bucket ${parts.bucket.name} changes faster than it can be replaced.`,
  );
}

/** What the store has of an environment, with the mark of one that it deleted. */
type StoredCopy = StoredRuleset & { readonly deleted?: true };

/**
 * A deleted environment is copied as an empty one, marked as deleted, where there is a copy of it
 * already. Its keys are revoked, so readers refuse them; a restore does not bring it back.
 */
async function deletedCopy(
  environment: bigint,
  { manifest }: Existing,
  store: UploadParts['store'],
): Promise<StoredCopy | undefined> {
  if (manifest === undefined) return undefined;
  const deletion = await store.deletion(environment);
  if (deletion === undefined) return undefined;
  const { version, at } = deletion;
  const { projectId } = manifest;
  return {
    ...{ id: environment, projectId, name: '', version, clientVersion: version, at, live: 0, configs: [] },
    deleted: true,
  };
}

/** The bucket's manifest of an environment. */
interface Existing {
  readonly condition: 'absent' | { readonly etag: string };
  /** `undefined` when there is none, and when it cannot be read. */
  readonly manifest: Manifest | undefined;
  /** The version that an unreadable manifest may have named. */
  readonly atMost?: bigint;
}

async function existingManifest(environment: bigint, parts: UploadParts): Promise<Existing> {
  const { bucket, signal } = parts;
  const reading = await bucket.read(manifestName(environment), { signal });
  if (reading.kind !== 'found') return { condition: 'absent', manifest: undefined };
  const condition = { etag: reading.etag };
  try {
    const manifest = await parts.keysReader.unpack(decodeManifest(reading.bytes, environment), signal);
    return { condition, manifest };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.details?.format !== undefined) throw error;
    // It may have named any snapshot that there is, and must not be replaced by an older one.
    return { condition, manifest: undefined, atMost: await newestSnapshot(environment, parts) };
  }
}

async function newestSnapshot(environment: bigint, { bucket, signal }: UploadParts): Promise<bigint> {
  let newest = 0n;
  for await (const { name } of bucket.list(folderName(environment), signal)) {
    const parsed = parseName(name);
    if (parsed?.kind === 'snapshot' && parsed.version > newest) newest = parsed.version;
  }
  return newest;
}

function lost({ manifest, atMost }: Existing): UploadOutcome {
  const copy = manifest?.version ?? atMost;
  return copy === undefined ? { kind: 'nothing' } : { kind: 'ahead', copy, stored: undefined };
}

async function replace(
  stored: StoredCopy,
  { condition, manifest: existing, atMost }: Existing,
  parts: UploadParts,
  repair: boolean,
): Promise<UploadOutcome | 'conflict'> {
  const { bucket, signal } = parts;
  const { version } = stored;
  if (atMost !== undefined && atMost > version) return { kind: 'ahead', copy: atMost, stored: version };
  const { manifest: next, snapshot } = await copyOf(stored, parts);
  const decided = decideOrder(existing, next);
  if (decided.kind === 'ahead') return { kind: 'ahead', copy: decided.version, stored: version };
  if (decided.kind === 'forked') return { kind: 'forked', version };
  // A copy that no reader would take is refused before anything is written.
  const packed = decided.kind === 'write' ? await packKeys(decided.manifest) : undefined;
  const encoded = packed && encodeManifest(packed.manifest);
  if (existing?.version !== version || repair) await writeSnapshot(next, snapshot, parts);
  if (packed === undefined || encoded === undefined) return { kind: 'same', version };
  if (packed.keys !== undefined) await writeKeys(packed.keys, parts);
  const { kind } = await bucket.write(manifestName(next.environment), encoded, {
    condition: parts.conditions === 'kept' ? condition : undefined,
    contentType: MANIFEST_TYPE,
    cacheControl: MANIFEST_CACHE,
    signal,
  });
  if (kind === 'conflict') return 'conflict';
  parts.keysReader.remember(packed.manifest);
  if (parts.conditions === 'ignored' && !(await isThere(packed.manifest, parts))) return 'conflict';
  return { kind: 'written', version };
}

/** True when the bucket now has the manifest, or a newer one. */
async function isThere({ environment, version }: Manifest, parts: UploadParts): Promise<boolean> {
  const { manifest } = await existingManifest(environment, parts);
  return manifest !== undefined && manifest.version >= version;
}

/**
 * Writes a snapshot under its name, once. What has the name and other content was never named by a
 * manifest (a manifest of an older version cannot have), or is damaged.
 */
async function writeSnapshot(manifest: Manifest, snapshot: Uint8Array, parts: UploadParts): Promise<void> {
  const options = { contentType: SNAPSHOT_TYPE, cacheControl: SNAPSHOT_CACHE, signal: parts.signal };
  await writeOnce(manifest.object, snapshot, options, parts.bucket);
}

/** Writes an object of keys, which is named by its content. */
async function writeKeys(keys: NonNullable<PackedManifest['keys']>, parts: UploadParts): Promise<void> {
  const options = { contentType: KEYS_TYPE, cacheControl: SNAPSHOT_CACHE, signal: parts.signal };
  await writeOnce(keys.name, keys.content, options, parts.bucket);
}

async function writeOnce(
  name: string,
  content: Uint8Array,
  options: WriteOptions,
  bucket: Bucket,
): Promise<void> {
  const { kind } = await bucket.write(name, content, { ...options, condition: 'absent' });
  if (kind === 'written' || (await hasContent(name, content, bucket, options.signal))) return;
  await bucket.write(name, content, options);
}

async function hasContent(
  name: string,
  content: Uint8Array,
  bucket: BucketReader,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const reading = await bucket.read(name, { max: content.length, signal });
    return reading.kind === 'found' && Buffer.compare(reading.bytes, content) === 0;
  } catch (error) {
    // It is larger.
    if (error instanceof HoldfastError && error.code === 'copy_damaged') return false;
    throw error;
  }
}

async function copyOf(
  stored: StoredCopy,
  parts: UploadParts,
): Promise<{ manifest: Manifest; snapshot: Uint8Array }> {
  const { id: environment, version, clientVersion, at, projectId, name } = stored;
  const ruleset = new Ruleset({ ...stored, environment, envelope: encodeEnvelope(stored) });
  const snapshot = ruleset.encode(0n);
  if (snapshot.length > OBJECT_MAX_BYTES) {
    throw new HoldfastError(
      'copy_too_large',
      `The ruleset of environment ${environment} has ${snapshot.length} bytes, and no reader of copies takes more than ${OBJECT_MAX_BYTES}.`,
    );
  }
  const manifest = {
    environment,
    version,
    clientVersion,
    committedAt: at,
    writtenAt: parts.now(),
    object: snapshotName(environment, version),
    bytes: snapshot.length,
    sha256: sha256(snapshot),
    projectId,
    name,
    keys: await runSoon(copiedKeysSteps(parts.keys())),
    ...(stored.deleted === true ? { deleted: true as const } : {}),
  };
  return { manifest, snapshot };
}
