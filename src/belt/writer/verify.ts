/**
 * Comparing every copy in a bucket with the store, thoroughly: every snapshot is read, hashed, and
 * held against the ruleset. The cheap form, which runs all the time, is checks.ts.
 */
import { HoldfastError } from '../../core/errors.js';
import { encodeEnvelope } from '../../ruleset/codec.js';
import { Ruleset } from '../../ruleset/ruleset.js';
import type { Key, Store, StoredRuleset } from '../../store/store.js';
import type { Bucket, BucketReader } from '../../bucket/bucket.js';
import { decodeManifest, type Manifest } from '../format/manifest.js';
import { ENVIRONMENTS_PREFIX, parseName, manifestName } from '../format/names.js';
import { runSteps } from '../../core/steps.js';
import { copiedKeysSteps, lacksKeys } from '../format/order.js';
import { KeysReader } from './keys-reader.js';
import { checkSnapshot, rulesetOf, sha256 } from '../format/snapshot.js';
import { inParallel } from './manifests.js';

/** The state of a copy compared with the store. */
export type CopyState =
  /** It is the store's ruleset, with all keys. */
  | 'equal'
  /** It is of an older version, or lacks a key or a revocation. */
  | 'behind'
  /** The store has the environment, the bucket has no copy. */
  | 'absent'
  /** It is newer than the store, or the store has no such environment: the store lost data. */
  | 'ahead'
  /** It has the store's version, and other content. */
  | 'forked'
  /**
   * Its manifest cannot be read, or its snapshot is missing, or is not the one that the manifest
   * names; or what the store has of the environment cannot be read.
   */
  | 'damaged';

/** The result for one environment. */
export interface VerifiedCopy {
  readonly environment: bigint;
  readonly state: CopyState;
  /** The version of the copy. */
  readonly copy: bigint | undefined;
  /** The version in the store. */
  readonly stored: bigint | undefined;
  /** When the copy was written, milliseconds since 1970. */
  readonly writtenAt: number | undefined;
  /** When the version in the store was committed, milliseconds since 1970. */
  readonly committedAt: number | undefined;
  /** The problem, where the state alone does not say it. */
  readonly problem?: string;
}

/** Snapshots read at a time. */
const AT_A_TIME = 4;

/**
 * Every environment of the store and of the bucket, ascending.
 *
 * @throws HoldfastError `bucket_unavailable`, `store_unavailable`
 */
export async function verifyBucket(
  bucket: Bucket,
  store: Store,
  signal: AbortSignal,
): Promise<VerifiedCopy[]> {
  const environments = new Set<bigint>();
  for await (const { name } of bucket.list(ENVIRONMENTS_PREFIX, signal)) {
    const parsed = parseName(name);
    if (parsed?.kind === 'manifest') environments.add(parsed.environment);
  }
  // After the bucket, so that what was created in the meantime is not taken for something that the
  // store lost.
  const { environments: stored, damaged } = await store.listEnvironments();
  for (const { id } of [...stored, ...damaged]) if (id !== undefined) environments.add(id);
  const keys = new Map<bigint, Key[]>();
  for (const key of await store.keys()) {
    const own = keys.get(key.environment);
    if (own === undefined) keys.set(key.environment, [key]);
    else own.push(key);
  }
  const verified: VerifiedCopy[] = [];
  await inParallel(environments, AT_A_TIME, async (environment) => {
    signal.throwIfAborted();
    verified.push(await examine(environment, bucket, store, keys.get(environment) ?? [], signal));
  });
  return verified.sort((a, b) => (a.environment < b.environment ? -1 : 1));
}

/**
 * A copy as a reader gets it: the manifest, and the snapshot that it names, which is what was
 * written.
 *
 * @throws HoldfastError `copy_damaged`, `bucket_unavailable`
 */
export async function readStoredCopy(
  bucket: BucketReader,
  environment: bigint,
  signal: AbortSignal,
): Promise<{ manifest: Manifest; ruleset: Ruleset } | undefined> {
  const reading = await bucket.read(manifestName(environment), { signal });
  if (reading.kind !== 'found') return undefined;
  const manifest = await new KeysReader(bucket).unpack(decodeManifest(reading.bytes, environment), signal);
  const snapshot = await bucket.read(manifest.object, { signal });
  if (snapshot.kind !== 'found') {
    throw new HoldfastError(
      'copy_damaged',
      `The snapshot ${manifest.object}, which its manifest names, is missing.`,
    );
  }
  checkSnapshot(manifest, snapshot.bytes);
  return { manifest, ruleset: rulesetOf(manifest, snapshot.bytes) };
}

async function examine(
  environment: bigint,
  bucket: Bucket,
  store: Store,
  keys: readonly Key[],
  signal: AbortSignal,
): Promise<VerifiedCopy> {
  const found = await readOrDamaged(bucket, environment, signal);
  // After the copy, so that a change that came in between makes the copy older and not newer.
  const stored = await readStored(store, environment);
  if (typeof stored === 'string') {
    const copy = typeof found === 'string' ? undefined : found?.manifest.version;
    const unknown = { stored: undefined, committedAt: undefined, writtenAt: undefined };
    return { environment, ...unknown, state: 'damaged', copy, problem: stored };
  }
  const base = {
    environment,
    stored: stored?.version,
    committedAt: stored === undefined ? undefined : Number(stored.at / 1000n),
  };
  if (typeof found === 'string') {
    return { ...base, state: 'damaged', copy: undefined, writtenAt: undefined, problem: found };
  }
  const { manifest } = found ?? {};
  const state = stateOf(manifest, stored, keys);
  return { ...base, state, copy: manifest?.version, writtenAt: manifest?.writtenAt };
}

async function readStored(store: Store, environment: bigint): Promise<StoredRuleset | string | undefined> {
  try {
    return await store.read(environment);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'store_damaged') return error.message;
    throw error;
  }
}

async function readOrDamaged(
  bucket: Bucket,
  environment: bigint,
  signal: AbortSignal,
): Promise<{ manifest: Manifest } | string | undefined> {
  try {
    return await readStoredCopy(bucket, environment, signal);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'copy_damaged') return error.message;
    throw error;
  }
}

function stateOf(
  manifest: Manifest | undefined,
  stored: StoredRuleset | undefined,
  keys: readonly Key[],
): CopyState {
  if (manifest === undefined) return 'absent';
  if (stored === undefined || manifest.version > stored.version) return 'ahead';
  if (manifest.version < stored.version) return 'behind';
  const ruleset = new Ruleset({ ...stored, environment: stored.id, envelope: encodeEnvelope(stored) });
  if (sha256(ruleset.encode(0n)) !== manifest.sha256) return 'forked';
  return lacksKeys(manifest.keys, runSteps(copiedKeysSteps(keys))) ? 'behind' : 'equal';
}
