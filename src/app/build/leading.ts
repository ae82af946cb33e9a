/** Builds the work of a leader under the lease of the store, and registers its gauges. */
import { leadWhenElected, runTogether } from '../../leader/election.js';
import { LeaseMonitor, type LeaseStatus } from '../../leader/lease-monitor.js';
import type { ProcessMetrics } from '../../observe/process-metrics.js';
import type { NodeParts } from './parts.js';

/** Work that one node does at a time, until the signal aborts. */
interface LeaderWork {
  lead(signal: AbortSignal): Promise<void>;
}

/** The lease of the store, and the work of this node while it has it. */
export interface Leading {
  readonly status: () => LeaseStatus;
  /**
   * Does the works whenever this node has the lease, until the signal aborts; then releases the
   * lease.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/**
 * Builds the leader's work. A node without any works leads too, so that one node leads in every
 * installation, and metrics say so.
 */
export function buildLeading(
  { store, metrics, log, clock, holder }: NodeParts,
  works: readonly (LeaderWork | undefined)[],
): Leading {
  const given = works.filter((work) => work !== undefined);
  const work = runTogether(...given.map((each) => (signal: AbortSignal) => each.lead(signal)), untilAborted);
  const monitor = new LeaseMonitor({ log, now: clock.now, work: 'publishes, and reads the inbox' });
  const { leadership } = store;
  const lease = { leadership, holder, log, sleep: clock.sleep, now: clock.monotonic, monitor };
  const status = (): LeaseStatus => monitor.status;
  metrics.gauge(
    'holdfast_leader',
    '1 on the node that leads: it publishes, purges and reads the inbox.',
    () => (status().leader ? 1 : 0),
  );
  return { status, lead: (signal) => leadWhenElected(lease, work, signal) };
}

/**
 * Registers the gauge of leases that a process cannot take; a lease without a status has no series.
 */
export function registerLeaseGauge(
  metrics: ProcessMetrics,
  leases: Readonly<Record<string, () => LeaseStatus | undefined>>,
): void {
  metrics.labelledGauge(
    'holdfast_lease_ok',
    '0 while this process cannot take the lease, or its work under the lease fails; by the lease (publisher, belt).',
    'lease',
    () =>
      Object.entries(leases).flatMap(([lease, read]) => {
        const status = read();
        return status === undefined ? [] : [[lease, status.problem === undefined ? 1 : 0] as const];
      }),
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
