/**
 * The decision at the heart of a subscription: from the position of a client to what it must be
 * sent. Pure.
 */
import { parseStreamPosition, type Stream } from '../grip/channels.js';

/** The relation of a client's position to the ruleset of this node, with what follows from it. */
export type Decision =
  /** The client lacks something: send the delta from where it stands. */
  | { readonly kind: 'behind'; readonly from: bigint }
  /** The client has what this node has. */
  | { readonly kind: 'current' }
  /** The client has more than the store: writes were lost. Send the whole ruleset. */
  | { readonly kind: 'ahead' }
  /**
   * The client has more than this node has in memory, and the store is unavailable. Hold it where
   * it stands; a later check decides.
   */
  | { readonly kind: 'unverified' };

/**
 * Compares the position of a client with that of this node.
 *
 * @param position of the client
 * @param ours the position of a client that has everything that this node has
 * @param confirmed true when the store was asked and has nothing newer than ours
 */
export function decide(position: bigint, ours: bigint, confirmed: boolean): Decision {
  if (position < ours) return { kind: 'behind', from: position };
  if (position === ours) return { kind: 'current' };
  return confirmed ? { kind: 'ahead' } : { kind: 'unverified' };
}

/**
 * Reads the position that a client claims: the larger of `Last-Event-ID` and its start
 * (`x-prefab-start-at-id`, or `at` in the URL of an event stream), because the node and ruby SDKs
 * repeat the start id of their first connection for ever, and a URL cannot change either. Text that
 * is not a position counts as absent; with neither, the client has nothing: 0. [protocol] #position
 */
export function claimedPosition(
  kind: Stream['kind'],
  lastEventId: string | undefined,
  startedAt: string | undefined,
): bigint {
  const last = parseStreamPosition(kind, lastEventId) ?? 0n;
  const start = parseStreamPosition(kind, startedAt) ?? 0n;
  return last > start ? last : start;
}
