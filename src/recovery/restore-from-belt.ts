/**
 * Writing back what the store lost, from the copies in a bucket: after Redis was started empty, and
 * no node remembers. An operator asks for it (`holdfast restore --from`), because an empty store
 * may also be the wrong one.
 */
import type { Bucket } from '../bucket/bucket.js';
import { type Manifest } from '../belt/format/manifest.js';
import { ENVIRONMENTS_PREFIX, parseName } from '../belt/format/names.js';
import { readStoredCopy } from '../belt/writer/verify.js';
import { HOLDFAST_AUTHOR } from '../store/history.js';
import type { Key, Store } from '../store/store.js';
import { commitWhole, type Restored } from './restore.js';

/** The results of restoring from a bucket. */
export interface RestoredCopies extends Restored {
  /** Environments that the store has in an older version than the bucket; they are left alone. */
  readonly older: readonly bigint[];
}

/**
 * Commits every environment that is in the bucket and not in the store, at its version and with its
 * ids, and then the keys and revocations that the store has not. What the store has is left alone.
 * Can be repeated.
 *
 * @throws HoldfastError `bucket_unavailable`, `store_unavailable`, `copy_damaged`; what was written
 *   until then stays
 */
export async function restoreCopies(
  store: Store,
  bucket: Bucket,
  signal: AbortSignal,
): Promise<RestoredCopies> {
  const environments: { id: bigint; version: bigint }[] = [];
  const older: bigint[] = [];
  let keys = 0;
  const present = new Map((await store.keys()).map((key) => [key.id, key]));
  for await (const { name } of bucket.list(ENVIRONMENTS_PREFIX, signal)) {
    const parsed = parseName(name);
    const copy =
      parsed?.kind === 'manifest' ? await readStoredCopy(bucket, parsed.environment, signal) : undefined;
    // What was deleted stays so.
    if (copy === undefined || copy.manifest.deleted === true) continue;
    const { environment: id, version } = copy.manifest;
    const stored = await store.version(id);
    if (stored !== undefined) {
      if (stored < version) older.push(id);
    } else if (
      await commitWhole(store, copy.ruleset, { name: copy.manifest.name, author: HOLDFAST_AUTHOR })
    ) {
      environments.push({ id, version });
    }
    keys += await writeKeys(store, copy.manifest, present);
  }
  return { environments, older, keys };
}

/** Copies have no names of keys: they come back without one. */
async function writeKeys(
  store: Store,
  manifest: Manifest,
  present: ReadonlyMap<string, Key>,
): Promise<number> {
  const { environment } = manifest;
  const missing = manifest.keys.filter(({ id }) => !present.has(id));
  let written = await store.addMissingKeys(missing.map((key) => ({ ...key, environment, name: '' })));
  for (const { id, revokedAt } of manifest.keys) {
    const there = present.get(id);
    if (revokedAt === undefined || there === undefined || there.revokedAt !== undefined) continue;
    await store.revokeKey(id, revokedAt);
    written++;
  }
  return written;
}
