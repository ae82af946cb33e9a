/** The order rule of manifests, and the merging of their keys. Pure. names.ts states the rule. */
import type { Key } from '../../store/store.js';
import type { CopiedKey, Manifest } from './manifest.js';

/** Converts keys of the store to the form that copies have. */
export function copiedKeys(keys: Iterable<Key>): CopiedKey[] {
  return Array.from(keys, ({ id, kind, hash, createdAt, revokedAt }) => ({
    id,
    kind,
    hash,
    createdAt,
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }));
}

/** The order rule's decision about replacing a manifest. */
export type OrderDecision =
  /** It may be replaced by this one. */
  | { readonly kind: 'write'; readonly manifest: Manifest }
  /** It says the same already. */
  | { readonly kind: 'same' }
  /** It is newer than what would replace it. */
  | { readonly kind: 'ahead'; readonly version: bigint }
  /**
   * It has the same version with other content: the store lost what was copied, and something else
   * took its version.
   */
  | { readonly kind: 'forked' };

/**
 * Decides whether `next` may replace the bucket's manifest. @param existing the bucket's, if it has
 * one
 */
export function decideOrder(existing: Manifest | undefined, next: Manifest): OrderDecision {
  if (existing === undefined) return { kind: 'write', manifest: next };
  if (existing.version > next.version) return { kind: 'ahead', version: existing.version };
  const keys = mergeKeys(existing.keys, next.keys);
  const manifest = { ...next, keys };
  if (existing.version < next.version) return { kind: 'write', manifest };
  if (existing.sha256 !== next.sha256) return { kind: 'forked' };
  const same =
    existing.name === next.name &&
    existing.projectId === next.projectId &&
    existing.committedAt === next.committedAt &&
    sameKeys(existing.keys, keys);
  return same ? { kind: 'same' } : { kind: 'write', manifest };
}

/** True when a manifest lacks one of these keys, or the revocation of one. */
export function lacksKeys(existing: readonly CopiedKey[], keys: readonly CopiedKey[]): boolean {
  return !sameKeys(existing, mergeKeys(existing, keys));
}

/**
 * All keys of both. The store deletes none, so one that only the copy has was lost by the store. A
 * revocation in either counts.
 */
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
