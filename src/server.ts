/**
 * A running Holdfast node: settings in, the parts of design.md's picture put together, and how they stop.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Committer } from './commit/committer.js';
import type { Settings } from './config.js';
import { HoldfastError, messageOf } from './errors.js';
import { parseGripUrl } from './grip/proxies.js';
import { SignatureVerifier } from './grip/signature.js';
import { createApp } from './http/app.js';
import type { Health } from './http/health.js';
import type { Logger } from './observe/log.js';
import { Metrics } from './observe/metrics.js';
import { Publisher } from './publish/publisher.js';
import type { WorkerEvents } from './publish/worker.js';
import { Replica } from './replica/replica.js';
import type { Store } from './store/store.js';
import { DirectHolds } from './subscribe/direct.js';
import { RecoveryLink } from './subscribe/link.js';
import { Deltas } from './subscribe/stream.js';
import { Subscriptions } from './subscribe/subscriptions.js';

/** What the settings leave open with the embedded store, and the data directory then holds. */
export interface Secrets {
  readonly adminToken: string;
  /** Signs recovery links. */
  readonly secret: string;
}

export interface RunningServer {
  /** Where a client on this machine reaches it. */
  readonly url: string;
  readonly committer: Committer;
  /**
   * Stops: readiness off, direct holds ended over the drain time, requests that are under way finished, the lease given up. The store
   * stays open; it is the caller's.
   */
  stop(): Promise<void>;
}

/**
 * Connections that a proxy keeps open between requests must outlive the proxy's own patience, else a request meets a closing connection
 * and becomes a 502 (measured: Node's default of 5 s gave 20 % of 5xx in a burst).
 */
const KEEP_ALIVE_TIMEOUT_MS = 10 * 60 * 1000;
/** How long a stopping server waits for requests that are under way. */
const FINISH_MS = 5_000;

/**
 * Starts a node on an open store.
 *
 * @throws HoldfastError `store_unavailable` when the store cannot be read; `field_invalid` when the port cannot be used
 */
export async function startServer(
  settings: Settings,
  secrets: Secrets,
  store: Store,
  log: Logger,
): Promise<RunningServer> {
  const metrics = new Metrics();
  const replica = new Replica({ store, log, onDataLost: () => metrics.dataLost.inc() });
  const deltas = new Deltas();
  const link = new RecoveryLink(secrets.secret);
  const times = { keepAlive: settings.keepAliveSeconds, staleness: settings.stalenessSeconds };
  const subscriptions = new Subscriptions({ replica, deltas, link, times, log });
  const directHolds = new DirectHolds({
    replica,
    subscriptions,
    deltas,
    log,
    keepAlive: settings.keepAliveSeconds,
    maxAge: settings.maxAgeSeconds,
    onEnd: (reason) => metrics.directEnded.inc({ reason }),
  });
  const proxies = settings.gripUrls.map((url) => parseGripUrl(url, settings.gripVerifyKey));
  const committer = new Committer({
    store,
    replica,
    onCommit: () => metrics.commits.inc(),
    onConflict: () => metrics.conflicts.inc(),
  });
  const publisher =
    proxies.length === 0
      ? undefined
      : new Publisher({ store, proxies, holder: randomUUID(), log, observe: publishMetrics(metrics), sleep });

  let phase: Health['phase'] = 'starting';
  const health = (): Health => ({
    phase,
    store: store.name,
    replica: replica.status(),
    publisher: publisher?.status(),
    directHolds: directHolds.size,
  });
  gauges(metrics, health);
  const app = createApp({
    store,
    replica,
    committer,
    adminToken: secrets.adminToken,
    now: Date.now,
    subscriptions,
    directHolds,
    signatures: new SignatureVerifier(proxies.map((proxy) => proxy.signature)),
    link,
    hold: settings.hold,
    metrics,
    health,
    log,
  });

  await replica.start();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, app);
  const port = await listen(server, settings);
  const publishing = new AbortController();
  const published = publisher?.run(publishing.signal);
  phase = 'serving';

  const stop = async (): Promise<void> => {
    phase = 'stopping';
    // The lease first: another node takes over while this one still answers.
    publishing.abort();
    await Promise.all([published, directHolds.drain(settings.drainSeconds)]);
    await close(server);
    await replica.stop();
  };
  return { url: `http://${reachable(settings.host)}:${port}`, committer, stop };
}

function publishMetrics(metrics: Metrics): (proxy: string) => Omit<WorkerEvents, 'cursor'> {
  return (proxy) => ({
    accepted: (items) => metrics.published.inc({ proxy }, items),
    failed: () => metrics.publishFailures.inc({ proxy }),
    resynced: (items) => metrics.resyncs.inc({ proxy }, items),
    lag: (milliseconds) => metrics.publishLag.observe({ proxy }, milliseconds / 1000),
  });
}

function gauges(metrics: Metrics, health: () => Health): void {
  const proxies = (): NonNullable<Health['publisher']>['proxies'] => health().publisher?.proxies ?? [];
  metrics.gauge('holdfast_direct_holds', 'Connections that this process holds.', () => health().directHolds);
  metrics.gauge(
    'holdfast_replica_environments',
    'Environments in memory.',
    () => health().replica.environments,
  );
  metrics.gauge('holdfast_store_up', '1 when the store can be reached.', () =>
    health().replica.feed === 'away' ? 0 : 1,
  );
  metrics.gauge(
    'holdfast_feed_lag_seconds',
    'Time since the feed was last known to have nothing newer: the age of what this node knows.',
    () => health().replica.lag / 1000,
  );
  metrics.gauge('holdfast_leader', '1 on the node that publishes.', () =>
    health().publisher?.leader === true ? 1 : 0,
  );
  metrics.labelledGauge(
    'holdfast_publish_waiting_entries',
    'Feed entries that a proxy has not accepted yet.',
    'proxy',
    () => proxies().map(({ proxy, waiting }) => [proxy, waiting] as const),
  );
  metrics.labelledGauge(
    'holdfast_publish_missed_environments',
    'Environments that wait for a resync item.',
    'proxy',
    () => proxies().map(({ proxy, missed }) => [proxy, missed] as const),
  );
}

async function listen(server: Server, { host, port }: Settings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new HoldfastError(
          'field_invalid',
          `PORT: cannot listen on ${host}:${port} (${messageOf(error)}); free it or choose another`,
          {
            field: 'PORT',
            cause: error,
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), FINISH_MS);
  await closed;
  clearTimeout(timer);
}

/** An address that one can paste: the unspecified ones are not. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** Waits; an abort ends the wait and is no error, because who waits looks at the signal. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await delay(milliseconds, undefined, { signal }).catch(() => undefined);
}
