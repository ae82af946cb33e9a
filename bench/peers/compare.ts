/**
 * `npm run bench -- --peers`: Holdfast beside servers that a user would pick instead, interleaved in
 * one run. Ratios of processor time come first: unlike times on the clock they hardly depend on what
 * else the machine does.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../statistics.js';
import { figure, table } from '../table.js';
import { toLoad, toServers } from './cores.js';
import { makeRequests, openStreams, processorTime, type OpenStreams } from './raw-http.js';
import { centrifugo, ldRelay } from './relays.js';
import {
  bareNode,
  flagd,
  goFeatureFlag,
  holdfast,
  mercure,
  missing,
  missingNchan,
  nchan,
  type OfrepPeer,
  type StreamPeer,
} from './servers.js';

/** The sizes of a comparison. */
export interface PeerSizes {
  /** Of requests. */
  readonly rounds: number;
  readonly changes: number;
  readonly flags: number;
  readonly requests: number;
  readonly streams: number;
}

const CONNECTIONS = 16;

/** The work before the first measurement: servers load code at first uses, and engines compile what is used often. */
const WARM_UP = { first: 200, streams: 2_000, changes: 5 };

interface Candidate<T> {
  readonly missing: string | undefined;
  readonly start: () => Promise<T>;
}

/** Starts what can be had; says what cannot. */
async function startAll<T>(candidates: readonly Candidate<T>[]): Promise<{ peers: T[]; notes: string[] }> {
  const peers: T[] = [];
  toServers();
  for (const each of candidates) if (each.missing === undefined) peers.push(await each.start());
  toLoad();
  const notes = candidates.flatMap((each) =>
    each.missing === undefined ? [] : [`Not compared: ${each.missing}.`],
  );
  return { peers, notes };
}

/** Compares the evaluation of one flag over OFREP; returns the report. */
export async function compareOfrep({ rounds, flags, requests }: PeerSizes): Promise<string> {
  const { peers, notes } = await startAll<OfrepPeer>([
    { missing: undefined, start: () => holdfast(flags) },
    { missing: missing('flagd'), start: () => flagd(flags) },
    { missing: missing('relayproxy'), start: () => goFeatureFlag(flags) },
    { missing: undefined, start: bareNode },
  ]);
  const costs = new Map(peers.map((peer) => [peer, [] as number[]]));
  try {
    for (let round = -1; round < rounds; round++) {
      for (const [peer, each] of costs) {
        let flag = 0;
        const before = processorTime(peer.pid);
        await makeRequests(peer.port, requests, CONNECTIONS, () => peer.ask(flag++ % flags));
        // The first round warms up.
        if (round >= 0) each.push(((processorTime(peer.pid) - before) / requests) * 1000);
      }
    }
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
  const ours = median([...costs.values()][0] ?? []);
  const rows = [...costs].map(([{ name }, each]) => [
    name,
    (median(each) / ours).toFixed(2),
    figure(median(each)),
    figure(1e6 / median(each)),
    `${figure(Math.min(...each))} – ${figure(Math.max(...each))}`,
  ]);
  return [
    `## One flag of ${flags} over OFREP: ${rounds} rounds of ${requests} requests, ${CONNECTIONS} connections`,
    '',
    table(['', 'of Holdfast', 'µs CPU per request', 'requests/s of a core', 'least – most'], rows),
    ...notes,
  ].join('\n');
}

interface StreamCosts {
  readonly open: number;
  readonly resident: number;
  readonly change: number[];
  readonly last: number[];
}

/** Opens streams, and measures what that costs the server. */
async function openAll(
  { port, pid, subscribe }: StreamPeer,
  count: number,
): Promise<{ opened: OpenStreams; costs: StreamCosts }> {
  const warmUp = async (streams: number): Promise<void> => {
    (await openStreams(port, streams, subscribe)).close();
    await delay(500);
  };
  await warmUp(WARM_UP.first);
  // Before the rest of the warm-up: memory that its streams leave belongs to those that come after them.
  const memory = resident(pid);
  await warmUp(Math.min(count, WARM_UP.streams));
  const time = processorTime(pid);
  const opened = await openStreams(port, count, subscribe);
  const open = (processorTime(pid) - time) / count;
  return { opened, costs: { open, resident: (resident(pid) - memory) / count, change: [], last: [] } };
}

/** Servers that hold streams, beside Holdfast: as many together as one process can open streams at. */
const STREAM_SERVERS: readonly (readonly Candidate<StreamPeer>[])[] = [
  [
    { missing: missingNchan(), start: nchan },
    { missing: missing('mercure'), start: mercure },
  ],
  [
    { missing: missing('centrifugo'), start: centrifugo },
    { missing: missing('ld-relay'), start: ldRelay },
  ],
  [{ missing: undefined, start: bareNode }],
];

/** Compares streams that the servers hold themselves; returns the report. */
export async function compareStreams(sizes: PeerSizes): Promise<string> {
  const title = `## ${sizes.streams} direct streams, ${sizes.changes} changes of about 330 bytes`;
  const reports: string[] = [];
  for (const servers of STREAM_SERVERS) reports.push(await compareStreamsOf(servers, sizes));
  return [title, ...reports].join('\n\n');
}

async function compareStreamsOf(
  servers: readonly Candidate<StreamPeer>[],
  { changes, streams }: PeerSizes,
): Promise<string> {
  const { peers, notes } = await startAll<StreamPeer>([
    { missing: undefined, start: () => holdfast(1) },
    ...servers,
  ]);
  const costs = new Map<StreamPeer, StreamCosts>();
  try {
    const held = new Map<StreamPeer, OpenStreams>();
    for (const peer of peers) {
      const { opened, costs: cost } = await openAll(peer, streams);
      held.set(peer, opened);
      costs.set(peer, cost);
    }
    for (let round = -WARM_UP.changes; round < changes; round++) {
      for (const [peer, opened] of held) {
        const [time, began] = [processorTime(peer.pid), performance.now()];
        let at = 0;
        await peer.publish(async (marker) => {
          at = await opened.reached(marker);
        });
        await delay(100);
        if (round < 0) continue;
        costs.get(peer)?.change.push(processorTime(peer.pid) - time);
        costs.get(peer)?.last.push(at - began);
      }
    }
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
  }
  return [streamTable([...costs]), ...notes].join('\n');
}

function streamTable(costs: readonly (readonly [StreamPeer, StreamCosts])[]): string {
  const ours = mean(costs[0]?.[1].change ?? []);
  const rows = costs.map(([{ name }, { open, resident: kibibytes, change, last }]) => [
    name,
    (mean(change) / ours).toFixed(2),
    figure(mean(change)),
    figure(median(last)),
    figure(open),
    figure(kibibytes),
  ]);
  return table(
    ['', 'of Holdfast', 'ms CPU per change', 'ms to the last client', 'ms CPU to open', 'KiB resident each'],
    rows,
  );
}

/** The clock of processor time has steps of 10 ms, so means say more than medians. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Resident memory of a process and its children, KiB. */
function resident(pid: number): number {
  const own = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return (
    Number(own) +
    (children === '' ? 0 : children.split(' ').reduce((sum, id) => sum + resident(Number(id)), 0))
  );
}
