/**
 * `npm run bench [-- --quick] [-- --only PART] [-- --peers]`: what Holdfast costs and carries, on real servers,
 * each figure side by side with the limit or the alternative, measured in the same run. Prints
 * tables; fails only when something cannot be measured, never because of a figure.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { startNode } from '../test/support/node.js';
import { nodeEnvironment } from '../test/support/environment.js';
import { startRedis } from '../test/support/redis.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { flag } from '../test/support/configs.js';
import { measureBeltServer } from './belt-server.js';
import { measureUnknownKeys } from './unknown-keys.js';
import { measureCatchUp } from './catch-up.js';
import { commandLineReport, measureCommandLine } from './command-line.js';
import { historyReport, measureHistory } from './history.js';
import { compareOfrep, compareStreams, type PeerSizes } from './peers/compare.js';
import { measureLatency, type Audience } from './latency.js';
import { weighHolds } from './memory.js';
import { measureEvaluation, type EvaluationSizes } from './evaluate.js';
import {
  beltServerReport,
  unknownKeysReport,
  catchUpReport,
  evaluationReport,
  holdsReport,
  latencyReport,
  machineReport,
  replicaReport,
  streamingMissReport,
  throughputReport,
  turnsReport,
  type Machine,
} from './report.js';
import { makeEnvironments, weighReplica } from './replica-memory.js';
import { measureStreamingMiss } from './streaming-miss.js';
import { openSubscribers } from './subscriber-pool.js';
import { measureThroughput } from './throughput.js';
import { measureLongTurns } from './turns.js';

const SUBSCRIBERS = 1_000;

interface Sizes {
  readonly evaluation: EvaluationSizes;
  /** Configs of the environment. */
  readonly turns: number;
  /** Minutes. */
  readonly streamingMiss: number;
  readonly latency: { readonly warmUp: number; readonly measured: number };
  readonly throughput: { readonly rounds: number; readonly changes: number; readonly looped: number };
  readonly catchUp: { readonly rounds: number; readonly requests: number };
  /** Environments. */
  readonly replica: number;
  /** Environments. */
  readonly beltServer: number;
  readonly unknownKeys: number;
  readonly history: { readonly rounds: number; readonly commits: number };
  /** Rounds. */
  readonly commandLine: number;
  readonly peers: PeerSizes;
}

const FULL: Sizes = {
  evaluation: { rounds: 20, people: 40, compilations: 30 },
  turns: 50_000,
  streamingMiss: 3,
  latency: { warmUp: 10, measured: 100 },
  throughput: { rounds: 5, changes: 9_000, looped: 1_500 },
  catchUp: { rounds: 3, requests: 3_000 },
  replica: 10_000,
  beltServer: 1_000,
  unknownKeys: 300,
  history: { rounds: 9, commits: 2_000 },
  commandLine: 15,
  peers: { rounds: 10, changes: 40, flags: 1_000, requests: 5_000, streams: 5_000 },
};
const QUICK: Sizes = {
  evaluation: { rounds: 8, people: 20, compilations: 10 },
  turns: 10_000,
  streamingMiss: 1,
  latency: { warmUp: 5, measured: 20 },
  throughput: { rounds: 1, changes: 9_000, looped: 600 },
  catchUp: { rounds: 1, requests: 1_500 },
  replica: 3_000,
  beltServer: 200,
  unknownKeys: 30,
  history: { rounds: 3, commits: 1_000 },
  commandLine: 5,
  peers: { rounds: 5, changes: 10, flags: 1_000, requests: 3_000, streams: 2_000 },
};

/** The measurements on servers, and those in this process. */
const SERVED = ['latency', 'throughput', 'holds', 'replica', 'catch-up'] as const;
const PARTS = [
  'evaluate',
  'turns',
  'streaming-miss',
  'belt-server',
  'unknown-keys',
  'history',
  'command-line',
  ...SERVED,
] as const;
type Part = (typeof PARTS)[number];

/**
 * No hold is verified while something is measured: with T = 60 s, chance would put the work for
 * some of them into some of the rounds.
 */
const LONG_STALENESS = '3600';
const COLLECTS_GARBAGE = { NODE_OPTIONS: `--import=${new URL('gc-on-signal.mjs', import.meta.url).href}` };

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    peers: { type: 'boolean', default: false },
  },
});
const parts = PARTS.filter((part) => options.only === undefined || options.only === part);
if (parts.length === 0) throw new Error(`--only takes one of ${PARTS.join(', ')}`);

const sizes = options.quick ? QUICK : FULL;
if (options.peers) {
  print(machineReport(machine()));
  print(await compareOfrep(sizes.peers));
  print(await compareStreams(sizes.peers));
} else await run(sizes, new Set(parts));

