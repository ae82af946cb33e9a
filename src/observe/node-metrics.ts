/**
 * The metrics of a node, in addition to those of every process. docs/protocol.md, "Metrics", has
 * their names and labels.
 */
import { Counter, Gauge, Histogram } from 'prom-client';
import { ProcessMetrics } from './process-metrics.js';

/** One series per environment would be too many with ten thousand of them. */
const LAGGING_MAX = 1000;

/** The metrics of a node, and of a belt writer. */
export class NodeMetrics extends ProcessMetrics {
  readonly subscribes = new Counter({
    name: 'holdfast_subscribes_total',
    help: 'Subscriptions answered, by what is streamed (configs to servers, clients: notifications to fetch), who holds the connection (grip, direct) and what the client lacked (behind, current, ahead, unverified).',
    labelNames: ['hold', 'decision', 'stream'] as const,
    registers: [this.registry],
  });

  readonly recoveries = new Counter({
    name: 'holdfast_recoveries_total',
    help: 'Requests of proxies over the recovery link, by what is streamed (configs, clients) and what the hold lacked; refused: the key is revoked. One request can serve many holds.',
    labelNames: ['decision', 'stream'] as const,
    registers: [this.registry],
  });

  readonly dataLost = new Counter({
    name: 'holdfast_data_lost_total',
    help: 'Times that the store was found to lack writes that this node has: it lost them.',
    registers: [this.registry],
  });

  readonly givenUp = new Counter({
    name: 'holdfast_lost_configs_given_up_total',
    help: 'Lost configs that could no longer be committed again; they are among the rejected events.',
    registers: [this.registry],
  });

  readonly clientsAhead = new Counter({
    name: 'holdfast_clients_ahead_total',
    help: 'Clients that named a version above that of the store, and were sent the whole ruleset.',
    registers: [this.registry],
  });

  readonly mistimedSignatures = new Counter({
    name: 'holdfast_mistimed_signatures_total',
    help: 'Signatures of configured proxies that are out of their time, by kind (expired, not-yet-valid): a clock is wrong.',
    labelNames: ['kind'] as const,
    registers: [this.registry],
  });

  readonly environmentsDropped = new Counter({
    name: 'holdfast_replica_dropped_total',
    help: 'Environments dropped from memory because no client used them and there were more than HOLDFAST_IN_MEMORY.',
    registers: [this.registry],
  });

