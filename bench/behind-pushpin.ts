/**
 * `node scripts/run.mjs bench/behind-pushpin.ts [--holds 5000] [--rounds 6] [--pushpins 1]`: the processor
 * time of a change to holds behind Pushpin: of the node, of Redis and of Pushpin, and of the same
 * items published straight to Pushpin, in turn. `--profile FOLDER` writes a profile of the node.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { changeItems } from '../src/publish/outbox/items.js';
import { encodeConfig, encodeEnvelope } from '../src/ruleset/codec.js';
import { flag } from '../test/support/configs.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { readMetrics } from './node-metrics.js';
import { openStreams, processorTime, requestText, type OpenStreams } from './peers/raw-http.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const { values: options } = parseArgs({
  options: {
    holds: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '6' },
    profile: { type: 'string' },
  },
});
const HOLDS = Number(options.holds);
const ROUNDS = Number(options.rounds);
/** Changes of a round; processor time is counted in hundredths of a second. */
const CHANGES = 5;
/** The time after which the clients of event streams are notified too, milliseconds. */
const SPREAD_MS = 2_300;

interface Cost {
  readonly node: number;
  readonly redis: number;
  readonly pushpin: number;
  /** Requests over the recovery link, in the round: with none the figures are those of publishing alone. */
  readonly recoveries: number;
  /** From the start of a change until the last hold has it, milliseconds. */
  readonly last: number[];
}

async function spent({ nodes, redis, pushpins }: Stack): Promise<Omit<Cost, 'last'>> {
  const metrics = await readMetrics(nodes[0]!);
  return {
    recoveries: metrics.sum('holdfast_recoveries_total'),
    node: processorTime(nodes[0]!.pid),
    redis: processorTime(redis.pid),
    pushpin: processorTime(pushpins[0]!.pid),
  };
}

/** Makes the changes of a round; returns what each cost. */
async function round(stack: Stack, holds: OpenStreams, change: () => Promise<string>): Promise<Cost> {
  const before = await spent(stack);
  const last: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const began = performance.now();
    last.push((await holds.reached(`id: ${await change()}`)) - began);
  }
  await delay(SPREAD_MS);
  const after = await spent(stack);
  return {
    node: (after.node - before.node) / CHANGES,
    redis: (after.redis - before.redis) / CHANGES,
    pushpin: (after.pushpin - before.pushpin) / CHANGES,
    recoveries: after.recoveries - before.recoveries,
    last,
  };
}

async function subscribed(stack: Stack, environment: number): Promise<OpenStreams> {
  await stack.createEnvironment(environment);
  const { key } = await stack.createKey(environment);
  await stack.commit(environment, [flag('bench.flag', true)]);
  const port = Number(new URL(stack.url).port);
  const authorization = `Basic ${Buffer.from(`bench:${key}`).toString('base64')}`;
  const headers = { Authorization: authorization, Accept: 'text/event-stream' };
  const began = performance.now();
  const before = await spent(stack);
  const opened = await openStreams(port, HOLDS, requestText(port, 'GET /api/v1/sse/config', headers));
  const after = await spent(stack);
  const ms = (after: number, before: number): string => figure((after - before) / HOLDS);
  console.log(
    `${HOLDS} holds opened in ${figure((performance.now() - began) / 1000)} s; ms of processor time each: node ${ms(after.node, before.node)}, Pushpin ${ms(after.pushpin, before.pushpin)}, Redis ${ms(after.redis, before.redis)}`,
  );
  return opened;
}

/** Publishes as the leader of an environment would. */
async function straight(stack: Stack, environment: number): Promise<() => Promise<string>> {
  const described = await stack.admin(`/admin/v1/environments/${environment}`);
  let previous = BigInt(((await described.json()) as { version: string }).version);
  const envelope = encodeEnvelope({ id: BigInt(environment), projectId: 1n });
  let turn = 0;
  return async () => {
    const version = BigInt(Date.now()) * 1000n;
    const config = encodeConfig({
      id: `${version}`,
      projectId: '1',
      ...flag('bench.flag', turn++ % 2 === 0),
    });
    const step = { previous, version, clientPrevious: previous, clientVersion: version };
    const [item] = changeItems({
      environment: BigInt(environment),
      ...step,
      at: version,
      envelope,
      configs: [config],
    });
    previous = version;
    const body = `{"items":[${item!.json}]}`;
    const answer = await fetch(`${stack.pushpins[0]!.publishUrl}/publish/`, { method: 'POST', body });
    if (!answer.ok) throw new Error(await answer.text());
    return `${version}`;
  };
}

const profile = options.profile;
const main = join(import.meta.dirname, '../dist/main.js');
const stack = await startStack({
  nodes: 1,
  // No hold is verified in the meantime.
  env: { HOLDFAST_STALENESS: '3600' },
  ...(profile === undefined
    ? {}
    : {
        commands: [['--cpu-prof', '--cpu-prof-interval', '200', `--cpu-prof-dir=${profile}`, main, 'serve']],
      }),
});
const rounds: { ours: Cost; alone: Cost }[] = [];
try {
  const ours = await subscribed(stack, 1);
  const others = await subscribed(stack, 2);
  // Pushpin checks each channel once, some seconds after its first subscription.
  await delay(5_000);
  let turn = 0;
  const commit = async () => (await stack.commit(1, [flag('bench.flag', turn++ % 2 === 1)])).version;
  const publish = await straight(stack, 2);
  for (let i = -1; i < ROUNDS; i++) {
    const both = { ours: await round(stack, ours, commit), alone: await round(stack, others, publish) };
    if (i >= 0) rounds.push(both);
  }
  ours.close();
  others.close();
} finally {
  await stack.stop();
}
const of = (way: 'ours' | 'alone', part: 'node' | 'redis' | 'pushpin' | 'recoveries'): number =>
  median(rounds.map((each) => each[way][part]));
const all = (way: 'ours' | 'alone'): number =>
  median(rounds.map(({ [way]: { node, redis, pushpin } }) => node + redis + pushpin));
const last = (way: 'ours' | 'alone'): number => median(rounds.flatMap((each) => each[way].last));
const row = (name: string, way: 'ours' | 'alone'): string[] => [
  name,
  (all(way) / all('alone')).toFixed(2),
  figure(all(way)),
  ...(['node', 'redis', 'pushpin'] as const).map((part) => figure(of(way, part))),
  figure(last(way)),
  figure(of(way, 'recoveries')),
];
console.log(`${HOLDS} holds, ${ROUNDS} rounds of ${CHANGES} changes each, load ${figure(loadavg()[0]!)}`);
console.log(
  table(
    [
      '',
      'of Pushpin alone',
      'ms CPU per change',
      'node',
      'Redis',
      'Pushpin',
      'ms to the last hold',
      'recoveries',
    ],
    [row('Holdfast', 'ours'), row('published straight to Pushpin', 'alone')],
  ),
);
