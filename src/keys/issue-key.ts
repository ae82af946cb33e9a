/** Making an API key: its text, which is shown once, and what is stored of it. */
import { randomBytes } from 'node:crypto';
import type { Key, KeyKind, StoredEnvironment } from '../store/store.js';
import { hashKey } from './keyring.js';

/** A new key: its text, and the record to store. */
export interface IssuedKey {
  /** The key itself. It is not stored anywhere. */
  readonly text: string;
  readonly key: Key;
}

/**
 * A new key of the form `<random>-P<projectId>-E<environmentId>-SDK-<random>` (`CLIENT` for client
 * keys): some public SDKs read the ids from it, and some refuse a key without a dash. 192 of its
 * bits are random.
 *
 * @param now milliseconds since 1970
 * @param expiresAt the same; `undefined`: it does not expire
 */
export function issueKey(
  environment: StoredEnvironment,
  kind: KeyKind,
  name: string,
  now: number,
  expiresAt?: number,
): IssuedKey {
  const word = kind === 'server' ? 'SDK' : 'CLIENT';
  const text = `${random(8)}-P${environment.projectId}-E${environment.id}-${word}-${random(16)}`;
  const record = { id: random(8), environment: environment.id, kind, name, hash: hashKey(text) };
  const expiry = expiresAt === undefined ? {} : { expiresAt };
  return { text, key: { ...record, createdAt: now, ...expiry } };
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
