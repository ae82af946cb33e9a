/** Builds the replica and the committer, and registers their gauges. */
import { Committer } from '../../commit/committer.js';
import { heal } from '../../recovery/heal.js';
import { KeyUpkeep } from '../../keys/upkeep.js';
import { Replica } from '../../replica/replica.js';
import type { Change } from '../../ruleset/ruleset.js';
import type { Tracing } from '../../observe/tracing.js';
import type { NodeParts } from './parts.js';
import { registerStoreGauges } from './watching.js';

/** Builds the replica: rulesets in memory, kept current from the feed. */
export function buildReplica(
  { settings, store, metrics, log, clock, tracing }: NodeParts,
  onChange: (change: Change) => void,
): Replica {
  const replica = new Replica({
    store,
    log,
    now: clock.monotonic,
    wallClock: clock.now,
    onDataLost: () => metrics.dataLost.inc(),
    heal: (lost) => heal({ store, log, onGivenUp: (configs) => metrics.givenUp.inc(configs) }, lost),
    // A hold at a proxy is verified once in T, which uses its environment: one that was not used in
    // two of them has no holds.
    retention: { keep: settings.environmentsInMemory, idle: 2 * settings.stalenessSeconds * 1000 },
    onChange:
      tracing === undefined
        ? onChange
        : (change) => {
            onChange(change);
            noteFollowed(tracing, change, clock.now());
          },
    onDropped: () => metrics.environmentsDropped.inc(),
  });
  registerStoreGauges(metrics, store);
  metrics.gauge(
    'holdfast_replica_environments',
    'Environments in memory.',
    () => replica.status().environments,
  );
  metrics.gauge('holdfast_store_up', '1 when the store can be reached.', () =>
    replica.status().feed === 'away' ? 0 : 1,
  );
  metrics.gauge(
    'holdfast_store_missing_environments',
    'Environments that this node has in memory and the store lost; holdfast restore writes them back.',
    () => replica.status().missing,
  );
  metrics.gauge(
    'holdfast_store_recovering_environments',
    'Environments of which the store lost writes that are not committed again yet; this node serves its own copy.',
    () => replica.status().recovering,
  );
  metrics.gauge(
    'holdfast_feed_lag_seconds',
    'Time since the feed was last known to have nothing newer: the age of what this node knows.',
    () => replica.status().lag / 1000,
  );
  return replica;
}

/** Revokes keys that expire, and notes uses of keys, until the signal aborts. */
export function keepKeys(
  { store, clock, log }: NodeParts,
  replica: Replica,
  signal: AbortSignal,
): Promise<void> {
  return new KeyUpkeep({ store, keyring: replica.keyring, clock, log }).run(signal);
}

/** Records the way of a change through the feed: from its commit to this node. */
function noteFollowed(tracing: Tracing, { trace, at, environment, version }: Change, end: number): void {
  if (trace === undefined) return;
  const attributes = { 'holdfast.environment': `${environment}`, 'holdfast.version': `${version}` };
  const start = Number(at / 1000n);
  tracing.record({ name: 'feed', type: 'consumer', parent: trace, start, end, attributes });
}

/** Builds the committer, through which every change of this node goes. */
export function buildCommitter({ store, metrics, tracing }: NodeParts, replica: Replica): Committer {
  return new Committer({
    store,
    replica,
    tracing,
    onCommit: () => metrics.commits.inc(),
    onConflict: () => metrics.conflicts.inc(),
  });
}
