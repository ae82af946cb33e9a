/** GRIP items: the messages that a proxy is sent for its channels. [protocol] #items */
import { clientsChannel, KEY_PREV_ID, keyChannel, environmentChannel } from '../../grip/channels.js';
import { cut, eventText } from '../../ruleset/event.js';
import { positionText } from '../../ruleset/client-position.js';
import { refetchText } from '../../ruleset/refetch.js';
import type { Change } from '../../ruleset/ruleset.js';
import type { Refetch } from '../refetch-schedule.js';

/** One element of a publish request's `items`, ready to be sent. */
export interface Item {
  /** The JSON text. */
  readonly json: string;
  /** Its size in UTF-8, bytes. */
  readonly bytes: number;
}

/**
 * Builds the items of a change: one, or a chain along the delta's prefixes when it is too large for
 * one event. Each hold at `previous` takes it; a hold that stands elsewhere recovers by itself.
 */
export function changeItems(change: Change): Item[] {
  const channel = environmentChannel(change.environment);
  return cut(change.configs, change.previous, change.version, change.envelope.length).map((piece) =>
    item({
      channel,
      id: `${piece.id}`,
      'prev-id': `${piece.previous}`,
      formats: { 'http-stream': { content: eventText(piece, change.envelope) } },
    }),
  );
}

/** Builds the item that notifies one shard of an environment's clients to fetch. */
export function refetchItem({ environment, shard, previous, position, at }: Refetch): Item {
  return item({
    channel: clientsChannel(environment, shard),
    id: positionText(position),
    'prev-id': positionText(previous),
    formats: { 'http-stream': { content: refetchText(position, at) } },
  });
}

/**
 * Builds the item that makes every hold of a stream fetch its link: it has an id but no prev-id, so
 * it follows no hold's position. Holds that have everything get an empty answer. Measured: 3,000
 * holds in 3.2 s with 41 requests.
 */
export function resyncItem(channel: string, id: string): Item {
  return item({
    channel,
    id,
    formats: { 'http-stream': { content: '' } },
  });
}

/**
 * Builds the item that ends every stream of an API key. It has no id, so that a proxy never takes
 * it for a repeat.
 */
export function closeItem(keyId: string): Item {
  return item({
    channel: keyChannel(keyId),
    'prev-id': KEY_PREV_ID,
    formats: { 'http-stream': { action: 'close' } },
  });
}

function item(value: object): Item {
  const json = JSON.stringify(value);
  return { json, bytes: Buffer.byteLength(json) };
}
