/**
 * Builds a belt server and registers its gauges. Starts nothing; app/belt-server.ts does, and tests
 * do with a clock of their own.
 */
import type { Express } from 'express';
import type { BucketReader } from '../../bucket/bucket.js';
import type { FileBucket } from '../../bucket/file.js';
import { CopyCache, type CacheStatus } from '../../belt/server/cache.js';
import { Copies, type CopiesStatus } from '../../belt/server/copies.js';
import { CopySource } from '../../belt/server/source.js';
import type { CopyTimes } from '../../belt/server/times.js';
import type { BeltServerSettings } from '../../config/options.js';
import { Evaluators } from '../../evaluate/evaluators.js';
import { clientRoutes, createApp, createClientApp } from '../../http/app.js';
import { beltServerReadiness, type BeltServerHealth } from '../../http/belt-health.js';
import { buildLimits } from './limits.js';
import { cutCounter, type PortApps } from '../../http/ports.js';
import { noStreamRoutes } from '../../http/no-streams.js';
import type { Clock } from '../../core/clock.js';
import { BeltServerMetrics } from '../../observe/belt-server-metrics.js';
import type { Logger } from '../../observe/log.js';
import type { Tracing } from '../../observe/tracing.js';

/** The parts that a belt server is built from. */
export interface BeltServerParts {
  readonly settings: BeltServerSettings;
  readonly sources: readonly BucketReader[];
  /** The place of the last good copies; `undefined`: they are kept in memory only. */
  readonly cache: FileBucket | undefined;
  readonly log: Logger;
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
  /** Times in place of those of a real server. */
  readonly times?: CopyTimes;
}

/** A belt server that is built and not started. */
export interface BeltServer {
  readonly app: Express;
  /** The application of the clients' port where operators have one of their own. */
  readonly clientApp: Express;
  /** Counts a connection that a port cut. */
  readonly onCut: NonNullable<PortApps['onCut']>;
  readonly copies: Copies;
  /** Sets the phase that readiness reports. It begins as `starting`. */
  readonly enter: (phase: BeltServerHealth['phase']) => void;
}

/** Builds a belt server. */
export function buildBeltServer(parts: BeltServerParts): BeltServer {
  const { log, tracing, clock } = parts;
  const metrics = new BeltServerMetrics();
  const copies = buildCopies(parts, metrics);
  gauges(metrics, copies);
  let phase: BeltServerHealth['phase'] = 'starting';
  const clients = clientRoutes({
    rulesets: copies,
    evaluators: new Evaluators({ onOverBudget: () => metrics.overBudget.inc() }),
    metrics,
    now: clock.now,
  });
  const appParts = {
    state: () => beltServerReadiness({ phase, copies: copies.status() }),
    routes: [noStreamRoutes(), ...clients.routes],
    hot: clients.hot,
    limits: buildLimits(parts.settings, metrics, clock),
    metrics,
    log,
    tracing,
  };
  const enter = (next: BeltServerHealth['phase']): void => {
    phase = next;
  };
  return {
    app: createApp(appParts),
    clientApp: createClientApp(appParts),
    onCut: cutCounter(metrics),
    copies,
    enter,
  };
}

function buildCopies(
  { settings, sources, cache: bucket, log, clock, times }: BeltServerParts,
  metrics: BeltServerMetrics,
): Copies {
  const { now, monotonic } = clock;
  const maxBytes = settings.cacheMebibytes * 1024 * 1024;
  const onRemoved = (): void => metrics.cacheRemoved.inc();
  return new Copies({
    sources: sources.map((source) => {
      const onRead = (outcome: string): void => metrics.reads.inc({ source: source.name, outcome });
      return new CopySource(source, { log, now, onRead });
    }),
    cache: bucket && new CopyCache({ bucket, maxBytes, monotonic, log, onRemoved }),
    interval: settings.revalidateSeconds * 1000,
    keep: settings.environmentsInMemory,
    ...(times && { times }),
    clock,
    log,
    onRefused: (reason) => metrics.refused.inc({ reason }),
    onDropped: () => metrics.dropped.inc(),
    onLookupRefused: () => metrics.lookupsRefused.inc(),
  });
}

function gauges(metrics: BeltServerMetrics, copies: Copies): void {
  const bySource = (read: (source: CopiesStatus['sources'][number]) => number) => () =>
    copies.status().sources.map((source) => [source.source, read(source)] as const);
  metrics.labelledGauge(
    'holdfast_source_up',
    '1 when the last read of a source was answered, whatever the answer was.',
    'source',
    bySource(({ state }) => (state === 'failing' ? 0 : 1)),
  );
  metrics.labelledGauge(
    'holdfast_source_behind_environments',
    'Environments in memory of which a source has an older version than is served.',
    'source',
    bySource(({ behind }) => behind),
  );
  metrics.labelledGauge(
    'holdfast_source_lag_seconds',
    'The longest for which a source has had an older version of one of these.',
    'source',
    bySource(({ lag }) => lag / 1000),
  );
  metrics.gauge('holdfast_copies', 'Environments in memory.', () => copies.status().environments);
  metrics.gauge(
    'holdfast_copies_stale',
    'Environments in use that no source has confirmed for more than three times HOLDFAST_REVALIDATE.',
    () => copies.status().stale,
  );
  metrics.ages(() => copies.ages());
  if (copies.status().cache !== undefined) cacheGauges(metrics, () => copies.status().cache);
}

function cacheGauges(metrics: BeltServerMetrics, read: () => CacheStatus | undefined): void {
  metrics.gauge('holdfast_cache_up', '0 when the last write to HOLDFAST_CACHE failed.', () =>
    read()?.state === 'ok' ? 1 : 0,
  );
  metrics.gauge('holdfast_cache_bytes', 'Size of the copies in HOLDFAST_CACHE.', () => read()?.bytes ?? 0);
  metrics.gauge(
    'holdfast_cache_environments',
    'Environments in HOLDFAST_CACHE.',
    () => read()?.environments ?? 0,
  );
}
