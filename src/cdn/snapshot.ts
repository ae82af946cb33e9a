/**
 * Snapshots: the delta from a version (0: everything) as one protobuf `Configs`, for clients at
 * their start and for those that poll. [protocol] #snapshot
 */
import type { Ruleset } from '../ruleset/ruleset.js';
import { rulesetKey } from './surrogate-keys.js';

/** The encodings of a snapshot. */
export type SnapshotFormat = 'protobuf' | 'json';

/** The head of the answer with a snapshot. */
export interface SnapshotHead {
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
}

/**
 * The lifetime of a snapshot, or of values evaluated from a ruleset, in a shared cache: served for
 * a second, for a minute more while it revalidates, and for a day while we are down. A client that
 * starts from an old snapshot loses nothing: its subscription sends what it lacks.
 *
 * The browser-facing `Cache-Control` says `no-cache`, because SDKs keep ETags only with it or a
 * max-age, and replay errors under the latter.
 */
function cdnCache(age: number): string {
  return `public, max-age=${age + 1}, stale-while-revalidate=60, stale-if-error=86400`;
}

/**
 * The headers of such an answer next to its ETag. It varies by the key.
 *
 * @param surrogateKey by what it is purged
 * @param age the value of its `Age`, seconds: a cache counts from there
 */
export function cacheHeaders(surrogateKey: string, age = 0): Readonly<Record<string, string>> {
  return {
    'Cache-Control': 'public, no-cache',
    'CDN-Cache-Control': cdnCache(age),
    'Surrogate-Control': cdnCache(age),
    'Surrogate-Key': surrogateKey,
    Vary: 'Authorization',
  };
}

/**
 * Builds the head of the answer with a snapshot of the present version.
 *
 * @param age as for `cacheHeaders`
 */
export function snapshotHead(ruleset: Ruleset, format: SnapshotFormat, age = 0): SnapshotHead {
  const suffix = format === 'json' ? '-json' : '';
  return {
    etag: `"${ruleset.environment}-${ruleset.version}${suffix}"`,
    headers: cacheHeaders(rulesetKey(ruleset.environment), age),
    contentType: format === 'json' ? 'application/json; charset=utf-8' : 'application/x-protobuf',
  };
}

/**
 * True when an `If-None-Match` header names that ETag. Weak ones count: a cache that compressed the
 * body weakens them.
 */
export function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
}