async function run(sizes: Sizes, wanted: ReadonlySet<Part>): Promise<void> {
  print(machineReport(machine()));
  if (wanted.has('evaluate')) print(evaluationReport(await measureEvaluation(sizes.evaluation)));
  if (wanted.has('turns')) print(turnsReport(sizes.turns, await measureLongTurns(sizes.turns)));
  if (wanted.has('streaming-miss'))
    print(streamingMissReport(await measureStreamingMiss(sizes.streamingMiss)));
  if (wanted.has('belt-server')) {
    print(beltServerReport(await measureBeltServer(sizes.beltServer, COLLECTS_GARBAGE)));
  }
  if (wanted.has('unknown-keys')) {
    print(unknownKeysReport(await measureUnknownKeys(sizes.unknownKeys, COLLECTS_GARBAGE)));
  }
  if (wanted.has('history')) {
    print(historyReport(await measureHistory(sizes.history.rounds, sizes.history.commits)));
  }
  if (wanted.has('command-line')) print(commandLineReport(measureCommandLine(sizes.commandLine)));
  if (SERVED.some((part) => wanted.has(part))) await measureServers(sizes, wanted);
}

async function measureServers(sizes: Sizes, wanted: ReadonlySet<Part>): Promise<void> {
  const stack = await startStack({
    nodes: 1,
    env: { HOLDFAST_STALENESS: LONG_STALENESS, ...COLLECTS_GARBAGE },
  });
  try {
    if (wanted.has('replica')) print(await replica(stack, sizes));
    // Holds first, on nodes that have done nothing else.
    if (wanted.has('holds')) print(await holds(stack));
    if (wanted.has('latency')) print(await latency(stack, sizes));
    if (wanted.has('throughput')) {
      print(throughputReport(await measureThroughput(stack, sizes.throughput)));
    }
    if (wanted.has('catch-up')) print(catchUpReport(await measureCatchUp(stack, 3, sizes.catchUp)));
  } finally {
    await stack.stop();
  }
}

async function latency(stack: Stack, { latency: rounds }: Sizes): Promise<string> {
  const holdfast = await audience(stack, 1);
  const straight = await audience(stack, 2);
  try {
    return latencyReport(await measureLatency(stack, { holdfast, straight }, rounds));
  } finally {
    await holdfast.subscribers.close();
    await straight.subscribers.close();
  }
}

async function audience(stack: Stack, environment: number): Promise<Audience> {
  const key = await subscribable(stack, environment);
  return {
    environment,
    subscribers: await openSubscribers({ url: stream(stack.url), key, count: SUBSCRIBERS }),
  };
}

async function holds(stack: Stack): Promise<string> {
  const key = await subscribable(stack, 4);
  const count = SUBSCRIBERS;
  const node = await startNode({ env: directEnvironment(stack) });
  try {
    const direct = await weighHolds(node, { url: stream(node.url), key, count }, 'direct');
    const grip = await weighHolds(stack.nodes[0]!, { url: stream(stack.url), key, count }, 'grip');
    return holdsReport({ direct, grip, count });
  } finally {
    await node.stop();
  }
}

/** Runs on a Redis of its own, so that no other measurement reads its environments. */
async function replica({ secrets }: Stack, { replica: count }: Sizes): Promise<string> {
  const redis = await startRedis();
  try {
    await makeEnvironments(redis.url, count);
    const env = {
      ...nodeEnvironment(secrets, redis.url, []),
      ...COLLECTS_GARBAGE,
      GRIP_URL: '',
      GRIP_VERIFY_KEY: '',
    };
    const all = await weighReplica(env, count, 1_000_000);
    return replicaReport(count, [all, await weighReplica(env, count, 1_000)]);
  } finally {
    await redis.stop();
  }
}

/** Creates an environment with one flag; returns a key to it. */
async function subscribable(stack: Stack, environment: number): Promise<string> {
  await stack.createEnvironment(environment);
  await stack.commit(environment, [flag('bench.flag', true)]);
  return (await stack.createKey(environment)).key;
}

function directEnvironment(stack: Stack): Record<string, string> {
  const publishUrls = stack.pushpins.map(({ publishUrl }) => publishUrl);
  return {
    ...nodeEnvironment(stack.secrets, stack.redis.url, publishUrls),
    ...COLLECTS_GARBAGE,
    HOLDFAST_DRAIN: '0',
  };
}

function stream(url: string): string {
  return `${url}/api/v1/sse/config`;
}

function machine(): Machine {
  const versionOf = (command: string): string =>
    /\d+(?:\.\d+)+/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' }))?.[0] ?? 'unknown';
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
    load: loadavg()[0] ?? 0,
    versions: {
      Node: process.versions.node,
      Pushpin: versionOf('pushpin'),
      Redis: versionOf('redis-server'),
    },
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}
