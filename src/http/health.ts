/** The routes for operators: liveness, readiness, metrics. */
import { Router } from 'express';
import type { BeltStatus } from '../belt/writer/writer.js';
import type { InboxStatus } from '../inbox/consumer.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import type { PublisherStatus } from '../publish/publisher.js';
import type { ReplicaStatus } from '../replica/options.js';
import { onlyMethods } from './errors.js';

/** The state of a node, from which its readiness is decided. */
export interface NodeHealth {
  readonly phase: 'starting' | 'serving' | 'stopping';
  readonly store: string;
  readonly replica: ReplicaStatus;
  readonly publisher: PublisherStatus | undefined;
  /** `undefined` with a store that has no inbox. */
  readonly inbox: InboxStatus | undefined;
  readonly directHolds: number;
  /** `undefined` without buckets. */
  readonly belt?: BeltStatus | undefined;
}

/** The answer to a request for readiness. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly body: Record<string, unknown>;
}

/** Builds the routes of health and metrics. */
export function healthRoutes(state: () => ReadinessReport, metrics: ProcessMetrics): Router {
  const router = Router();
  router
    .route('/livez')
    .get((_request, response) => {
      response.set('Cache-Control', 'no-store').type('text').send('ok\n');
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/readyz')
    .get((_request, response) => {
      const { ready, body } = state();
      response
        .set('Cache-Control', 'no-store')
        .status(ready ? 200 : 503)
        .json(body);
    })
    .all(onlyMethods('GET', 'HEAD'));
  router
    .route('/metrics')
    .get(async (_request, response) => {
      response
        .set('Cache-Control', 'no-store')
        .type(metrics.registry.contentType)
        .send(await metrics.registry.metrics());
    })
    .all(onlyMethods('GET', 'HEAD'));
  return router;
}

/**
 * Decides whether a node may get traffic: data is applied and it is not stopping. A node whose store is unavailable still may (it serves the
 * rulesets in memory), and reports it: `degraded`, with the age of what it knows. A proxy that fails is no reason to take a node out: all nodes
 * see the same.
 */
export function nodeReadiness(health: NodeHealth): ReadinessReport {
  const { phase, store, replica, publisher, inbox, directHolds, belt } = health;
  const degraded = [
    ...(replica.feed === 'away' || replica.missing > 0 ? ['store'] : []),
    ...(publisher?.proxies.some((proxy) => proxy.state === 'failing') === true ? ['proxy'] : []),
    ...(isBeltFailing(belt) ? ['belt'] : []),
  ];
  const status = phase !== 'serving' ? phase : degraded.length > 0 ? 'degraded' : 'ready';
  const body = {
    status,
    ...(degraded.length > 0 ? { degraded } : {}),
    // Environments that the store lost and this node still has can be written back: holdfast restore.
    store: { name: store, state: replica.feed, missingEnvironments: replica.missing },
    feed: { lagMs: replica.lag },
    environments: replica.environments,
    holds: { direct: directHolds },
    publisher: publisher ?? 'off',
    ...(inbox === undefined ? {} : { inbox }),
    ...(belt === undefined ? {} : { belt }),
  };
  return { ready: phase === 'serving', body };
}

/** Decides the readiness of a belt writer. */
export function beltWriterReadiness(
  phase: NodeHealth['phase'],
  store: string,
  belt: BeltStatus | undefined,
): ReadinessReport {
  const status = phase !== 'serving' ? phase : isBeltFailing(belt) ? 'degraded' : 'ready';
  return { ready: phase === 'serving', body: { status, store: { name: store }, belt } };
}

function isBeltFailing(belt: BeltStatus | undefined): boolean {
  return belt?.buckets.some((bucket) => bucket.state === 'failing' || bucket.ahead > 0) === true;
}
