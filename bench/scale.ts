/**
 * `node scripts/run.mjs bench/scale.ts [--quick]`: one real leader with its Redis, 10,000 environments,
 * and stand-ins for 1, 10 and 100 GRIP proxies that accept what is published to them; then recoveries
 * as the proxies of a million holds make them. Prints what each costs the leader, and where its
 * processor ends.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '../src/observe/log.js';
import type { Change } from '../src/ruleset/ruleset.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { createEnvironment, keyNamed, TESTER } from '../test/support/commits.js';
import { nodeEnvironment } from '../test/support/environment.js';
import { startNode, type HoldfastNode } from '../test/support/node.js';
import { startRedis } from '../test/support/redis.js';
import { until } from '../test/support/until.js';
import { Changes } from './changes.js';
import { keyOf } from './growth-seed.js';
import { linkOf, SECRETS, signed, untilIdle } from './measured-node.js';
import { readMetrics } from './node-metrics.js';
import { makeRequests, processorTime, requestText } from './peers/raw-http.js';
import { startStandIns, type StandIns } from './stand-ins.js';
import { median, percentile } from './statistics.js';
import { figure, table } from './table.js';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const ENVIRONMENTS = options.quick ? 1_000 : 10_000;
const PROXIES = [1, 10, 100];
/** Changes a second, each for some seconds. */
const RATE = options.quick ? 20 : 50;
const SECONDS = options.quick ? 5 : 10;
/**
 * Changes that a leader finds when it goes on after a stop: with the items that notify event streams
 * they are below the bound of its outbox.
 */
const BURST = 1_000;
/** The part of publish requests that proxies refuse, in the run with loss. */
const LOST = 0.1;
/** Holds whose recoveries are made, and the T that so many are sized for, seconds. */
const HOLDS = 1_000_000;
const STALENESS = 100;
const RECOVERIES = options.quick ? 2_000 : 20_000;

/** One run of changes at a rate. */
interface Run {
  readonly proxies: number;
  readonly rate: number;
  readonly lost: number;
  /** Milliseconds of the leader's processor per change, what it does idle taken off. */
  readonly perChange: number;
  /** The part of a processor that the leader had. */
  readonly processor: number;
  /** Items that each proxy accepted per change. */
  readonly items: number;
  /** Milliseconds from a commit to the last proxy. */
  readonly lag: readonly number[];
  readonly resyncs: number;
}

/** A burst of changes: what the leader needs when there is always something to send. */
interface Burst {
  readonly proxies: number;
  /** Milliseconds of the leader's processor per change. */
  readonly perChange: number;
  readonly resyncs: number;
}

const runs: Run[] = [];
const bursts: Burst[] = [];

async function commitAll(store: Store, changes: readonly Change[]): Promise<void> {
  await Promise.all(
    changes.map(async (change) => {
      const { environment, previous: expect } = change;
      const result = await store.commit({ environment, by: TESTER, expect, change, live: 1 });
      if (result.kind !== 'committed') throw new Error(`not committed: ${result.kind}`);
    }),
  );
}

