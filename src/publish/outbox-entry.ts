/** Makes outbox entries of feed entries and refetches, and targets of environments. Pure. */
import { CLIENT_SHARDS } from '../grip/channels.js';
import type { FeedEntry, FeedPosition, StoredEnvironment } from '../store/store.js';
import type { OutboxEntry, PublishTarget } from './outbox.js';
import { changeItems, closeItem, refetchItem } from './items.js';
import type { Refetch } from './refetch-schedule.js';

/** The targets that a proxy may have missed of an environment. */
export function targetsOf({ id: environment, version, clientVersion }: StoredEnvironment): PublishTarget[] {
  const shards = Array.from({ length: clientVersion > 0n ? CLIENT_SHARDS : 0 }, (_, shard) => shard);
  return [
    ...(version > 0n ? [{ kind: 'environment', environment, version } as const] : []),
    ...shards.map((shard) => ({ kind: 'clients', environment, shard, version: clientVersion }) as const),
  ];
}

/** A notification of the clients of a shard, behind the newest feed entry. */
export function refetchEntryOf(refetch: Refetch, position: FeedPosition): OutboxEntry {
  const { environment, shard, version, at } = refetch;
  const item = refetchItem(refetch);
  const target = { kind: 'clients', environment, shard, version } as const;
  return { position, at: Number(at / 1000n), target: target, items: [item], bytes: item.bytes };
}

/** The outbox entry of a feed entry; encoded once for all proxies. */
export function outboxEntryOf(entry: FeedEntry): OutboxEntry {
  const { position } = entry;
  if (entry.kind === 'change') {
    const { change } = entry;
    const items = changeItems(change);
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    const target = {
      kind: 'environment',
      environment: change.environment,
      version: change.version,
    } as const;
    return { position, at: Number(change.at / 1000n), target: target, items, bytes };
  }
  const { key } = entry;
  if (key.revokedAt === undefined)
    return { position, at: key.createdAt, target: { kind: 'none' }, items: [], bytes: 0 };
  const item = closeItem(key.id);
  return {
    position,
    at: key.revokedAt,
    target: { kind: 'key', keyId: key.id },
    items: [item],
    bytes: item.bytes,
  };
}
