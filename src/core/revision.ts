/** Revisions of settings: short texts that name a state, for `If-Match`. */
import { createHash } from 'node:crypto';

/** Returns the revision of settings: equal ones have equal revisions, and others another. */
export function revisionOf(...settings: readonly (string | Uint8Array | undefined)[]): string {
  const hash = createHash('sha256');
  for (const each of settings) {
    const bytes = each === undefined ? undefined : Buffer.from(each);
    // With its length, so that no two lists of settings are the same bytes.
    hash.update(`${bytes?.length ?? '-'}:`).update(bytes ?? '');
  }
  return hash.digest('base64url').slice(0, 22);
}
