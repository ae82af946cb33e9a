/**
 * Builds what the leader does: publishing to proxies, purging at a CDN, reading the inbox. Each
 * registers its gauges.
 */
import { Purger } from '../../cdn/purger.js';
import type { Committer } from '../../commit/committer.js';
import type { ProxyAddress } from '../../grip/proxies.js';
import { InboxConsumer } from '../../inbox/consumer.js';
import type { SpanAttributes } from '../../observe/tracing.js';
import type { PublishTarget } from '../../publish/outbox/entry.js';
import type { ProxyWorkerEvents } from '../../publish/proxy-worker.js';
import { Publisher } from '../../publish/publisher.js';
import type { Replica } from '../../replica/replica.js';
import { CANARY_ENVIRONMENT } from '../../store/rules.js';
import type { DeliveryEvents } from './delivery.js';
import type { NodeParts } from './parts.js';

/** Builds the publisher; `undefined` without proxies. */
export function buildPublisher(
  parts: NodeParts,
  proxies: readonly ProxyAddress[],
  delivery: DeliveryEvents,
): Publisher | undefined {
  const { settings, store, log, clock, holder, metrics } = parts;
  const refetchSpread = settings.refetchSpreadSeconds * 1000;
  const observe = publishEvents(parts, delivery);
  const publisher =
    proxies.length === 0
      ? undefined
      : new Publisher({ store, proxies, holder, log, observe, clock, refetchSpread });
  const states = () => publisher?.status().proxies ?? [];
  metrics.labelledGauge(
    'holdfast_publish_waiting_entries',
    'Feed entries that a proxy has not accepted yet.',
    'proxy',
    () => states().map(({ proxy, waiting }) => [proxy, waiting] as const),
  );
  metrics.labelledGauge(
    'holdfast_publish_missed_environments',
    'Environments that wait for a resync item.',
    'proxy',
    () => states().map(({ proxy, missed }) => [proxy, missed] as const),
  );
  return publisher;
}

function publishEvents(
  { metrics, tracing, clock }: NodeParts,
  delivery: DeliveryEvents,
): (proxy: string) => Omit<ProxyWorkerEvents, 'cursor'> {
  return (proxy) => ({
    traced: ({ parent, queuedAt: start }, target) => {
      const attributes = { 'holdfast.proxy': proxy, ...factsOfTarget(target) };
      tracing?.record({ name: 'publish', type: 'client', parent, start, end: clock.now(), attributes });
    },
    accepted: (items) => metrics.published.inc({ proxy }, items),
    failed: () => metrics.publishFailures.inc({ proxy }),
    resynced: (items) => {
      metrics.resyncs.inc({ proxy }, items);
      delivery.repaired(proxy, items);
    },
    refetched: (items) => metrics.refetches.inc({ proxy }, items),
    lag: (milliseconds, subject) => {
      metrics.publishLag.observe({ proxy }, milliseconds / 1000);
      if (subject.kind !== 'environment' || subject.environment === CANARY_ENVIRONMENT) return;
      const { environment, version } = subject;
      metrics.environmentLag(proxy, environment, milliseconds / 1000);
      delivery.timeline.accepted(proxy, { environment, version, at: clock.now() - milliseconds });
    },
  });
}

function factsOfTarget(target: PublishTarget): SpanAttributes {
  if (target.kind !== 'environment') return {};
  return { 'holdfast.environment': `${target.environment}`, 'holdfast.version': `${target.version}` };
}

/** Builds the purger; `undefined` without a CDN to purge at. */
export function buildPurger({ settings, store, metrics, log, clock, holder }: NodeParts): Purger | undefined {
  const { purgeUrl: url, purgeToken: token, purgeDelay: delay } = settings;
  const events = {
    purged: (keys: number) => metrics.purgedKeys.inc(keys),
    failed: () => metrics.purgeFailures.inc(),
    lag: (milliseconds: number) => metrics.purgeLag.observe(milliseconds / 1000),
  };
  const purger =
    url === undefined || token === undefined
      ? undefined
      : new Purger({ store, target: { url, token }, delay, holder, log, events, clock });
  metrics.gauge(
    'holdfast_purge_waiting_keys',
    'Surrogate keys that wait to be purged; on the node that leads.',
    () => purger?.waiting ?? 0,
  );
  return purger;
}

/** Builds the consumer of the inbox; `undefined` with a store that has no inbox. */
export function buildInbox(
  { store, metrics, log, clock, holder }: NodeParts,
  replica: Replica,
  committer: Committer,
): InboxConsumer | undefined {
  const { inbox } = store;
  const consumer =
    inbox &&
    new InboxConsumer({
      store,
      inbox,
      replica,
      committer,
      consumer: holder,
      log,
      onCommitted: () => metrics.inboxCommitted.inc(),
      onRepeated: () => metrics.inboxRepeated.inc(),
      onRejected: (code) => metrics.inboxRejected.inc({ code }),
      now: clock.monotonic,
      sleep: clock.sleep,
    });
  metrics.gauge(
    'holdfast_inbox_waiting',
    'Events in the inbox that are not decided; on the node that leads.',
    () => consumer?.status().waiting ?? 0,
  );
  metrics.gauge(
    'holdfast_rejected_waiting',
    'Rejected events that wait for an operator to retry or drop them; on the node that leads.',
    () => consumer?.status().rejected ?? 0,
  );
  return consumer;
}
