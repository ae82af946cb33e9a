/** The report: tables, ratios, and whether each target is met. Pure. */
import type { TurnResult } from './turns.js';
import { CONFIGS_EACH as COPIED_CONFIGS, type BeltServerResult } from './belt-server.js';
import { UNKNOWN_KEYS_CONFIGS, type UnknownKeysResult } from './unknown-keys.js';
import { CONFIGS, type CatchUpResult } from './catch-up.js';
import type { EvaluationResult } from './evaluate.js';
import { FLAGS } from './evaluate-ruleset.js';
import type { LatencyResult } from './latency.js';
import type { HoldCost } from './memory.js';
import { CONFIGS_EACH, type ReplicaMemory } from './replica-memory.js';
import { median, percentile } from './statistics.js';
import type { MissRate } from './streaming-miss.js';
import { figure, table } from './table.js';
import type { ThroughputResult } from './throughput.js';

/** The highest ratio allowed of the median latency through Holdfast to that straight to Pushpin. */
const LATENCY_TARGET = 1.3;
/** The lowest ratio allowed of a leader's changes per second to those of the simple loop. */
const THROUGHPUT_TARGET = 15;
/**
 * The lowest ratio allowed of the evaluator's evaluations per second to those of the SDK, used in
 * its faster way.
 */
const EVALUATION_TARGET = 10;

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** Mean number of runnable processes in the last minute, before anything was started. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

export function machineReport({ processor, cores, memory, load, versions }: Machine): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${cores} cores (${processor}), ${figure(memory / 2 ** 30)} GiB, ${software.join(', ')}.`,
    `Load before the run: ${figure(load)}. Servers, clients and this program share the machine.`,
  ].join('\n');
}

export function latencyReport(result: LatencyResult): string {
  const row = (name: string, values: readonly number[]): string[] => [
    name,
    figure(median(values)),
    figure(percentile(values, 99)),
    figure(Math.min(...values)),
    figure(Math.max(...values)),
  ];
  const ratio = median(result.holdfast) / median(result.straight);
  return [
    `## Latency: one change to 1,000 subscribers, ${result.holdfast.length} rounds each, in turn`,
    '',
    table(
      ['milliseconds', 'median', 'p99', 'least', 'most'],
      [
        row('Holdfast: POST of the change → last client', result.holdfast),
        row('straight to Pushpin: POST of the item → last client', result.straight),
        row('Holdfast: POST of the change → committed', result.committed),
        row('straight to Pushpin: POST of the item → accepted', result.accepted),
      ],
    ),
    '',
    `Commit → accepted by Pushpin, as the node measures it: ${figure(result.publishLag)} ms on average.`,
    `Recoveries meanwhile: ${result.recoveries} (0 = every client got the published item).`,
    `Ratio of the medians: ${ratio.toFixed(2)}. ${judged(`at most ${LATENCY_TARGET}`, ratio <= LATENCY_TARGET)}`,
  ].join('\n');
}

export function throughputReport({ rounds, plan, unexpected }: ThroughputResult): string {
  const leader = median(rounds.map((round) => round.leader));
  const loop = median(rounds.map((round) => round.loop));
  const ratio = leader / loop;
  const surprises = Object.entries(unexpected).map(([what, count]) => `${what} ${count}`);
  return [
    `## Throughput: changes a second from the store to one Pushpin, ${rounds.length} rounds`,
    '',
    table(
      ['changes a second', 'median', 'least', 'most'],
      [
        ['one leader', ...spread(rounds.map((round) => round.leader))],
        ['@fanoutio/grip, one POST after the other', ...spread(rounds.map((round) => round.loop))],
      ],
    ),
    '',
    `Per round ${plan.changes} changes and ${plan.looped} items of the loop. Nobody is subscribed but one client who sees the last.`,
    `Other than expected (0 each): ${surprises.join(', ')}.`,
    `Ratio of the medians: ${ratio.toFixed(1)}. ${judged(`at least ${THROUGHPUT_TARGET}`, ratio >= THROUGHPUT_TARGET)}`,
  ].join('\n');
}

export function holdsReport(costs: { direct: HoldCost; grip: HoldCost; count: number }): string {
  const row = (name: string, { heap, resident, files }: HoldCost): string[] => [
    name,
    ...[heap, resident, files].map((value) => positive(value).toFixed(1)),
  ];
  return [
    `## Holds: what each of ${figure(costs.count)} costs the node`,
    '',
    table(
      ['per hold', 'heap, KiB', 'resident, KiB', 'open files'],
      [row('direct', costs.direct), row('at the GRIP proxy', costs.grip)],
    ),
  ].join('\n');
}

export function replicaReport(count: number, weights: readonly ReplicaMemory[]): string {
  const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20);
  return [
    `## Replica: ${figure(count)} environments of ${CONFIGS_EACH} configs, each read once and then not used`,
    '',
    table(
      ['HOLDFAST_IN_MEMORY', 'in memory', 'heap, MiB', 'resident, MiB'],
      weights.map(({ inMemory, environments, heap, resident }) => [
        figure(inMemory),
        figure(environments),
        mebibytes(heap),
        mebibytes(resident),
      ]),
    ),
    '',
    'Growth since before the first was read. Resident memory is given back late, if at all; it is what the next ones use.',
  ].join('\n');
}

