/** Entries of the outbox, and the targets that they concern. Pure. */
import { CLIENT_SHARDS } from '../../grip/channels.js';
import type { FeedEntry, FeedPosition, StoredEnvironment } from '../../store/store.js';
import type { Refetch } from '../refetch-schedule.js';
import { changeItems, closeItem, refetchItem, type Item } from './items.js';

/**
 * A feed entry as the proxies need it, or a notification of a shard of clients that follows from
 * one later and has its position. Encoded once for all proxies.
 */
export interface OutboxEntry {
  readonly position: FeedPosition;
  /** The time of the commit, milliseconds since 1970. */
  readonly at: number;
  readonly target: PublishTarget;
  readonly items: readonly Item[];
  /** The size of all items. */
  readonly bytes: number;
  readonly trace?: OutboxTrace;
}

/** The trace of a change, of which publishing is a part. */
export interface OutboxTrace {
  /** A traceparent. */
  readonly parent: string;
  /** The time at which the entry came into the outbox, milliseconds since 1970. */
  readonly queuedAt: number;
}

/** The concern of an entry: its holds are made to recover when its items cannot be sent. */
export type PublishTarget =
  | { readonly kind: 'environment'; readonly environment: bigint; readonly version: bigint }
  | ClientsTarget
  | { readonly kind: 'key'; readonly keyId: string }
  /** The target of an entry that needs no item, such as a key that was created. */
  | { readonly kind: 'none' };

/** One shard of the event streams of an environment. */
export interface ClientsTarget {
  readonly kind: 'clients';
  readonly environment: bigint;
  readonly shard: number;
  /** See ruleset/client-position.ts. */
  readonly position: bigint;
}

/**
 * Returns everything that a proxy may have missed of an environment.
 *
 * @param position of its clients
 */
export function targetsOf(
  { id: environment, version, clientVersion }: StoredEnvironment,
  position: bigint,
): PublishTarget[] {
  const shards = Array.from({ length: clientVersion > 0n ? CLIENT_SHARDS : 0 }, (_, shard) => shard);
  return [
    ...(version > 0n ? [{ kind: 'environment', environment, version } as const] : []),
    ...shards.map((shard) => ({ kind: 'clients', environment, shard, position }) as const),
  ];
}

/**
 * Builds the entry that notifies a shard of clients.
 *
 * @param position that of the newest feed entry
 */
export function refetchEntryOf(refetch: Refetch, position: FeedPosition): OutboxEntry {
  const { environment, shard, position: id, at } = refetch;
  const target = { kind: 'clients', environment, shard, position: id } as const;
  return entryOf(position, Number(at / 1000n), target, [refetchItem(refetch)]);
}

/**
 * Builds the entry of a feed entry.
 *
 * @param now milliseconds since 1970
 */
export function outboxEntryOf(entry: FeedEntry, now: number): OutboxEntry {
  const { position } = entry;
  if (entry.kind === 'change') {
    const { environment, version, at, deletes, trace } = entry.change;
    // Its holds were closed with its keys. One that a proxy still has keeps what it has, until its
    // next verification ends it.
    if (deletes === true) return entryOf(position, Number(at / 1000n), { kind: 'none' }, []);
    const target = { kind: 'environment', environment, version } as const;
    const made = entryOf(position, Number(at / 1000n), target, changeItems(entry.change));
    return trace === undefined ? made : { ...made, trace: { parent: trace, queuedAt: now } };
  }
  const { id, createdAt, revokedAt } = entry.key;
  return revokedAt === undefined
    ? entryOf(position, createdAt, { kind: 'none' }, [])
    : entryOf(position, revokedAt, { kind: 'key', keyId: id }, [closeItem(id)]);
}

function entryOf(
  position: FeedPosition,
  at: number,
  target: PublishTarget,
  items: readonly Item[],
): OutboxEntry {
  return { position, at, target, items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0) };
}
