/**
 * The metrics of a belt server, in addition to those of every process. docs/protocol.md, "Belt
 * server", has their names and labels.
 */
import { Counter } from 'prom-client';
import { ProcessMetrics } from './process-metrics.js';

/** One series per environment would be too many with ten thousand of them. */
const AGES_MAX = 1000;

/** The metrics of a belt server. */
export class BeltServerMetrics extends ProcessMetrics {
  readonly reads = new Counter({
    name: 'holdfast_source_reads_total',
    help: 'Reads of manifests and snapshots from a source, by outcome (found, unchanged, absent, failed).',
    labelNames: ['source', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly refused = new Counter({
    name: 'holdfast_copies_refused_total',
    help: 'Copies that a source has and that are not served, each time they are met, by reason (manifest, missing, checksum, content, backwards, forked).',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly dropped = new Counter({
    name: 'holdfast_copies_dropped_total',
    help: 'Environments dropped from memory because no client used them and there were more than HOLDFAST_IN_MEMORY.',
    registers: [this.registry],
  });

  readonly lookupsRefused = new Counter({
    name: 'holdfast_key_lookups_refused_total',
    help: 'Requests answered 503 because their API key was not known here and too many unknown keys were looked up.',
    registers: [this.registry],
  });

  readonly cacheRemoved = new Counter({
    name: 'holdfast_cache_removed_total',
    help: 'Environments removed from HOLDFAST_CACHE because it would have taken more than HOLDFAST_CACHE_MIB.',
    registers: [this.registry],
  });

  /**
   * Registers the ages of copies.
   *
   * @param read all ages in seconds, the oldest first; the first 1,000 become series
   */
  ages(read: () => readonly (readonly [environment: bigint, seconds: number])[]): void {
    this.labelledGauge(
      'holdfast_copies_age_seconds',
      'Time since a source last confirmed the copy of an environment, of the 1,000 oldest in memory.',
      'environment',
      () =>
        read()
          .slice(0, AGES_MAX)
          .map(([environment, seconds]) => [`${environment}`, seconds] as const),
    );
  }
}