export function catchUpReport({ rounds, bytes }: CatchUpResult): string {
  const subscribes = rounds.map((round) => round.subscribes);
  const hello = rounds.map((round) => round.hello);
  return [
    `## Catch-up: subscriptions that a node answers in a second, ${rounds.length} rounds`,
    '',
    table(
      ['answers a second', 'median', 'least', 'most'],
      [
        [`subscribe, ${CONFIGS} configs (${figure(bytes)} bytes)`, ...spread(subscribes)],
        ['Express, hello', ...spread(hello)],
      ],
    ),
    '',
    `Ratio of the medians: ${(median(subscribes) / median(hello)).toFixed(2)}.`,
  ].join('\n');
}

/** The table of the longest turns of a node. */
export function turnsReport(configs: number, results: readonly TurnResult[]): string {
  return [
    `## Turns of the event loop: an environment of ${figure(configs)} configs`,
    '',
    table(
      ['milliseconds', 'longest turn, processor time', 'longest delay', 'whole answer'],
      results.map(({ name, processor, delay, took }) => [
        name,
        processor.toFixed(1),
        delay.toFixed(1),
        took.toFixed(0),
      ]),
    ),
  ].join('\n');
}

export function evaluationReport({ sizes, compared, rates, compilations }: EvaluationResult): string {
  const sdk = Math.max(median(rates.get), median(rates.with));
  const ratio = median(rates.holdfast) / sdk;
  const { first, changed, unchanged } = compilations;
  return [
    `## Evaluation: ${figure(FLAGS)} flags for ${sizes.people} people in each of ${sizes.rounds} rounds, in turn`,
    '',
    table(
      ['evaluations a second of processor time', 'median', 'least', 'most'],
      [
        ['Holdfast, evaluateVisible(contexts)', ...spread(rates.holdfast)],
        ['@prefab-cloud/prefab-cloud-node, get(key, contexts)', ...spread(rates.get)],
        ['@prefab-cloud/prefab-cloud-node, withContext(contexts), get(key)', ...spread(rates.with)],
      ],
    ),
    '',
    `Compared before: ${figure(compared)} evaluations, all equal.`,
    `Ratio of the medians, to the SDK's faster way: ${ratio.toFixed(1)}. ${judged(`at least ${EVALUATION_TARGET}`, ratio >= EVALUATION_TARGET)}`,
    '',
    table(
      ['one flag for one person, ms of processor time', 'median', 'least', 'most'],
      [
        [`the first of ${figure(FLAGS)}: compiles all`, ...spread(first)],
        ['after a version that changes one flag: compiles that', ...spread(changed)],
        ['with nothing new', ...spread(unchanged)],
      ],
    ),
  ].join('\n');
}

export function beltServerReport({ environments, starts, resident, installed }: BeltServerResult): string {
  const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20);
  return [
    '## Belt server',
    '',
    table(
      [`ms from the start of the process, ${starts.file.length} starts`, 'median', 'least', 'most'],
      [
        ['first snapshot, from a folder', ...spread(starts.file)],
        ['first snapshot, from an S3 server', ...spread(starts.s3)],
        ['a node with a file store: /readyz', ...spread(starts.node)],
      ],
    ),
    '',
    table(
      ['resident memory without garbage', 'MiB'],
      [
        ['nothing loaded', mebibytes(resident.empty)],
        [`${figure(environments)} environments of ${COPIED_CONFIGS} configs`, mebibytes(resident.loaded)],
        ['the same, each evaluated once', mebibytes(resident.evaluated)],
      ],
    ),
    '',
    `To be installed: ${mebibytes(installed.program)} MiB of program, ${mebibytes(installed.packages)} MiB of packages.`,
  ].join('\n');
}

export function unknownKeysReport({ keys, resident, reads, loaded, statuses }: UnknownKeysResult): string {
  const mebibytes = (bytes: number): string => figure(bytes / 2 ** 20);
  const answers = Object.entries(statuses).map(([status, count]) => `${figure(count)} × ${status}`);
  return [
    '## Made-up keys at a belt server',
    '',
    `${figure(keys)} keys, each of another environment of ${figure(UNKNOWN_KEYS_CONFIGS)} configs: ${answers.join(', ')}.`,
    '',
    table(
      ['what', 'measured'],
      [
        ['resident memory before, MiB', mebibytes(resident.before)],
        ['resident memory afterwards, MiB', mebibytes(resident.after)],
        ['environments in memory afterwards', figure(loaded)],
        ['reads from the source', figure(reads)],
      ],
    ),
  ].join('\n');
}

export function streamingMissReport(rates: readonly MissRate[]): string {
  const minutes = rates[0]?.perMinute.map((_, minute) => `minute ${minute + 1}`) ?? [];
  return [
    '## Streaming miss: requests of one client to an origin that answers 200 and ends after 25 ms',
    '',
    table(
      ['requests for the stream', ...minutes],
      rates.map(({ client, perMinute }) => [client, ...perMinute.map(figure)]),
    ),
  ].join('\n');
}

function spread(values: readonly number[]): string[] {
  return [median(values), Math.min(...values), Math.max(...values)].map((value) => figure(value));
}

/** Without a minus before nothing. */
function positive(value: number): number {
  return Math.abs(value) < 0.05 ? 0 : value;
}

function judged(target: string, met: boolean): string {
  return `Target: ${target}: ${met ? 'met' : 'NOT met'}.`;
}
