/**
 * The order in which segments build on each other.
 *
 * Commits refuse cycles, but a ruleset can come from elsewhere, and a chain of segments may be as
 * long as the ruleset. So before anything is evaluated each segment gets a height: above all
 * segments that it refers to. Segments without a height are in a cycle or lead into one; they have
 * no members, regardless of which is tested first.
 */

/**
 * The number of segments that may be tested inside each other; a higher one finds those below it
 * tested.
 */
export const MAX_SEGMENT_DEPTH = 100;

/** A segment, as far as the order is concerned. */
export interface SegmentNode {
  /** The segments that its rules name. */
  readonly uses: readonly SegmentNode[];
}

/**
 * The nodes that build on no cycle, each after all that it uses, with their heights; 0 is a segment
 * that uses none.
 */
export function segmentHeights<T extends SegmentNode>(nodes: Iterable<T>): Map<T, number> {
  const users = new Map<SegmentNode, T[]>();
  const waiting = new Map<T, number>();
  const found = new Map<T, number>();
  for (const node of nodes) {
    const uses = new Set(node.uses);
    if (uses.size === 0) found.set(node, 0);
    else waiting.set(node, uses.size);
    for (const used of uses) {
      const list = users.get(used);
      if (list === undefined) users.set(used, [node]);
      else list.push(node);
    }
  }
  // An entry added to a map during its iteration is visited too.
  for (const [node, height] of found) {
    for (const user of users.get(node) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1;
      waiting.set(user, left);
      // Nodes are visited in order of height, so the last one used is the highest.
      if (left === 0) found.set(user, height + 1);
    }
  }
  return found;
}
