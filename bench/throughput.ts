/**
 * Changes per second that one leader carries from the store to one Pushpin, against the simple loop
 * of @fanoutio/grip: one POST per item, one after the other.
 *
 * The leader is a node as it is deployed. So that nothing competes with it for the machine, it is
 * stopped (SIGSTOP) while the changes are committed straight to the store, and then goes on: it
 * reads them from the feed, applies and encodes them, and publishes them in order. The end is when
 * the last of them has come out of Pushpin at a subscriber, who is the only one.
 */
import type { ChildProcess } from 'node:child_process';
import { createLog } from '../src/observe/log.js';
import type { Change } from '../src/ruleset/ruleset.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import type { Stack } from '../test/support/stack.js';
import { until } from '../test/support/until.js';
import { Changes, ENVIRONMENTS } from './changes.js';
import { endChild, nextMessage, startChild } from './children.js';
import { readMetrics } from './node-metrics.js';
import { milliseconds } from './poster.js';
import type { LoopStart } from './simple-loop.js';
import { openSubscribers, type SubscriberPool } from './subscriber-pool.js';

export interface ThroughputRound {
  /** Changes a second. */
  readonly leader: number;
  readonly loop: number;
}

export interface ThroughputResult {
  readonly plan: ThroughputPlan;
  readonly rounds: readonly ThroughputRound[];
  /**
   * Items that Pushpin accepted from the leader beside one per change and those that tell clients
   * of event streams; resync items; failed requests; fetches of the recovery link. Expected: 0
   * each, else something other than the publishing of changes was measured.
   */
  readonly unexpected: Readonly<Record<'items' | 'resyncs' | 'failures' | 'recoveries', number>>;
}

export interface ThroughputPlan {
  /** That count; one more comes before them. */
  readonly rounds: number;
  /**
   * Per round; below the bound of a backlog (10,000), past which a leader sends resync items
   * instead.
   */
  readonly changes: number;
  /** Per round, of the same kind as the changes. */
  readonly looped: number;
}

/** Environments that this part uses: from this id on, and as many after them for the loop. */
const FIRST = 1_000;
/** Commits that are on their way at a time. */
const COMMITS_AT_ONCE = 200;

export async function measureThroughput(stack: Stack, plan: ThroughputPlan): Promise<ThroughputResult> {
  const node = stack.nodes[0]!;
  const store = await openStore(stack.redis.url, { log: createLog('warn') });
  const loopStart: LoopStart = {
    publishUrl: stack.pushpins[0]!.publishUrl,
    firstEnvironment: FIRST + ENVIRONMENTS,
  };
  const looping = startChild('simple-loop.ts', loopStart);
  let subscriber: SubscriberPool | undefined;
  try {
    const committed = new Changes(FIRST);
    for (const id of committed.environments) await stack.createEnvironment(id);
    const { key } = await stack.createKey(committed.last);
    const checks = await recoveries(stack);
    subscriber = await openSubscribers({ url: `${stack.url}/api/v1/sse/config`, key, count: 1 });
    // Pushpin sends a hold to the recovery link about a second after it was the first of its
    // channel. An answer to that would bring the last change before the leader does.
    await until('the first check of the hold', async () => (await recoveries(stack)) > checks);
    await until('the environments are published', async () => (await waiting(stack)) === 0);
    const before = await readMetrics(node);
    const rounds: ThroughputRound[] = [];
    for (let i = 0; i <= plan.rounds; i++) {
      const loop = await measureLoop(looping, plan.looped);
      const leader = await measureLeader(stack, store, subscriber, committed.next(plan.changes));
      // The first round compiles what is measured, on both sides.
      if (i > 0) rounds.push({ leader, loop });
    }
    const after = await readMetrics(node);
    const grown = (name: string): number => after.sum(name) - before.sum(name);
    return {
      plan,
      rounds,
      unexpected: {
        items:
          grown('holdfast_published_items_total') -
          grown('holdfast_refetch_items_total') -
          (1 + plan.rounds) * plan.changes,
        resyncs: grown('holdfast_resync_items_total'),
        failures: grown('holdfast_publish_failures_total'),
        recoveries: grown('holdfast_recoveries_total'),
      },
    };
  } finally {
    await subscriber?.close();
    await endChild(looping);
    await store.close();
  }
}

async function measureLeader(
  stack: Stack,
  store: Store,
  subscriber: SubscriberPool,
  changes: readonly Change[],
): Promise<number> {
  const { pid } = stack.nodes[0]!;
  let from: bigint;
  process.kill(pid, 'SIGSTOP');
  try {
    await commitAll(store, changes);
  } finally {
    from = process.hrtime.bigint();
    process.kill(pid, 'SIGCONT');
  }
  const to = await subscriber.reached(`${changes.at(-1)!.version}`);
  await until('the last batch is answered', async () => (await waiting(stack)) === 0);
  return changes.length / (milliseconds(from, to) / 1000);
}

async function measureLoop(looping: ChildProcess, items: number): Promise<number> {
  const rate = nextMessage(looping);
  looping.send(items);
  return (await rate) as number;
}

async function recoveries(stack: Stack): Promise<number> {
  return (await readMetrics(stack.nodes[0]!)).sum('holdfast_recoveries_total');
}

async function waiting(stack: Stack): Promise<number> {
  return (await readMetrics(stack.nodes[0]!)).sum('holdfast_publish_waiting_entries');
}

async function commitAll(store: Store, changes: readonly Change[]): Promise<void> {
  for (let i = 0; i < changes.length; i += COMMITS_AT_ONCE) {
    const results = await Promise.all(
      changes.slice(i, i + COMMITS_AT_ONCE).map((change) =>
        store.commit({
          environment: change.environment,
          by: { author: 'bench', source: 'http' },
          expect: change.previous,
          change,
          live: 1,
        }),
      ),
    );
    if (results.some(({ kind }) => kind !== 'committed')) throw new Error('a change was not committed');
  }
}
