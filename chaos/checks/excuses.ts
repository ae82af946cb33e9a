/** Which faults excuse what, for one client. Pure. */
import type { Journal, Span, Via } from '../clients/journal.js';
import type { Happened } from '../director.js';
import { KINDS, type FaultKind } from '../kinds.js';
import { NODES } from '../plan.js';

/**
 * The time after which a node that was cut off from Redis knows its connections dead and has new
 * ones: 5 s of silence on a connection that is owed an answer, up to 3 s to connect, up to 1.25 s
 * between attempts. Milliseconds.
 */
const RECONNECT = 5_000;
/**
 * A server that ended takes its connections with it at once; the client's own thread hears of it a
 * little later. Milliseconds.
 */
const HEARD = 1_500;

/** When a client may be behind for longer than T. */
export function staleExcuses(
  journal: Journal,
  happened: readonly Happened[],
  stalls: readonly Span[],
): Span[] {
  const spans = happened.flatMap(({ fault, from, to }) => {
    const { on, excuses } = KINDS[fault.kind];
    if (excuses !== 'all') return [];
    const after = on === 'redis link' ? RECONNECT : 0;
    return [{ from, to: to + after }];
  });
  return [...spans, ...withoutNodes(happened), ...journal.slow, ...stalls];
}

/**
 * When no node ran. A proxy asks again and again for what its holds lack, at growing distances: for
 * up to twice as long as no node answered.
 */
function withoutNodes(happened: readonly Happened[]): Span[] {
  const downOf = (node: number): readonly Span[] =>
    happened.filter(({ fault, target }) => isNodeDown(fault.kind) && target === node);
  const [first = [], ...others] = Array.from({ length: NODES }, (_, node) => downOf(node));
  return others.reduce<readonly Span[]>(overlaps, first).map(({ from, to }) => ({ from, to: 2 * to - from }));
}

function overlaps(some: readonly Span[], others: readonly Span[]): Span[] {
  return some
    .flatMap((one) =>
      others.map((other) => ({ from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) })),
    )
    .filter(({ from, to }) => from < to);
}

function isNodeDown(kind: FaultKind): boolean {
  return kind === 'node killed' || kind === 'node stopped' || kind === 'clock an hour off';
}

/** When the server that holds a client's connection was down or stopping. */
export function endExcuses(via: Via, happened: readonly Happened[]): Span[] {
  return happened
    .filter(({ fault, target }) => {
      const { kind } = fault;
      if (KINDS[kind].endsOthers === true) return via.kind === 'direct' && target !== via.index;
      if (target !== via.index) return false;
      if (via.kind === 'pushpin') return kind === 'pushpin killed';
      return isNodeDown(kind);
    })
    .map(({ from, to }) => ({ from, to: to + HEARD }));
}
