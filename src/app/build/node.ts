/**
 * Builds a node of its features: from settings and an open store to an app that can serve. Starts
 * nothing; app/node.ts does, and tests do with a clock of their own.
 */
import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import type { Bucket } from '../../bucket/bucket.js';
import type { Committer } from '../../commit/committer.js';
import { Evaluators } from '../../evaluate/evaluators.js';
import { parseGripUrl, type ProxyAddress } from '../../grip/proxies.js';
import { clientRoutes, createApp, createClientApp } from '../../http/app.js';
import { nodeReadiness, type NodeHealth } from '../../http/health.js';
import { cutCounter, type PortApps } from '../../http/ports.js';
import { NodeMetrics } from '../../observe/node-metrics.js';
import type { AuditTrail } from '../../operators/audit-trail.js';
import { SignInCodes } from '../../operators/sign-in.js';
import type { Replica } from '../../replica/replica.js';
import type { DirectHolds } from '../../subscribe/direct.js';
import { buildAdmin } from './admin.js';
import { buildDelivery, DeliveryEvents } from './delivery.js';
import { buildBeltWriter } from './belt-writer.js';
import { buildCanary } from './canary.js';
import { buildLimits } from './limits.js';
import { buildLeading, registerLeaseGauge } from './leading.js';
import type { NodeParts } from './parts.js';
import { buildInbox, buildPublisher, buildPurger } from './publishing.js';
import { buildCommitter, buildReplica, keepKeys } from './replica.js';
import { buildSubscribing } from './subscribing.js';
import { buildClockMonitor } from './watching.js';

/** A node that is built and not started. */
export interface BuiltNode {
  readonly app: Express;
  /** The application of the clients' port where operators have one of their own. */
  readonly clientApp: Express;
  /** Counts a connection that a port cut. */
  readonly onCut: NonNullable<PortApps['onCut']>;
  readonly replica: Replica;
  readonly committer: Committer;
  readonly directHolds: DirectHolds;
  /** The codes with which one may sign in at this node. */
  readonly codes: SignInCodes;
  /** To be settled at a stop: it holds repetitions of the last minute back. */
  readonly audit: AuditTrail;
  /**
   * Does the work of a leader and writes copies, whenever it has the lease of each, until the
   * signal aborts; then gives its leases up.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Sets the phase that readiness reports. It begins as `starting`. */
  readonly enter: (phase: NodeHealth['phase']) => void;
  /** Sets the URL of this node, whose port its reports name. */
  readonly setAddress: (url: string) => void;
}

/** The parts that the caller of {@link buildNode} has. */
export type GivenNodeParts = Omit<NodeParts, 'metrics' | 'holder'>;

/** Builds a node. */
export function buildNode(given: GivenNodeParts, buckets: readonly Bucket[] = []): BuiltNode {
  const parts: NodeParts = { ...given, metrics: new NodeMetrics(), holder: randomUUID() };
  const { settings, store, metrics, log, tracing, clock } = parts;
  const proxies = proxiesOf(settings);
  const watched = buildClockMonitor(parts);
  const events = new DeliveryEvents(parts);
  const replica = buildReplica(parts, (change) => events.applied(change));
  const committer = buildCommitter(parts, replica);
  const { directHolds, streamTokens, fleet, ...streams } = buildSubscribing(parts, replica, proxies, {
    observing: watched.observing,
    onRecovered: () => events.recoveries.add(1),
  });
  const publisher = buildPublisher(parts, proxies, events);
  const inbox = buildInbox(parts, replica, committer);
  const canary = buildCanary(parts, proxies);
  const delivery = buildDelivery(parts, events, { health: () => health(), proxies });
  const leading = buildLeading(parts, [publisher, inbox, buildPurger(parts), canary, ...delivery.works]);
  const belt = buildBeltWriter(parts, buckets);
  registerLeaseGauge(metrics, { publisher: leading.status, belt: belt.lease });
  let phase: NodeHealth['phase'] = 'starting';
  const health = (): NodeHealth => ({
    phase,
    store: store.name,
    replica: replica.status(),
    publisher: publisher?.status(),
    canary: canary?.status(),
    inbox: inbox?.status(),
    directHolds: directHolds.use,
    belt: belt.status(),
    writes: store.writable(),
    lease: leading.status(),
    beltLease: belt.lease(),
    clock: watched.monitor.status,
  });
  const seen = { metrics, now: clock.now, streamUrl: settings.streamUrl };
  const evaluators = new Evaluators({ onOverBudget: () => metrics.overBudget.inc() });
  const clients = clientRoutes({ rulesets: replica, evaluators, streamTokens, ...seen });
  const observers = { metrics, log, tracing };
  const shared = {
    state: () => nodeReadiness(health()),
    routes: [...streams.routes, ...clients.routes],
    hot: [...clients.hot, ...streams.hot],
    limits: buildLimits(settings, metrics, clock),
    ...observers,
  };
  const more = { delivery: delivery.board, codes: new SignInCodes(clock.monotonic), fleet };
  const { router: admin, audit } = buildAdmin(parts, replica, committer, evaluators, more);
  const clientApp = createClientApp(shared);
  const apps = { app: createApp({ ...shared, admin }), clientApp, onCut: cutCounter(metrics) };
  const lead = async (signal: AbortSignal): Promise<void> => {
    const reported = [delivery.report(signal), fleet.report(signal), keepKeys(parts, replica, signal)];
    await Promise.all([leading.lead(signal), belt.lead(signal), watched.watch(signal), ...reported]);
  };
  const enter = (next: NodeHealth['phase']): void => {
    phase = next;
    if (next === 'stopping') delivery.board.stop();
  };
  const { setAddress } = delivery;
  return { ...apps, replica, committer, directHolds, audit, codes: more.codes, lead, enter, setAddress };
}

function proxiesOf({ gripUrls, gripVerifyKeys, publishInterval }: NodeParts['settings']): ProxyAddress[] {
  return gripUrls.map((url) => parseGripUrl(url, gripVerifyKeys, publishInterval));
}
