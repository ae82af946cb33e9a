/** The routes for operators: liveness, readiness, metrics. */
import { Router } from 'express';
import type { BeltStatus } from '../belt/writer/writer.js';
import type { CanaryStatus } from '../canary/canary.js';
import { VERSION } from '../core/version.js';
import type { InboxStatus } from '../inbox/consumer.js';
import type { LeaseStatus } from '../leader/lease-monitor.js';
import type { ClockStatus } from '../observe/clock-monitor.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import type { PublisherStatus } from '../publish/publisher.js';
import type { ReplicaStatus } from '../replica/options.js';
import type { HoldUse } from '../subscribe/admission.js';
import type { WriteState } from '../store/write-state.js';
import { onlyMethods } from './errors.js';

/** The state of a node, from which its readiness is decided. */
export interface NodeHealth {
  readonly phase: 'starting' | 'serving' | 'stopping';
  readonly store: string;
  readonly replica: ReplicaStatus;
  readonly publisher: PublisherStatus | undefined;
  /** `undefined` where no client URL of a proxy is given. */
  readonly canary: CanaryStatus | undefined;
  /** `undefined` with a store that has no inbox. */
  readonly inbox: InboxStatus | undefined;
  readonly directHolds: HoldUse;
  /** `undefined` without buckets. */
  readonly belt?: BeltStatus | undefined;
  readonly writes: WriteState;
  readonly lease: LeaseStatus;
  /** `undefined` without buckets. */
  readonly beltLease: LeaseStatus | undefined;
  readonly clock: ClockStatus;
}

