/**
 * Builds the belt writer with its lease and its gauges: for a node that serves, and for a process
 * that only copies.
 */
import type { Bucket } from '../../bucket/bucket.js';
import { openBucket } from '../../bucket/open.js';
import { BeltWriter, type BeltStatus } from '../../belt/writer/writer.js';
import type { BeltWriterSettings } from '../../config/options.js';
import { awsOf } from '../../config/read.js';
import { leadWhenElected } from '../../leader/election.js';
import { LeaseMonitor, type LeaseStatus } from '../../leader/lease-monitor.js';
import type { NodeMetrics } from '../../observe/node-metrics.js';
import type { NodeParts } from './parts.js';

/** The parts that a belt writer is built from; a node has them all. */
export type BeltWriterParts = Omit<NodeParts, 'settings' | 'secrets'> & {
  readonly settings: BeltWriterSettings;
};

/** A belt writer that is built and not started. */
export interface BuiltBeltWriter {
  /** The state of each bucket; `undefined` without buckets. */
  readonly status: () => BeltStatus | undefined;
  /** The state of the belt's lease; `undefined` without buckets. */
  readonly lease: () => LeaseStatus | undefined;
  /**
   * Writes copies whenever this process has the belt's lease, until the signal aborts; then gives
   * the lease up.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/** Opens the buckets of the settings; connects to none. */
export async function openBuckets(settings: BeltWriterSettings): Promise<Bucket[]> {
  return Promise.all(settings.beltUrls.map((url) => openBucket(url, awsOf(settings))));
}

/** Builds the belt writer; without buckets one that does nothing. */
export function buildBeltWriter(parts: BeltWriterParts, buckets: readonly Bucket[]): BuiltBeltWriter {
  const { settings, store, holder, metrics, log, clock } = parts;
  const { now, monotonic, random, sleep } = clock;
  if (buckets.length === 0) {
    registerGauges(metrics, () => []);
    return { status: () => undefined, lease: () => undefined, lead: () => Promise.resolve() };
  }
  const writer = new BeltWriter({
    store,
    buckets,
    holder,
    keep: settings.beltKeep,
    drain: settings.drainSeconds * 1000,
    observe: (bucket) => ({
      written: () => metrics.beltWrites.inc({ bucket }),
      failed: () => metrics.beltFailures.inc({ bucket }),
      lag: (milliseconds) => metrics.beltLag.observe({ bucket }, milliseconds / 1000),
    }),
    log,
    now,
    monotonic,
    random,
  });
  registerGauges(metrics, () => writer.status().buckets);
  const monitor = new LeaseMonitor({ log, now, work: 'writes copies to the buckets' });
  const lease = { leadership: store.beltLeadership, holder, log, sleep, now: monotonic, monitor };
  const lead = (signal: AbortSignal): Promise<void> =>
    leadWhenElected(lease, (leading) => writer.lead(leading), signal);
  return { status: () => writer.status(), lease: () => monitor.status, lead };
}

/**
 * Registers the gauges of the belt; they have no values where there are no buckets, and on nodes
 * that do not write.
 */
function registerGauges(metrics: NodeMetrics, buckets: () => BeltStatus['buckets']): void {
  metrics.labelledGauge(
    'holdfast_belt_behind_environments',
    'Environments that changed and are not copied to the bucket yet.',
    'bucket',
    () => buckets().map(({ bucket, behind }) => [bucket, behind] as const),
  );
  metrics.labelledGauge(
    'holdfast_belt_behind_seconds',
    'Time since the oldest change that is not copied to the bucket yet.',
    'bucket',
    () => buckets().map(({ bucket, behindFor }) => [bucket, behindFor / 1000] as const),
  );
  metrics.labelledGauge(
    'holdfast_belt_ahead_environments',
    'Environments of which the bucket has what the store lost; their copies are left as they are.',
    'bucket',
    () => buckets().map(({ bucket, ahead }) => [bucket, ahead] as const),
  );
  metrics.labelledGauge(
    'holdfast_belt_checked_seconds',
    'Time since every manifest in the bucket was last compared with the store; absent until it was once.',
    'bucket',
    () =>
      buckets().flatMap(({ bucket, checkedAgo }) =>
        checkedAgo === undefined ? [] : [[bucket, checkedAgo / 1000] as const],
      ),
  );
}
