/** Rules of both stores beyond those that the types of the port express. Pure. */
import { HoldfastError } from '../core/errors.js';
import type { Commit, Key } from './store.js';

/**
 * The environment of the canary, whose changes measure delivery (docs/decisions/0063). Ids of users
 * begin at 1. Its changes are in the feed like any other; it is in no list of environments, has no
 * history, and no API key.
 */
export const CANARY_ENVIRONMENT = 0n;

/** The time for which a request is remembered by its idempotency key, milliseconds. */
export const IDEMPOTENCY_TTL = 24 * 60 * 60 * 1000;

/**
 * The most that the remembered requests of one environment may take, bytes. Beyond it the oldest
 * are forgotten before their time. About 30,000 small changes, or twelve of the largest.
 */
export const IDEMPOTENCY_BYTES = 16 * 1024 * 1024;

/**
 * Refuses a commit that contradicts itself; no input of a client can be the cause.
 *
 * @throws HoldfastError `internal`
 */
export function checkCommit(commit: Commit): void {
  const { environment, expect, settings, change } = commit;
  const problem =
    expect === undefined && settings === undefined
      ? 'creates it without settings'
      : change !== undefined && change.previous !== (expect ?? 0n)
        ? 'has a change that does not follow the version it expects'
        : change !== undefined && change.version <= change.previous
          ? 'has a change that does not move its version'
          : change !== undefined && !ascend(change.clientPrevious, change.clientVersion, change.version)
            ? 'has a change whose client version goes back, or beyond its version'
            : undefined;
  if (problem !== undefined) {
    throw new HoldfastError('internal', `A commit to environment ${environment} ${problem}.`);
  }
}

function ascend(...versions: bigint[]): boolean {
  return versions.every((version, i) => version >= (versions[i - 1] ?? 0n));
}

/**
 * Orders keys ascending by creation; the id decides between keys of one millisecond, so that the
 * order is the same everywhere.
 */
export function byCreation(a: Key, b: Key): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The error for a key that is not new. */
export function keyExists(key: Key): HoldfastError {
  return new HoldfastError(
    'field_invalid',
    `A key with the id ${key.id} or the same hash exists; create another.`,
    {
      field: 'hash',
    },
  );
}
