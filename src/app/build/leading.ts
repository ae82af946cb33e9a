/** Builds the work of a leader under the lease of the store, and registers its gauge. */
import { leadWhenElected, runTogether } from '../../leader/election.js';
import type { NodeParts } from './parts.js';

/** Work that one node does at a time, until the signal aborts. */
interface LeaderWork {
  lead(signal: AbortSignal): Promise<void>;
}

/** The lease of the store, and what this node does while it has it. */
export interface Leading {
  /** True while this node has the lease. */
  readonly isLeader: () => boolean;
  /** Does the works whenever this node has the lease, until the signal aborts; then gives the lease up. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/** A node without any such work leads too, so that the metric says the same of every installation: exactly one node leads. */
export function buildLeading(
  { store, metrics, log, clock, holder }: NodeParts,
  works: readonly (LeaderWork | undefined)[],
): Leading {
  let leading = false;
  const given = works.filter((work) => work !== undefined);
  const all = runTogether(...given.map((work) => (signal: AbortSignal) => work.lead(signal)), untilAborted);
  const work = async (signal: AbortSignal): Promise<void> => {
    leading = true;
    await all(signal).finally(() => (leading = false));
  };
  const lease = { leadership: store.leadership, holder, log, sleep: clock.sleep, now: clock.monotonic };
  metrics.gauge(
    'holdfast_leader',
    '1 on the node that leads: it publishes, purges and reads the inbox.',
    () => (leading ? 1 : 0),
  );
  return { isLeader: () => leading, lead: (signal) => leadWhenElected(lease, work, signal) };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
