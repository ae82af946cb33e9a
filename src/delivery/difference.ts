/** The difference of two states of delivery, so that a stream sends only what changed. Pure. */
import type { ChangeReport, DeliveryState, ListedNode } from './model.js';

/** The parts of a state that differ from those of the one before. */
export interface DeliveryDifference {
  readonly nodes: readonly ListedNode[];
  /** The ids of nodes that are gone. */
  readonly gone: readonly string[];
  /** New changes, and those that arrived somewhere. */
  readonly changes: readonly ChangeReport[];
  /** The reason for which other nodes are unknown; null: they are known. */
  readonly error: string | null;
}

/** Returns the parts that differ; `undefined` when there are none. */
export function differenceOf(before: DeliveryState, after: DeliveryState): DeliveryDifference | undefined {
  const known = new Map(before.nodes.map((node) => [node.id, JSON.stringify(node)]));
  const nodes = after.nodes.filter((node) => known.get(node.id) !== JSON.stringify(node));
  const there = new Set(after.nodes.map(({ id }) => id));
  const gone = before.nodes.map(({ id }) => id).filter((id) => !there.has(id));
  const had = new Set(before.changes.map((change) => JSON.stringify(change)));
  const changes = after.changes.filter((change) => !had.has(JSON.stringify(change)));
  const isSame = nodes.length + gone.length + changes.length === 0 && before.error === after.error;
  return isSame ? undefined : { nodes, gone, changes, error: after.error ?? null };
}
