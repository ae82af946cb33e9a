/**
 * The parts of the README's picture, put together: from settings and an open store to an app that can serve. Starts nothing; server.ts
 * does, and tests do with a clock of their own.
 */
import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import type { Bucket } from '../bucket/bucket.js';
import { Committer } from '../commit/committer.js';
import { heal } from '../recovery/heal.js';
import { beltWriterGauges, buildBeltWriter } from './compose-belt.js';
import type { NodeSettings } from '../config/node.js';
import { Evaluators } from '../evaluate/evaluators.js';
import { parseGripUrl } from '../grip/proxies.js';
import { SignatureVerifier } from '../grip/signature.js';
import { adminRoutes } from '../http/admin.js';
import { clientRoutes, createApp } from '../http/app.js';
import { eventStreamRoutes } from '../http/event-streams.js';
import { nodeReadiness, type NodeHealth } from '../http/health.js';
import { streamRoutes } from '../http/streams.js';
import type { Logger } from '../observe/log.js';
import { InboxConsumer } from '../inbox/consumer.js';
import { sleep, type Clock } from '../core/clock.js';
import { NodeMetrics } from '../observe/node-metrics.js';
import { leadWhenElected, runTogether } from '../leader/election.js';
import { Publisher } from '../publish/publisher.js';
import type { ProxyWorkerEvents } from '../publish/proxy-worker.js';
import { Purger } from '../cdn/purger.js';
import { Replica } from '../replica/replica.js';
import type { Store } from '../store/store.js';
import { DirectHolds } from '../subscribe/direct.js';
import { RecoveryLink } from '../subscribe/link.js';
import { StreamTokens } from '../subscribe/stream-token.js';
import { DeltaContents, RefetchContents } from '../subscribe/stream.js';
import { Subscriptions } from '../subscribe/subscriptions.js';

/** What the settings leave open with the embedded store, and the data directory then holds. */
export interface Secrets {
  /** Each is accepted. At least one. */
  readonly adminTokens: readonly string[];
  /** The first signs recovery links and the tokens of event streams, each is accepted. At least one. */
  readonly linkSecrets: readonly string[];
}

export interface Composition {
  readonly app: Express;
  readonly replica: Replica;
  readonly committer: Committer;
  readonly directHolds: DirectHolds;
  /** Publishes and reads the inbox, and writes copies, whenever it is this node's turn, until the signal aborts; then gives its leases up. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Says to readiness where the node is in its life. It begins as `starting`. */
  readonly enter: (phase: NodeHealth['phase']) => void;
}

export function compose(
  settings: NodeSettings,
  secrets: Secrets,
  store: Store,
  log: Logger,
  clock: Clock,
  buckets: readonly Bucket[] = [],
): Composition {
  const { now, monotonic, random } = clock;
  const metrics = new NodeMetrics();
  const onDataLost = (): void => metrics.dataLost.inc();
  const replica = new Replica({
    store,
    log,
    now: monotonic,
    onDataLost,
    heal: (stored, lost) => heal(store, log, stored, lost),
    // A hold at a proxy is verified once in T, which uses its environment: what was not used in two of them has none.
    retention: { keep: settings.environmentsInMemory, idle: 2 * settings.stalenessSeconds * 1000 },
    onDropped: () => metrics.environmentsDropped.inc(),
  });
  const refetchSpread = settings.refetchSpreadSeconds * 1000;
  const contents = { configs: new DeltaContents(), clients: new RefetchContents(refetchSpread) };
  const link = new RecoveryLink(secrets.linkSecrets, now);
  const times = { keepAlive: settings.keepAliveSeconds, staleness: settings.stalenessSeconds };
  const subscriptions = new Subscriptions({ replica, contents, link, times, log, random, onDataLost });
  const directHolds = new DirectHolds({
    replica,
    subscriptions,
    contents,
    log,
    keepAlive: settings.keepAliveSeconds,
    maxAge: settings.maxAgeSeconds,
    maxHolds: settings.maxHolds,
    onRefused: () => metrics.directRefused.inc(),
    onEnd: (reason) => metrics.directEnded.inc({ reason }),
    now: monotonic,
    random,
  });
  const proxies = settings.gripUrls.map((url) =>
    parseGripUrl(url, settings.gripVerifyKeys, settings.publishInterval),
  );
  const committer = new Committer({
    store,
    replica,
    onCommit: () => metrics.commits.inc(),
    onConflict: () => metrics.conflicts.inc(),
  });
  const holder = randomUUID();
  const publisher =
    proxies.length === 0
      ? undefined
      : new Publisher({
          store,
          proxies,
          holder,
          log,
          observe: publishMetrics(metrics),
          sleep,
          refetchSpread,
        });
  const purger = composePurger(settings, { store, holder, metrics, log, clock });
  metrics.gauge(
    'holdfast_purge_waiting_keys',
    'Surrogate keys that wait to be purged; on the node that leads.',
    () => purger?.waiting ?? 0,
  );
  const inbox =
    store.inbox &&
    new InboxConsumer({
      store,
      inbox: store.inbox,
      replica,
      committer,
      consumer: holder,
      log,
      onCommitted: () => metrics.inboxCommitted.inc(),
      onRepeated: () => metrics.inboxRepeated.inc(),
      onRejected: (code) => metrics.inboxRejected.inc({ code }),
      sleep,
    });

  const belt =
    buckets.length === 0
      ? undefined
      : buildBeltWriter({ settings, store, buckets, holder, metrics, log, clock });

  let phase: NodeHealth['phase'] = 'starting';
  const health = (): NodeHealth => ({
    phase,
    store: store.name,
    replica: replica.status(),
    publisher: publisher?.status(),
    inbox: inbox?.status(),
    directHolds: directHolds.size,
    belt: belt?.status(),
  });
  gauges(metrics, health);
  beltWriterGauges(metrics, () => health().belt);
  const signers = proxies.flatMap((proxy) => proxy.signers);
  const streamTokens = new StreamTokens(secrets.linkSecrets, now);
  const streamParts = {
    replica,
    subscriptions,
    directHolds,
    signatures: new SignatureVerifier(signers, now),
    link,
    hold: settings.hold,
    metrics,
  };
  const clients = clientRoutes({
    rulesets: replica,
    evaluators: new Evaluators(),
    streamTokens,
    streamUrl: settings.streamUrl,
    metrics,
    now,
  });
  const app = createApp({
    state: () => nodeReadiness(health()),
    routes: [
      streamRoutes(streamParts),
      eventStreamRoutes({ ...streamParts, streamTokens, random }),
      ...clients,
    ],
    admin: adminRoutes({ store, replica, committer, adminTokens: secrets.adminTokens, now }),
    metrics,
    log,
  });
  const enter = (next: NodeHealth['phase']): void => {
    phase = next;
  };
  const publish = async (signal: AbortSignal): Promise<void> => {
    const works = [publisher, inbox, purger].filter((work) => work !== undefined);
    if (works.length === 0) return;
    await leadWhenElected(
      { leadership: store.leadership, holder, log, sleep, now: monotonic },
      runTogether(...works.map((work) => (leading: AbortSignal) => work.lead(leading))),
      signal,
    );
  };
  const lead = async (signal: AbortSignal): Promise<void> => {
    await Promise.all([publish(signal), belt?.lead(signal)]);
  };
  return { app, replica, committer, directHolds, lead, enter };
}

