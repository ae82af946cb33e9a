/**
 * The size of an installation, from costs that were measured (docs/benchmarks.md). Pure.
 *
 * It is a beginning for a plan, not a promise: processors differ, and so do rulesets.
 */

/** The question: so many flags and clients, and so many changes in a minute. */
export interface Load {
  readonly flags: number;
  /** Connections that are open at a time. */
  readonly clients: number;
  /** Changes in a minute, on average over the busiest hour. */
  readonly changes: number;
}

/** A cost, with the sentence of docs/benchmarks.md that it is from. */
interface Cost {
  readonly value: number;
  readonly unit: string;
  /** The text by which a test finds the figure there. */
  readonly source: string;
}

/** The measured costs that sizes are computed from. */
export const COSTS = {
  holdAtPushpin: { value: 51.1, unit: 'KiB of Pushpin per hold', source: '| 32,768 ' },
  subscription: { value: 1000 / 7346, unit: 'ms of a node per subscription', source: '7,346' },
  change: { value: 2.88, unit: 'ms of the leader per change', source: '2.88' },
  publish: { value: 44.9 / 1000, unit: 'ms of the leader per change and proxy', source: '44.9' },
  node: { value: 191, unit: 'MiB of a node that leads', source: '191.0' },
  flag: { value: 565, unit: 'bytes of a node per flag', source: '565 bytes each' },
  directHold: { value: 14.7, unit: 'KiB of a node per direct hold', source: '14.7' },
} as const satisfies Record<string, Cost>;

/** Deliveries a second of one Pushpin: `message_rate` of pushpin/pushpin.conf. */
const MESSAGE_RATE = 20_000;

/** Connections of one Pushpin that this computes with, at most: the shipped `client_maxconn`. */
const CONNECTIONS = 50_000;

/** Holds that one Pushpin verifies in a second and leaves half of its pace to repair. */
const VERIFIED = 500;

/** The default of HOLDFAST_STALENESS, seconds. */
const STALENESS = 60;

/** The part of a resource that is planned for; the rest is for what was not. */
const USED = 0.5;

/** Seconds over which the clients of a proxy that ended come back (`retry:` of streams). */
const RETURN_SECONDS = 10;

/** An installation for a load. */
export interface Size {
  readonly pushpins: number;
  /** Holds of each when all are up, and when one is down. */
  readonly holdsPerPushpin: number;
  readonly holdsWithoutOne: number;
  /** MiB of each, when one is down. */
  readonly pushpinMemory: number;
  readonly nodes: number;
  /** Processors of each node. */
  readonly nodeProcessors: number;
  /** The part of one processor that the leader needs to publish; no further node shares it. */
  readonly leaderProcessor: number;
  /** MiB of each node. */
  readonly nodeMemory: number;
  /** Seconds from a change to the last client, by Pushpin's pace. */
  readonly fanOutSeconds: number;
  readonly settings: {
    readonly HOLDFAST_STALENESS: number;
    readonly client_maxconn: number;
    readonly message_hwm: number;
    readonly nofile: number;
  };
}

/** Computes an installation that keeps working while one proxy and one node are down. */
export function sizeFor({ flags, clients, changes }: Load): Size {
  const forPace = ((changes / 60) * clients) / (MESSAGE_RATE * USED);
  const needed = Math.max(1, Math.ceil(clients / CONNECTIONS), Math.ceil(forPace));
  const pushpins = needed + 1;
  const holdsPerPushpin = Math.ceil(clients / pushpins);
  const holdsWithoutOne = Math.ceil(clients / needed);
  const staleness = Math.max(STALENESS, Math.ceil(holdsWithoutOne / VERIFIED));
  const maxconn = roundUp(Math.max(holdsWithoutOne * 1.1, 1_000), 1_000);
  const publishing = (COSTS.change.value + COSTS.publish.value * pushpins) * (changes / 60);
  const answering = COSTS.subscription.value * (holdsPerPushpin / RETURN_SECONDS + clients / staleness);
  const processors = (answering + publishing) / 1000 / USED;
  // A node uses one processor; a second one is for the collector of garbage.
  const nodes = Math.max(2, Math.ceil(processors) + 1);
  return {
    pushpins,
    holdsPerPushpin,
    holdsWithoutOne,
    pushpinMemory: roundUp((holdsWithoutOne * COSTS.holdAtPushpin.value) / 1024 / USED + 64, 64),
    nodes,
    nodeProcessors: 2,
    leaderProcessor: Math.round(publishing / 10) / 100,
    nodeMemory: roundUp((COSTS.node.value + (flags * COSTS.flag.value) / 1024 ** 2) / USED, 64),
    fanOutSeconds: Math.round((holdsPerPushpin / MESSAGE_RATE) * 100) / 100,
    settings: {
      HOLDFAST_STALENESS: staleness,
      client_maxconn: maxconn,
      message_hwm: Math.max(500_000, maxconn * 10),
      nofile: roundUp(maxconn * 2.4, 1_000),
    },
  };
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

/** Writes a number with separators, as documents have it. */
export function sizeText(value: number): string {
  return value.toLocaleString('en-US');
}

/** Writes the row of a load in the table of docs/operations/sizing.md. */
export function sizeRow(load: Load): string[] {
  const size = sizeFor(load);
  return [
    sizeText(load.flags),
    sizeText(load.clients),
    sizeText(load.changes),
    `${size.nodes} × ${size.nodeProcessors} CPU, ${sizeText(size.nodeMemory)} MiB`,
    `${size.pushpins} × ${sizeText(size.pushpinMemory)} MiB`,
    sizeText(size.settings.HOLDFAST_STALENESS),
    sizeText(size.settings.client_maxconn),
    sizeText(size.settings.message_hwm),
    `${size.fanOutSeconds}`,
  ];
}
