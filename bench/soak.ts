/**
 * `npm run soak -- [--minutes 30] [--held 150] [--direct 30] [--changes 10]`: whether memory stays
 * flat under churn. Redis, a Pushpin, and two nodes with more environments than they keep in
 * memory; subscribers come and go, changes are made, one in 25 of their items is lost and repaired.
 * Memory is what the nodes say at /metrics; no collection of garbage is asked for. Exits with 1
 * when a node's is not flat.
 */
import { setMaxListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { startPublishLink } from '../test/support/publish-link.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { trend, type Sample, type Trend } from './envelope.js';
import { readMetrics } from './node-metrics.js';
import { SoakLoad, type SoakCounts, type SoakPlan } from './soak-load.js';
import { figure, table } from './table.js';

const SAMPLE_MS = 2_000;
/** Seconds. Short, so that holds are verified and environments dropped often. */
const STALENESS = '20';
const MAX_AGE = '120';
const ENVIRONMENTS = 200;
const IN_MEMORY = '50';
const MEBIBYTE = 2 ** 20;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    held: { type: 'string', default: '150' },
    direct: { type: 'string', default: '30' },
    changes: { type: 'string', default: '10' },
  },
});
const plan: SoakPlan = {
  environments: ENVIRONMENTS,
  held: positive('held', options.held),
  direct: positive('direct', options.direct),
  changes: positive('changes', options.changes),
};
process.exitCode = (await soak(positive('minutes', options.minutes))) ? 0 : 1;

/** True when the memory of all nodes is flat and nothing was lost. */
async function soak(minutes: number): Promise<boolean> {
  const link = await startPublishLink();
  const stack = await startStack({
    nodes: 2,
    env: {
      HOLDFAST_STALENESS: STALENESS,
      HOLDFAST_MAX_AGE: MAX_AGE,
      HOLDFAST_IN_MEMORY: IN_MEMORY,
      HOLDFAST_DRAIN: '1',
      GRIP_URL: `${link.url}/?verify-iss=pushpin`,
    },
  });
  link.forwardTo(stack.pushpins[0]!.publishUrl);
  try {
    const load = new SoakLoad(stack, link, plan, Math.random);
    await load.prepare();
    print(`Soaking for ${minutes} minutes ...`);
    const ending = AbortSignal.timeout(60_000 * minutes);
    // Every subscriber waits for it.
    setMaxListeners(0, ending);
    const [samples] = await Promise.all([sample(stack, ending), load.run(ending)]);
    const whole = await countWhole(load);
    print(await report(stack, samples, load.counts));
    print(`Environments whose new subscribers get everything afterwards: ${whole} of ${ENVIRONMENTS}.`);
    return whole === ENVIRONMENTS && samples.every(({ heap, resident }) => isFlat(heap) && isFlat(resident));
  } finally {
    await stack.stop();
    await link.stop();
  }
}

/** The memory of one node, MiB. */
interface NodeSamples {
  /** The heap of JavaScript and the buffers outside it. */
  readonly heap: Sample[];
  readonly resident: Sample[];
}

/** Looks at each node every two seconds until the signal aborts. */
async function sample(stack: Stack, signal: AbortSignal): Promise<NodeSamples[]> {
  const samples = stack.nodes.map((): NodeSamples => ({ heap: [], resident: [] }));
  const start = performance.now();
  while (!signal.aborted) {
    for (const [i, node] of stack.nodes.entries()) {
      const metrics = await readMetrics(node);
      const at = (performance.now() - start) / 60_000;
      const heap = metrics.sum('nodejs_heap_size_used_bytes') + metrics.sum('nodejs_external_memory_bytes');
      samples[i]!.heap.push({ at, value: heap / MEBIBYTE });
      samples[i]!.resident.push({ at, value: metrics.sum('process_resident_memory_bytes') / MEBIBYTE });
    }
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return samples;
}

async function countWhole(load: SoakLoad): Promise<number> {
  let whole = 0;
  for (let id = 1; id <= ENVIRONMENTS; id++) if (await load.isWhole(id)) whole++;
  return whole;
}

async function report(stack: Stack, samples: readonly NodeSamples[], counts: SoakCounts): Promise<string> {
  const rows = samples.flatMap(({ heap, resident }, i) => [
    row(`node ${i + 1}: heap and buffers`, heap, trend(heap)),
    row(`node ${i + 1}: resident`, resident, trend(resident)),
  ]);
  const metrics = await Promise.all(stack.nodes.map(readMetrics));
  const total = (name: string): string => figure(metrics.reduce((sum, each) => sum + each.sum(name), 0));
  const refused = [...counts.refused].map(([what, count]) => `${what}: ${count}`).join(', ');
  return [
    '## Soak: memory of the nodes, MiB; the lowest of each span of time',
    '',
    table(['', 'highest', 'early', 'late', 'an hour more', 'verdict'], rows),
    '',
    `${figure(counts.subscriptions)} subscriptions, ${figure(counts.events)} events received, ${figure(counts.changes)} changes, ${figure(counts.snapshots)} snapshots.`,
    `${figure(counts.lostItems)} times items were lost; ${total('holdfast_recoveries_total')} recoveries; ${total('holdfast_replica_dropped_total')} environments dropped from memory.`,
    `Refused: ${refused === '' ? 'none' : refused}.`,
  ].join('\n');
}

function row(name: string, samples: readonly Sample[], { first, last, hourly, flat }: Trend): string[] {
  const highest = Math.max(...samples.map(({ value }) => value));
  return [name, ...[highest, first, last, hourly].map((value) => value.toFixed(1)), flat ? 'flat' : 'GROWS'];
}

function isFlat(samples: readonly Sample[]): boolean {
  return trend(samples).flat;
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new Error(`--${name} must be a number above 0`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`);
}
