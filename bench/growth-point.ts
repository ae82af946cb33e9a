/**
 * Measures what a start, commits, deliveries, subscriptions and recoveries cost one node, by
 * processor time and on the clock, in an installation of one size. A stand-in takes the items.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { flag } from '../test/support/configs.js';
import { nodeEnvironment } from '../test/support/environment.js';
import { startNode, type HoldfastNode } from '../test/support/node.js';
import { startRedis } from '../test/support/redis.js';
import type { Config } from '../src/ruleset/model.js';
import { fillStore, keyOf, segmentConfig, type Installation } from './growth-seed.js';
import { linkOf, SECRETS, signed, untilIdle } from './measured-node.js';
import { makeRequests, openStreams, processorTime, requestText } from './peers/raw-http.js';
import { startStandIns } from './stand-ins.js';
import { median } from './statistics.js';

/** The stores that are measured. */
export type StoreKind = 'file' | 'redis';

/** The operations that are measured. */
export const OPERATIONS = ['commit', 'segment', 'delivery', 'subscription', 'recovery', 'start'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The cost of one operation, milliseconds. */
export interface OperationCost {
  readonly processor: number;
  readonly clock: number;
}

export type GrowthPoint = Readonly<Record<Operation, OperationCost>>;

/** The repetitions of each operation. */
export interface GrowthPlan {
  readonly starts: number;
  readonly commits: number;
  readonly deliveries: number;
  readonly requests: number;
}

/** Environments that requests go to, at most. All are in memory after the warm-up. */
const USED = 10;
/** Direct holds that a delivery goes to. */
const HOLDS = 500;
const CONNECTIONS = 4;

/** Measures an installation of one size. */
export async function measureGrowth(
  kind: StoreKind,
  size: Installation,
  plan: GrowthPlan,
): Promise<GrowthPoint> {
  const redis = kind === 'redis' ? await startRedis({ appendonly: true }) : undefined;
  const folder = mkdtempSync(join(tmpdir(), 'hf-growth-'));
  const standIns = await startStandIns(1);
  try {
    const location = redis?.url ?? `file:${folder}`;
    await fillStore(location, size);
    const env = {
      ...nodeEnvironment(SECRETS, location, standIns.publishUrls),
      HOLDFAST_DRAIN: '0',
      HOLDFAST_STALENESS: '3600',
    };
    const start = await measureStarts(env, plan.starts);
    const node = await startNode({ env });
    try {
      await untilIdle(node.pid);
      return { start, ...(await measureRequests(node, size, plan)) };
    } finally {
      await node.stop();
    }
  } finally {
    await standIns.close();
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureStarts(env: Readonly<Record<string, string>>, count: number): Promise<OperationCost> {
  const costs: OperationCost[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    const node = await startNode({ env });
    costs.push({ processor: processorTime(node.pid), clock: performance.now() - began });
    await node.stop();
  }
  return {
    processor: median(costs.map((each) => each.processor)),
    clock: median(costs.map((each) => each.clock)),
  };
}

/** One environment, as requests need it. */
interface Target {
  readonly id: number;
  readonly authorization: string;
  previous: string;
  version: string;
}

async function measureRequests(
  node: HoldfastNode,
  size: Installation,
  plan: GrowthPlan,
): Promise<Omit<GrowthPoint, 'start'>> {
  const targets = targetsOf(size.environments);
  const signature = await signed();
  const subscribe = (target: Target): string =>
    requestText(node.port, 'GET /api/v1/sse/config', {
      Authorization: target.authorization,
      'Grip-Sig': signature,
      'Last-Event-ID': target.version,
    });
  let turn = 0;
  const each = (request: (target: Target) => string) => (): string =>
    request(targets[turn++ % targets.length] ?? targets[0]!);
  const commit = commits(node, size);
  // Reads each environment into memory, and says where it stands.
  for (const target of targets) await commit(target);
  await makeRequests(node.port, 1_000, CONNECTIONS, each(subscribe));
  await repeated(node.pid, 100, () => commit(targets[turn++ % targets.length]!));
  const link = await linkOf(node, subscribe(targets[0]!));
  const recover = (target: Target): string =>
    requestText(node.port, `GET ${link}`, {
      'Grip-Sig': signature,
      'Grip-Last': `environment-${target.id}; last-id=${target.previous}, key-${keyOf(BigInt(target.id))}; last-id=0`,
    });
  const asked = async (request: (target: Target) => string): Promise<OperationCost> => {
    await makeRequests(node.port, plan.requests / 4, CONNECTIONS, each(request));
    const before = processorTime(node.pid);
    const times = await makeRequests(node.port, plan.requests, CONNECTIONS, each(request));
    return { processor: (processorTime(node.pid) - before) / plan.requests, clock: median(times) };
  };
  const subscription = await asked(subscribe);
  const recovery = await asked(recover);
  const committed = await repeated(node.pid, plan.commits, () => commit(targets[turn++ % targets.length]!));
  const commitSegment = commits(node, size, (_, value) => segmentConfig(value));
  await repeated(node.pid, 20, () => commitSegment(targets[0]!));
  const segment = await repeated(node.pid, plan.commits / 2, () => commitSegment(targets[0]!));
  const delivery = await measureDelivery(node, commit, targets[0]!, plan.deliveries);
  return { commit: committed, segment, delivery, subscription, recovery };
}

/** A change of one flag, until the last of the direct holds of its environment has it. */
async function measureDelivery(
  node: HoldfastNode,
  commit: (target: Target, id?: string) => Promise<void>,
  target: Target,
  count: number,
): Promise<OperationCost> {
  const request = requestText(node.port, 'GET /api/v1/sse/config', {
    Authorization: target.authorization,
    'Last-Event-ID': target.version,
  });
  const opened = await openStreams(node.port, HOLDS, request);
  try {
    const change = async (): Promise<void> => {
      const id = `${BigInt(Date.now()) * 1000n + 999n}`;
      await Promise.all([opened.reached(`id: ${id}\n`), commit(target, id)]);
    };
    await repeated(node.pid, 5, change);
    return await repeated(node.pid, count, change);
  } finally {
    opened.close();
  }
}

async function repeated(pid: number, count: number, work: () => Promise<void>): Promise<OperationCost> {
  const times: number[] = [];
  const before = processorTime(pid);
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return { processor: (processorTime(pid) - before) / count, clock: median(times) };
}

/** Commits changes of one config each. @param make the config of a place */
function commits(
  node: HoldfastNode,
  { configs }: Installation,
  make = (place: number, value: boolean): Config => flag(`bench.flag.${place}`, value),
) {
  let turn = 0;
  return async (target: Target, id?: string): Promise<void> => {
    // Spread over the ruleset, so that no config is changed twice in a row.
    const place = 2 + ((turn * 7_919) % (configs - 2));
    const changed = { ...make(place, turn++ % 2 === 0), ...(id !== undefined && { id }) };
    const url = `${node.url}/admin/v1/environments/${target.id}/changes`;
    const text = await post(url, { configs: [changed] });
    const { previous, version } = JSON.parse(text) as { previous: string; version: string };
    Object.assign(target, { previous, version });
  };
}

/** On a busy machine a store can take too long for a node; then the request is made again. */
async function post(url: string, body: unknown): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.ok) return text;
    if (answer.status !== 503 || attempt === 10) throw new Error(`not committed: ${text}`);
    await delay(500);
  }
}

/** Environments spread evenly over all. */
function targetsOf(environments: number): Target[] {
  const count = Math.min(USED, environments);
  return Array.from({ length: count }, (_, index) => {
    const id = 1 + Math.floor((index * environments) / count);
    const authorization = `Basic ${Buffer.from(`bench:${keyOf(BigInt(id))}`).toString('base64')}`;
    return { id, authorization, previous: '0', version: '0' };
  });
}