/** The answer to a request for readiness. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly body: Record<string, unknown>;
}

/** Builds the routes of health and metrics. */
export function healthRoutes(state: () => ReadinessReport, metrics: ProcessMetrics): Router {
  const router = health(() => {
    const { ready, body } = state();
    return { ready, body: { ...body, version: VERSION } };
  });
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
 * Builds the routes of health on a port for clients, for the load balancer in front of it: whether
 * the process lives and may get traffic, and nothing about it.
 */
export function bareHealthRoutes(state: () => ReadinessReport): Router {
  return health(() => {
    const { ready, body } = state();
    return { ready, body: { status: ready ? 'ready' : body.status } };
  });
}

function health(state: () => ReadinessReport): Router {
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
  return router;
}

/**
 * Decides whether a node may get traffic: data is applied, it is not stopping, and it has room for
 * direct holds. The last is refused traffic before clients are refused, who can then be held by
 * another node. A node whose
 * store is unavailable still may (it serves the rulesets in memory), and reports it: `degraded`,
 * with the age of what it knows. The same goes for a node that cannot write, lead or trust its
 * clock, and for a proxy that fails: to take nodes out would help no client, but an operator must
 * see it.
 */
export function nodeReadiness(health: NodeHealth): ReadinessReport {
  const { phase, store, replica, publisher, canary, inbox, directHolds, belt } = health;
  const { writes, lease, beltLease, clock } = health;
  const degraded = [
    ...(replica.feed === 'away' || replica.missing > 0 || replica.recovering > 0 ? ['store'] : []),
    ...(writes.state === 'refusing' ? ['writes'] : []),
    ...(lease.problem !== undefined ? ['lease'] : []),
    ...(clock.problem !== undefined ? ['clock'] : []),
    ...(publisher?.proxies.some((proxy) => proxy.state === 'failing') === true ? ['proxy'] : []),
    ...(canary?.proxies.some(({ state }) => state === 'silent') === true ? ['canary'] : []),
    ...(isBeltFailing(belt) || beltLease?.problem !== undefined ? ['belt'] : []),
    ...(directHolds.nearlyFull ? ['holds'] : []),
  ];
  const body = {
    ...statusOf(phase, degraded),
    // Environments that the store lost and this node still has can be written back: holdfast
    // restore.
    store: {
      name: store,
      state: replica.feed,
      missingEnvironments: replica.missing,
      recoveringEnvironments: replica.recovering,
      writes: writesOf(writes),
    },
    feed: { lagMs: replica.lag },
    environments: replica.environments,
    holds: holdsOf(directHolds),
    lease: leaseOf(lease),
    clock: {
      ...(clock.offset === undefined ? {} : { offsetMs: Math.round(clock.offset * 1000) }),
      ...problemOf(clock),
    },
    publisher: publisher ?? 'off',
    canary: canary ?? 'off',
    ...(inbox === undefined ? {} : { inbox }),
    ...(belt === undefined ? {} : { belt: { ...belt, ...(beltLease && { lease: leaseOf(beltLease) }) } }),
  };
  return { ready: phase === 'serving' && !directHolds.nearlyFull, body };
}

/** Returns the reasons for which a node is degraded, in words, by the part that readiness names. */
export function problemsOf(health: NodeHealth): { part: string; reason: string }[] {
  const { replica, publisher, belt, writes, lease, beltLease, clock, directHolds } = health;
  const found = (part: string, reason: string | undefined) =>
    reason === undefined ? [] : [{ part, reason }];
  const { missing, recovering } = replica;
  return [
    ...found('store', replica.feed === 'away' ? AWAY : undefined),
    ...found('store', missing > 0 ? `it lost ${missing} environments: holdfast restore` : undefined),
    ...found(
      'store',
      recovering > 0 ? `lost writes of ${recovering} environments are made again` : undefined,
    ),
    ...found('writes', writes.state === 'refusing' ? writes.reason : undefined),
    ...found('lease', lease.problem?.reason),
    ...found('clock', clock.problem?.reason),
    ...(publisher?.proxies ?? []).flatMap(({ proxy, state, error }) =>
      found('proxy', state === 'failing' ? `${proxy}: ${error ?? 'it accepts nothing'}` : undefined),
    ),
    ...(belt?.buckets ?? []).flatMap(({ bucket, state, error }) =>
      found('belt', state === 'failing' ? `${bucket}: ${error ?? 'it cannot be written'}` : undefined),
    ),
    ...found('belt', beltLease?.problem?.reason),
    ...found('holds', directHolds.nearlyFull ? fullText(directHolds) : undefined),
  ];
}

function fullText({ held, max }: HoldUse): string {
  return `${held} of at most ${max} connections are held (HOLDFAST_MAX_HOLDS); new clients are better served by another node`;
}

function holdsOf(holds: HoldUse): Record<string, unknown> {
  const { held, max, nearlyFull } = holds;
  return { direct: held, max, ...(nearlyFull ? { error: fullText(holds) } : {}) };
}

const AWAY = 'it cannot be reached; this node serves what it has in memory';

/** The state of a belt writer, from which its readiness is decided. */
export type BeltWriterHealth = Pick<NodeHealth, 'phase' | 'store' | 'writes' | 'belt'> & {
  readonly lease: LeaseStatus | undefined;
};

/** Decides the readiness of a belt writer. */
export function beltWriterReadiness({
  phase,
  store,
  writes,
  lease,
  belt,
}: BeltWriterHealth): ReadinessReport {
  const degraded = [
    // It writes cursors and its lease.
    ...(writes.state === 'refusing' ? ['writes'] : []),
    ...(lease?.problem !== undefined ? ['lease'] : []),
    ...(isBeltFailing(belt) ? ['belt'] : []),
  ];
  const body = {
    ...statusOf(phase, degraded),
    store: { name: store, writes: writesOf(writes) },
    ...(lease && { lease: leaseOf(lease) }),
    belt,
  };
  return { ready: phase === 'serving', body };
}

function statusOf(phase: NodeHealth['phase'], degraded: readonly string[]): Record<string, unknown> {
  if (degraded.length === 0) return { status: phase === 'serving' ? 'ready' : phase };
  return { status: phase === 'serving' ? 'degraded' : phase, degraded };
}

function writesOf(writes: WriteState): Record<string, unknown> {
  if (writes.state === 'ok') return { state: 'ok' };
  return { state: 'refused', error: writes.reason, since: new Date(writes.since).toISOString() };
}

function leaseOf(lease: LeaseStatus): Record<string, unknown> {
  return { leader: lease.leader, ...problemOf(lease) };
}

function problemOf({ problem }: Pick<LeaseStatus, 'problem'>): Record<string, unknown> {
  return problem === undefined ? {} : { error: problem.reason, since: new Date(problem.since).toISOString() };
}

function isBeltFailing(belt: BeltStatus | undefined): boolean {
  return belt?.buckets.some((bucket) => bucket.state === 'failing' || bucket.ahead > 0) === true;
}
