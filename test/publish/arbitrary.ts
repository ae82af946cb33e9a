/** Feed entries as the outbox holds them, of any size, without encoding anything. */
import type { ClientsTarget, OutboxEntry, PublishTarget } from '../../src/publish/outbox/entry.js';
import { clientPosition } from '../../src/ruleset/client-position.js';
import { refetchItem, type Item } from '../../src/publish/outbox/items.js';
import { itemText, type PublishedItem } from '../support/publish-endpoint.js';

export const readItem = (item: Item): PublishedItem => JSON.parse(item.json) as PublishedItem;

/** An item as short text; see `itemText`. */
export const nameOf = (item: Item): string => itemText(readItem(item));

/** @param bytes the size of the item's JSON text */
export function itemOf(environment: bigint, previous: number, id: number, bytes = 0): Item {
  const base = {
    channel: `environment-${environment}`,
    id: `${id}`,
    'prev-id': `${previous}`,
    formats: { 'http-stream': { content: '' } },
  };
  const missing = Math.max(0, bytes - JSON.stringify(base).length);
  base.formats['http-stream'].content = 'x'.repeat(missing);
  const json = JSON.stringify(base);
  return { json, bytes: json.length };
}

function entryOf(position: number, subject: PublishTarget, items: readonly Item[]): OutboxEntry {
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  return { position: `${position}`, at: position, target: subject, items, bytes };
}

/** A change from one version to another, in that many pieces. */
export function changeEntry(
  position: number,
  environment: bigint,
  previous: number,
  version: number,
  options: { pieces?: number; bytes?: number } = {},
): OutboxEntry {
  const { pieces = 1, bytes } = options;
  const step = (version - previous) / pieces;
  const items = Array.from({ length: pieces }, (_, index) =>
    itemOf(environment, previous + index * step, previous + (index + 1) * step, bytes),
  );
  const subject = { kind: 'environment', environment, version: BigInt(version) } as const;
  return entryOf(position, subject, items);
}

export function closeEntry(position: number, keyId: string): OutboxEntry {
  const json = JSON.stringify({
    channel: `key-${keyId}`,
    'prev-id': '0',
    formats: { 'http-stream': { action: 'close' } },
  });
  return entryOf(position, { kind: 'key', keyId }, [{ json, bytes: json.length }]);
}

export function silentEntry(position: number): OutboxEntry {
  return entryOf(position, { kind: 'none' }, []);
}

/** Word to a shard of clients, which was told `previous` before. */
export function tellEntry(place: number, subject: ClientsTarget, previous: number): OutboxEntry {
  const { environment, shard, position } = subject;
  const before = clientPosition(BigInt(previous), 0);
  const item = refetchItem({ environment, shard, position, previous: before, at: 0n });
  return entryOf(place, subject, [item]);
}
