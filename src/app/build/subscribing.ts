/**
 * Builds what answers subscriptions: decisions, direct holds, the recovery link and the routes of
 * streams.
 */
import type { Router } from 'express';
import { FleetRecord } from '../../fleet/record.js';
import type { ProxyAddress } from '../../grip/proxies.js';
import { SignatureVerifier } from '../../grip/signature.js';
import { eventStreamRoute, eventStreamRouter } from '../../http/event-streams.js';
import { clientAddresses } from '../../http/client-addresses.js';
import type { HotRoute } from '../../http/hot-routes.js';
import { streamRouter, streamRoutes } from '../../http/streams.js';
import type { Replica } from '../../replica/replica.js';
import { BoundaryAlarms } from '../../subscribe/boundary-alarms.js';
import { DirectHolds } from '../../subscribe/direct.js';
import { RecoveryLink } from '../../subscribe/link.js';
import { StreamTokens } from '../../subscribe/stream-token.js';
import { DeltaContents } from '../../subscribe/deltas.js';
import { RefetchContents } from '../../subscribe/stream.js';
import { Subscriptions } from '../../subscribe/subscriptions.js';
import { CANARY_KEY, canaryKeyCheck } from '../../canary/key.js';
import { confirmedCanary } from '../../canary/source.js';
import { buildFleet, type Fleet } from './fleet.js';
import type { NodeParts } from './parts.js';
import type { WatchedClock } from './watching.js';

/** The parts of a node that answer subscriptions. */
export interface Subscribing {
  readonly directHolds: DirectHolds;
  readonly streamTokens: StreamTokens;
  readonly fleet: Fleet;
  readonly routes: readonly Router[];
  /** Those of them that are found without Express. */
  readonly hot: readonly HotRoute[];
}

/** Builds the parts that answer subscriptions, and registers the gauge of direct holds. */
export function buildSubscribing(
  parts: NodeParts,
  replica: Replica,
  proxies: readonly ProxyAddress[],
  { observing, onRecovered }: { observing: WatchedClock['observing']; onRecovered: () => void },
): Subscribing {
  const { settings, secrets, store, metrics, log, clock } = parts;
  const { now, random } = clock;
  const contents = {
    configs: new DeltaContents(),
    clients: new RefetchContents(settings.refetchSpreadSeconds * 1000, now),
  };
  const record = new FleetRecord(settings.stalenessSeconds * 1000, clock.monotonic);
  const link = new RecoveryLink(secrets.linkSecrets, now);
  const times = { keepAlive: settings.keepAliveSeconds, staleness: settings.stalenessSeconds };
  const onAhead = (): void => metrics.clientsAhead.inc();
  const canary = { key: CANARY_KEY, confirmed: () => confirmedCanary(store) };
  const subscriptions = new Subscriptions({ replica, canary, contents, link, times, log, random, onAhead });
  const directHolds = buildDirectHolds(parts, { replica, subscriptions, contents });
  const streamTokens = new StreamTokens(secrets.linkSecrets, now);
  const signers = proxies.flatMap((proxy) => proxy.signers);
  const streamParts = {
    replica,
    subscriptions,
    directHolds,
    signatures: observing(new SignatureVerifier(signers, now)),
    link,
    onRecovered,
    hold: settings.hold,
    addressOf: clientAddresses(settings.trustedProxies),
    canary: { key: CANARY_KEY, isKey: canaryKeyCheck(secrets.linkSecrets) },
    metrics,
    fleet: record,
  };
  const streams = streamRoutes(streamParts);
  const eventStream = eventStreamRoute({ ...streamParts, streamTokens, random });
  const routes = [streamRouter(streams), eventStreamRouter(eventStream)];
  const fleet = buildFleet(parts, record, replica, directHolds);
  return { directHolds, streamTokens, fleet, routes, hot: [...streams, eventStream] };
}

function buildDirectHolds(
  { settings, metrics, log, clock }: NodeParts,
  shared: Pick<ConstructorParameters<typeof DirectHolds>[0], 'replica' | 'subscriptions' | 'contents'>,
): DirectHolds {
  const directHolds = new DirectHolds({
    ...shared,
    alarms: new BoundaryAlarms(shared.replica, clock.now),
    log,
    keepAlive: settings.keepAliveSeconds,
    maxAge: settings.maxAgeSeconds,
    maxHolds: settings.maxHolds,
    onRefused: () => metrics.directRefused.inc(),
    onEnd: (reason) => metrics.directEnded.inc({ reason }),
    now: clock.monotonic,
    random: clock.random,
  });
  metrics.gauge('holdfast_direct_holds', 'Connections that this process holds.', () => directHolds.size);
  return directHolds;
}