async function fill(store: Store): Promise<void> {
  let next = 1n;
  const lane = async (): Promise<void> => {
    while (next <= BigInt(ENVIRONMENTS)) {
      const id = next++;
      await createEnvironment(store, id);
      await store.addKey(keyNamed(keyOf(id), id));
    }
  };
  await Promise.all(Array.from({ length: 100 }, lane));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function runAt(
  { node, store, standIns, changes }: Parts,
  { proxies, rate, lost, idle }: { proxies: number; rate: number; lost: number; idle: number },
): Promise<Run> {
  standIns.lose(lost);
  const [time, before, metrics] = [
    processorTime(node.pid),
    await standIns.counted(),
    await readMetrics(node),
  ];
  const [began, lag] = [performance.now(), [] as number[]];
  let [made, sampling] = [0, Promise.resolve()];
  let isSampling = false;
  while (performance.now() - began < SECONDS * 1000) {
    const batch = changes.next(Math.round(rate / 10));
    const id = `${batch.at(-1)?.version}`;
    const at = Date.now();
    await commitAll(store, batch);
    made += batch.length;
    if (!isSampling) {
      isSampling = true;
      sampling = standIns.reached(id).then((times) => {
        lag.push(Math.max(...times) - at);
        isSampling = false;
      });
    }
    await delay(Math.max(0, began + (made / rate) * 1000 - performance.now()));
  }
  standIns.lose(0);
  await sampling;
  // The notifications of event streams are spread over two seconds.
  await delay(3_000);
  await until('the last items are accepted', async () => (await waiting(node)) === 0, { timeout: 120_000 });
  const [took, used] = [performance.now() - began, processorTime(node.pid) - time];
  const [after, metricsAfter] = [await standIns.counted(), await readMetrics(node)];
  return {
    proxies,
    rate: made / (took / 1000),
    lost,
    perChange: (used - idle * took) / made,
    processor: used / took,
    items: (sum(after.items) - sum(before.items)) / proxies / made,
    lag,
    resyncs: metricsAfter.sum('holdfast_resync_items_total') - metrics.sum('holdfast_resync_items_total'),
  };
}

async function burst({ node, store, standIns, changes }: Parts, proxies: number): Promise<Burst> {
  const [time, before] = [processorTime(node.pid), await readMetrics(node)];
  const all = changes.next(BURST);
  process.kill(node.pid, 'SIGSTOP');
  try {
    for (let i = 0; i < all.length; i += 200) await commitAll(store, all.slice(i, i + 200));
  } finally {
    process.kill(node.pid, 'SIGCONT');
  }
  await standIns.reached(`${all.at(-1)?.version}`);
  await delay(3_000);
  await until('the last items are accepted', async () => (await waiting(node)) === 0, { timeout: 120_000 });
  const perChange = (processorTime(node.pid) - time) / BURST;
  const resyncs = (await readMetrics(node)).sum('holdfast_resync_items_total');
  return { proxies, perChange, resyncs: resyncs - before.sum('holdfast_resync_items_total') };
}

async function waiting(node: HoldfastNode): Promise<number> {
  return (await readMetrics(node)).sum('holdfast_publish_waiting_entries');
}

interface Parts {
  readonly node: HoldfastNode;
  readonly store: Store;
  readonly standIns: StandIns;
  readonly changes: Changes;
}

/** The part of a processor that the leader needs when nothing happens. */
async function idleShare(node: HoldfastNode): Promise<number> {
  const [time, began] = [processorTime(node.pid), performance.now()];
  await delay(5_000);
  return (processorTime(node.pid) - time) / (performance.now() - began);
}

/** Recoveries over all environments, of holds that have everything or lack one change. */
async function measureRecoveries(node: HoldfastNode, store: Store, isBehind: boolean): Promise<number> {
  const signature = await signed();
  const listed = await store.environments();
  const first = requestText(node.port, 'GET /api/v1/sse/config', {
    Authorization: `Basic ${Buffer.from(`bench:${keyOf(1n)}`).toString('base64')}`,
    'Grip-Sig': signature,
  });
  const link = await linkOf(node, first);
  let turn = 0;
  const request = (): string => {
    const { id, version } = listed[turn++ % listed.length] ?? { id: 1n, version: 0n };
    const last = isBehind ? 0n : version;
    return requestText(node.port, `GET ${link}`, {
      'Grip-Sig': signature,
      'Grip-Last': `environment-${id}; last-id=${last}, key-${keyOf(id)}; last-id=0`,
    });
  };
  // Reads each environment into memory.
  await makeRequests(node.port, listed.length, 16, request);
  const before = processorTime(node.pid);
  await makeRequests(node.port, RECOVERIES, 16, request);
  return (processorTime(node.pid) - before) / RECOVERIES;
}

async function measure(redisUrl: string, store: Store, changes: Changes, proxies: number) {
  const standIns = await startStandIns(proxies);
  const env = {
    ...nodeEnvironment(SECRETS, redisUrl, standIns.publishUrls),
    HOLDFAST_STALENESS: `${STALENESS}`,
    HOLDFAST_DRAIN: '0',
  };
  const node = await startNode({ env });
  try {
    await untilIdle(node.pid);
    const idle = await idleShare(node);
    process.stderr.write(`${proxies} proxies, idle ${figure(idle)}, load ${figure(loadavg()[0] ?? 0)}\n`);
    const parts = { node, store, standIns, changes };
    await runAt(parts, { proxies, rate: RATE, lost: 0, idle });
    for (const lost of [0, LOST]) runs.push(await runAt(parts, { proxies, rate: RATE, lost, idle }));
    await burst(parts, proxies);
    bursts.push(await burst(parts, proxies));
    if (proxies !== 1) return undefined;
    const current = await measureRecoveries(node, store, false);
    return { current, behind: await measureRecoveries(node, store, true) };
  } finally {
    await node.stop();
    await standIns.close();
  }
}

function changesReport(): string {
  const rows = runs.map((run) => [
    `${run.proxies}`,
    figure(run.rate),
    `${run.lost * 100} %`,
    figure(run.perChange),
    figure((run.perChange / run.proxies) * 1000),
    figure(run.items),
    (run.processor * 100).toFixed(0),
    `${figure(median(run.lag))} / ${figure(percentile(run.lag, 95))}`,
    `${run.resyncs}`,
  ]);
  const head = [
    'proxies',
    'changes/s',
    'refused',
    'ms CPU per change',
    'µs per proxy',
    'items',
    '% of a core',
  ];
  return table([...head, 'ms to the last proxy, median / p95', 'resyncs'], rows);
}

function burstsReport(): string {
  const rows = bursts.map(({ proxies, perChange, resyncs }) => [
    `${proxies}`,
    figure(perChange),
    figure((perChange / proxies) * 1000),
    figure(1000 / perChange),
    `${resyncs}`,
  ]);
  const head = [
    `proxies, ${BURST} changes at a time`,
    'ms CPU per change',
    'µs per proxy',
    'changes/s of a core',
  ];
  return table([...head, 'resyncs'], rows);
}

process.stdout.write(`Load before the run: ${figure(loadavg()[0] ?? 0)}. ${ENVIRONMENTS} environments.\n\n`);
const redis = await startRedis();
const store = await openStore(redis.url, { log: createLog('warn') });
try {
  await fill(store);
  const changes = new Changes(1, ENVIRONMENTS);
  for (const proxies of PROXIES) {
    const recovery = await measure(redis.url, store, changes, proxies);
    if (recovery === undefined) continue;
    const rows = Object.entries(recovery).map(([name, cost]) => [
      name,
      figure(cost),
      figure((HOLDS / STALENESS / 1000) * cost),
    ]);
    const head = [`recoveries of ${HOLDS} holds, T = ${STALENESS} s`, 'ms CPU each', 'cores, none shared'];
    process.stdout.write(`${table(head, rows)}\n\n`);
  }
  process.stdout.write(`${changesReport()}\n\n${burstsReport()}\n`);
} finally {
  await store.close();
  await redis.stop();
}
