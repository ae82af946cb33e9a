/** The belt writer put together with its lease and its metrics: for a node that serves, and for a process that only copies. */
import type { Bucket } from '../bucket/bucket.js';
import { openBucket } from '../bucket/open.js';
import { BeltWriter, type BeltStatus } from '../belt/writer/writer.js';
import { awsOf, type NodeSettings } from '../config/node.js';
import type { Logger } from '../observe/log.js';
import { sleep, type Clock } from '../core/clock.js';
import type { NodeMetrics } from '../observe/node-metrics.js';
import { leadWhenElected } from '../leader/election.js';
import type { Store } from '../store/store.js';

export interface BeltWriterParts {
  readonly settings: NodeSettings;
  readonly store: Store;
  readonly buckets: readonly Bucket[];
  /** Unique to this process. */
  readonly holder: string;
  readonly metrics: NodeMetrics;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface BuiltBeltWriter {
  readonly status: () => BeltStatus;
  /** Writes copies whenever this process has the belt's lease, until the signal aborts; then gives the lease up. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

/** The buckets of the settings; connects to none. */
export async function openBuckets(settings: NodeSettings): Promise<Bucket[]> {
  return Promise.all(settings.beltUrls.map((url) => openBucket(url, awsOf(settings))));
}

export function buildBeltWriter({
  settings,
  store,
  buckets,
  holder,
  metrics,
  log,
  clock,
}: BeltWriterParts): BuiltBeltWriter {
  const { now, monotonic, random } = clock;
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
    random,
  });
  const status = (): BeltStatus => writer.status();
  const lease = {
    leadership: store.beltLeadership,
    holder,
    log,
    sleep,
    now: monotonic,
    work: 'writes copies to the buckets',
  };
  return { status, lead: (signal) => leadWhenElected(lease, (leading) => writer.lead(leading), signal) };
}

/** Gauges of the belt; without values where there are no buckets, and on nodes that do not write. */
export function beltWriterGauges(metrics: NodeMetrics, status: () => BeltStatus | undefined): void {
  const buckets = (): BeltStatus['buckets'] => status()?.buckets ?? [];
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
    'Time since every pointer in the bucket was last compared with the store; absent until it was once.',
    'bucket',
    () =>
      buckets().flatMap(({ bucket, checkedAgo }) =>
        checkedAgo === undefined ? [] : [[bucket, checkedAgo / 1000] as const],
      ),
  );
}