/** `undefined` without a CDN to purge at. */
function composePurger(
  { purgeUrl: url, purgeToken: token, purgeDelay: delay }: NodeSettings,
  parts: { store: Store; holder: string; metrics: NodeMetrics; log: Logger; clock: Clock },
): Purger | undefined {
  if (url === undefined || token === undefined) return undefined;
  const { store, holder, metrics, log, clock } = parts;
  const events = {
    purged: (keys: number) => metrics.purgedKeys.inc(keys),
    failed: () => metrics.purgeFailures.inc(),
    lag: (milliseconds: number) => metrics.purgeLag.observe(milliseconds / 1000),
  };
  const { now, random } = clock;
  return new Purger({
    store,
    target: { url, token },
    delay,
    holder,
    log,
    events,
    sleep,
    now,
    random,
  });
}

function publishMetrics(metrics: NodeMetrics): (proxy: string) => Omit<ProxyWorkerEvents, 'cursor'> {
  return (proxy) => ({
    accepted: (items) => metrics.published.inc({ proxy }, items),
    failed: () => metrics.publishFailures.inc({ proxy }),
    resynced: (items) => metrics.resyncs.inc({ proxy }, items),
    refetched: (items) => metrics.refetches.inc({ proxy }, items),
    lag: (milliseconds, subject) => {
      metrics.publishLag.observe({ proxy }, milliseconds / 1000);
      if (subject.kind === 'environment')
        metrics.environmentLag(proxy, subject.environment, milliseconds / 1000);
    },
  });
}

function gauges(metrics: NodeMetrics, health: () => NodeHealth): void {
  const proxies = (): NonNullable<NodeHealth['publisher']>['proxies'] => health().publisher?.proxies ?? [];
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
    'holdfast_store_missing_environments',
    'Environments that this node has in memory and the store lost; holdfast restore writes them back.',
    () => health().replica.missing,
  );
  metrics.gauge(
    'holdfast_feed_lag_seconds',
    'Time since the feed was last known to have nothing newer: the age of what this node knows.',
    () => health().replica.lag / 1000,
  );
  metrics.gauge('holdfast_leader', '1 on the node that publishes.', () =>
    health().publisher?.leader === true ? 1 : 0,
  );
  metrics.gauge(
    'holdfast_inbox_waiting',
    'Events in the inbox that are not decided; on the node that leads.',
    () => health().inbox?.waiting ?? 0,
  );
  metrics.gauge(
    'holdfast_rejected_waiting',
    'Rejected events that wait for someone to retry or drop them; on the node that leads.',
    () => health().inbox?.rejected ?? 0,
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
