/** Builds the reports of this node, the board that reads those of all, and the time line. */
import { hostname } from 'node:os';
import type { BeltStatus } from '../../belt/writer/writer.js';
import type { CanaryProxyStatus } from '../../canary/canary.js';
import { messageOf } from '../../core/errors.js';
import { VERSION } from '../../core/version.js';
import { DeliveryBoard } from '../../delivery/board.js';
import type { BucketReport, CanaryReport, NodeReport, ProxyReport } from '../../delivery/model.js';
import { PerMinute } from '../../delivery/per-minute.js';
import { reportUntil } from '../../delivery/reporter.js';
import { ChangeTimeline } from '../../delivery/timeline.js';
import type { ProxyAddress } from '../../grip/proxies.js';
import { nodeReadiness, problemsOf, type NodeHealth } from '../../http/health.js';
import { CANARY_ENVIRONMENT } from '../../store/rules.js';
import type { Change } from '../../ruleset/ruleset.js';
import { buildProxyStatistics } from './proxy-statistics.js';
import type { NodeParts } from './parts.js';

/** Milliseconds between two writes of the time line. */
const TIMELINE_MS = 1_000;

/** The steps of changes and repairs, as the parts of a node report them. */
export class DeliveryEvents {
  readonly timeline: ChangeTimeline;
  /** Answers over the recovery link that had something to send. */
  readonly recoveries: PerMinute;
  readonly #monotonic: () => number;
  readonly #repairs = new Map<string, PerMinute>();

  constructor({ clock }: Pick<NodeParts, 'clock'>) {
    this.#monotonic = clock.monotonic;
    this.timeline = new ChangeTimeline(clock.now, (environment) => environment === CANARY_ENVIRONMENT);
    this.recoveries = new PerMinute(clock.monotonic);
  }

  /** Notes a change that the feed has brought. */
  applied({ environment, version, at, configs }: Change): void {
    this.timeline.applied({ environment, version, at: Number(at / 1000n) }, configs.length);
  }

  /** Notes resync items that a proxy accepted. */
  repaired(proxy: string, items: number): void {
    let repairs = this.#repairs.get(proxy);
    if (repairs === undefined) this.#repairs.set(proxy, (repairs = new PerMinute(this.#monotonic)));
    repairs.add(items);
  }

  /** Returns the resync items of the last minute. */
  repairsOf(proxy: string): number {
    return this.#repairs.get(proxy)?.total ?? 0;
  }
}

/** The reports of a node, built. */
export interface Delivery {
  readonly board: DeliveryBoard;
  /** The work of a leader: keeps the time line in the store, and reads what proxies hold. */
  readonly works: readonly { lead(signal: AbortSignal): Promise<void> }[];
  /** Reports until the signal aborts. */
  readonly report: (signal: AbortSignal) => Promise<void>;
  /** Sets the address that the reports name. */
  readonly setAddress: (address: string) => void;
}

/** The subjects of the reports. */
export interface Reported {
  readonly health: () => NodeHealth;
  readonly proxies: readonly ProxyAddress[];
}

/** Builds the reports of a node. */
export function buildDelivery(
  parts: NodeParts,
  events: DeliveryEvents,
  { health, proxies }: Reported,
): Delivery {
  const { settings, store, log, clock, holder } = parts;
  const statistics = buildProxyStatistics(parts, proxies);
  const startedAt = new Date(clock.now()).toISOString();
  let name = hostname();
  const own = (): NodeReport => ({
    ...reportOf(health(), events, statistics.connections()),
    id: holder,
    name,
    startedAt,
  });
  const board = new DeliveryBoard({
    reports: store.nodeReports,
    timeline: events.timeline,
    own,
    stalenessSeconds: settings.stalenessSeconds,
    clock,
  });
  const { timeline } = events;
  const lead = async (signal: AbortSignal): Promise<void> => {
    let isRead = false;
    let isFailing = false;
    while (!signal.aborted) {
      try {
        if (!isRead) timeline.restore((await store.nodeReports.read()).timeline);
        isRead = true;
        const text = timeline.takeText();
        if (text !== undefined) await store.nodeReports.writeTimeline(text);
        isFailing = false;
      } catch (error) {
        timeline.markChanged();
        if (!isFailing) log.warn({ error: messageOf(error) }, 'could not write the time line; trying again');
        isFailing = true;
      }
      await clock.sleep(TIMELINE_MS, signal);
    }
  };
  return {
    board,
    works: [{ lead }, statistics],
    report: (signal) => reportUntil({ reports: store.nodeReports, report: own, clock }, signal),
    setAddress: (address) => {
      name = `${hostname()}:${new URL(address).port}`;
    },
  };
}

function reportOf(
  health: NodeHealth,
  events: DeliveryEvents,
  connections: ReadonlyMap<string, number>,
): Omit<NodeReport, 'id' | 'name' | 'startedAt'> {
  const { replica, publisher, canary, inbox, belt, lease, directHolds, store } = health;
  return {
    version: VERSION,
    status: nodeReadiness(health).body.status as NodeReport['status'],
    problems: problemsOf(health),
    leader: lease.leader,
    store,
    feedLagMs: replica.lag,
    environments: replica.environments,
    directHolds: directHolds.held,
    recoveriesPerMinute: events.recoveries.total,
    proxies: (publisher?.proxies ?? []).map((status): ProxyReport => {
      const accepted = events.timeline.lastAccepted(status.proxy);
      const repairsPerMinute = events.repairsOf(status.proxy);
      const holds = connections.get(status.proxy);
      const seen = canary?.proxies.find(({ proxy }) => proxy === status.proxy);
      return {
        ...status,
        repairsPerMinute,
        ...(accepted === undefined ? {} : { accepted }),
        ...(holds === undefined ? {} : { holds }),
        ...(seen === undefined ? {} : { canary: canaryReport(seen) }),
      };
    }),
    buckets: (belt?.buckets ?? []).map(bucketReport),
    ...(inbox === undefined || !lease.leader ? {} : { inbox }),
  };
}

function canaryReport({ proxy: _, ...report }: CanaryProxyStatus): CanaryReport {
  return report;
}

/** Returns the report of a bucket. */
function bucketReport(bucket: BeltStatus['buckets'][number]): BucketReport {
  const { checkedAgo, error } = bucket;
  return {
    bucket: bucket.bucket,
    state: bucket.state,
    behindEnvironments: bucket.behind,
    behindMs: Math.round(bucket.behindFor),
    aheadEnvironments: bucket.ahead,
    ...(checkedAgo === undefined ? {} : { checkedMs: Math.round(checkedAgo) }),
    ...(error === undefined ? {} : { error }),
  };
}
