/** The order rule of manifests, and the merging of their keys. Pure. names.ts states the rule. */
import type { Key } from '../../store/store.js';
import { mapSteps, sortSteps, type Steps } from '../../core/steps.js';
import { isPacked } from './keys.js';
import type { CopiedKey, Manifest } from './manifest.js';

/** Converts keys of the store to the form that copies have, ascending by id. */
export function* copiedKeysSteps(keys: Iterable<Key>): Steps<CopiedKey[]> {
  const copied = yield* mapSteps(keys, ({ id, kind, hash, createdAt, expiresAt, revokedAt }) => ({
    id,
    kind,
    hash,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  }));
  return yield* sortSteps(copied, byId);
}

/** Returns a key as it is at a time, milliseconds since 1970: one that expired is revoked. */
export function keyAt(now: number, key: CopiedKey | undefined): CopiedKey | undefined {
  if (key?.expiresAt === undefined || key.revokedAt !== undefined) return key;
  return key.expiresAt > now ? key : { ...key, revokedAt: key.expiresAt };
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
    isPacked(existing) &&
    existing.name === next.name &&
    existing.projectId === next.projectId &&
    existing.committedAt === next.committedAt &&
    keys === existing.keys;
  return same ? { kind: 'same' } : { kind: 'write', manifest };
}

/** True when a manifest lacks one of these keys, or the revocation of one. */
export function lacksKeys(existing: readonly CopiedKey[], keys: readonly CopiedKey[]): boolean {
  return mergeKeys(existing, keys) !== existing;
}

/**
 * Merges keys, ascending by id. The store deletes none, so one that only the copy has was lost by
 * the store. A revocation in either counts. Returns `existing` itself when nothing is added.
 */
export function mergeKeys(existing: readonly CopiedKey[], next: readonly CopiedKey[]): readonly CopiedKey[] {
  if (existing === next) return existing;
  const ours = inOrder(existing);
  const theirs = inOrder(next);
  const merged: CopiedKey[] = [];
  let isNew = ours !== existing;
  let at = 0;
  for (const key of theirs) {
    for (let own = ours[at]; own !== undefined && own.id < key.id; own = ours[++at]) merged.push(own);
    const own =
      merged.at(-1)?.id === key.id ? merged.pop() : ours[at]?.id === key.id ? ours[at++] : undefined;
    // Nothing else of a key ever changes; an earlier release left expiries out.
    const isOurs =
      own !== undefined &&
      (own.revokedAt !== undefined || key.revokedAt === undefined) &&
      (own.expiresAt !== undefined || key.expiresAt === undefined);
    merged.push(isOurs ? own : { ...own, ...key });
    isNew ||= !isOurs;
  }
  if (!isNew) return existing;
  return merged.concat(ours.slice(at));
}

/** Sorts keys by id, unless they are. */
function inOrder(keys: readonly CopiedKey[]): readonly CopiedKey[] {
  let last: CopiedKey | undefined;
  for (const key of keys) {
    if (last !== undefined && byId(last, key) > 0) return [...keys].sort(byId);
    last = key;
  }
  return keys;
}

function byId(a: CopiedKey, b: CopiedKey): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