  readonly directEnded = new Counter({
    name: 'holdfast_direct_holds_ended_total',
    help: 'Direct holds that ended, by reason (client, age, slow, revoked, shutdown).',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly directRefused = new Counter({
    name: 'holdfast_direct_holds_refused_total',
    help: 'Direct subscriptions refused because HOLDFAST_MAX_HOLDS was reached.',
    registers: [this.registry],
  });

  readonly adminRefused = new Counter({
    name: 'holdfast_admin_refused_total',
    help: 'Requests of administration refused for their credential, by reason (missing, unknown, expired, oidc: by or after the issuer).',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly auditLost = new Counter({
    name: 'holdfast_audit_lost_total',
    help: 'Entries of the audit trail that could not be written; what they record was done.',
    registers: [this.registry],
  });

  readonly commits = new Counter({
    name: 'holdfast_commits_total',
    help: 'Changes committed through this node.',
    registers: [this.registry],
  });

  readonly conflicts = new Counter({
    name: 'holdfast_commit_conflicts_total',
    help: 'Commits that were planned again because another node committed first.',
    registers: [this.registry],
  });

  readonly inboxCommitted = new Counter({
    name: 'holdfast_inbox_committed_total',
    help: 'Inbox events committed through this node.',
    registers: [this.registry],
  });

  readonly inboxRepeated = new Counter({
    name: 'holdfast_inbox_repeated_total',
    help: 'Inbox events that were committed before, by their event field, and were removed without effect.',
    registers: [this.registry],
  });

  readonly inboxRejected = new Counter({
    name: 'holdfast_inbox_rejected_total',
    help: 'Inbox events that were moved to the rejected ones, by the code of the error.',
    labelNames: ['code'] as const,
    registers: [this.registry],
  });

  readonly published = new Counter({
    name: 'holdfast_published_items_total',
    help: 'Items that a proxy accepted.',
    labelNames: ['proxy'] as const,
    registers: [this.registry],
  });

  readonly resyncs = new Counter({
    name: 'holdfast_resync_items_total',
    help: 'Items that made the holds of an environment recover, because the proxy had missed something.',
    labelNames: ['proxy'] as const,
    registers: [this.registry],
  });

  readonly refetches = new Counter({
    name: 'holdfast_refetch_items_total',
    help: 'Of the items that a proxy accepted, those that tell clients of event streams to fetch.',
    labelNames: ['proxy'] as const,
    registers: [this.registry],
  });

  readonly publishFailures = new Counter({
    name: 'holdfast_publish_failures_total',
    help: 'Publish requests that a proxy did not accept; each is tried again.',
    labelNames: ['proxy'] as const,
    registers: [this.registry],
  });

  readonly purgedKeys = new Counter({
    name: 'holdfast_purged_keys_total',
    help: 'Surrogate keys that were purged at the CDN; each twice per change.',
    registers: [this.registry],
  });

  readonly purgeFailures = new Counter({
    name: 'holdfast_purge_failures_total',
    help: 'Purge requests that failed; each is tried again.',
    registers: [this.registry],
  });

  readonly purgeLag = new Histogram({
    name: 'holdfast_purge_lag_seconds',
    help: 'From commit to the first purge of the copies that it made old, HOLDFAST_PURGE_DELAY included.',
    buckets: [0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 10, 60, 300, 3600],
    registers: [this.registry],
  });

  readonly beltWrites = new Counter({
    name: 'holdfast_belt_writes_total',
    help: 'Manifests that were written to a bucket, each after its snapshot.',
    labelNames: ['bucket'] as const,
    registers: [this.registry],
  });

  readonly beltFailures = new Counter({
    name: 'holdfast_belt_failures_total',
    help: 'Copies and comparisons that failed; each is tried again.',
    labelNames: ['bucket'] as const,
    registers: [this.registry],
  });

  readonly beltLag = new Histogram({
    name: 'holdfast_belt_lag_seconds',
    help: 'From commit to its copy in the bucket.',
    labelNames: ['bucket'] as const,
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
    registers: [this.registry],
  });

  readonly publishLag = new Histogram({
    name: 'holdfast_publish_lag_seconds',
    help: 'From commit to acceptance by the proxy.',
    labelNames: ['proxy'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300],
    registers: [this.registry],
  });

  readonly delivery = new Histogram({
    name: 'holdfast_delivery_seconds',
    help: "From the beginning of a commit of the canary to its arrival at a client's connection to the proxy; on the node that leads. Needs HOLDFAST_CANARY.",
    labelNames: ['proxy'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers: [this.registry],
  });

  readonly #environmentLag = new Gauge({
    name: 'holdfast_publish_environment_lag_seconds',
    help: 'From commit to acceptance by the proxy, of the last change of each of the 1,000 environments that changed last.',
    labelNames: ['proxy', 'environment'] as const,
    registers: [this.registry],
  });
  /** The series of that gauge, the oldest first. */
  readonly #lagging = new Map<string, { proxy: string; environment: string }>();

  /** Notes how long an environment's change took to be accepted by a proxy. */
  environmentLag(proxy: string, environment: bigint, seconds: number): void {
    const labels = { proxy, environment: `${environment}` };
    const series = `${environment} ${proxy}`;
    this.#lagging.delete(series);
    this.#lagging.set(series, labels);
    this.#environmentLag.set(labels, seconds);
    const [oldest] = this.#lagging;
    if (this.#lagging.size > LAGGING_MAX && oldest !== undefined) {
      this.#lagging.delete(oldest[0]);
      this.#environmentLag.remove(oldest[1]);
    }
  }
}
