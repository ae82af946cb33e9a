/**
 * The cost of traces on a hot route, as a ratio of processor time: nodes of the same kind, asked in
 * turn. `npx tsx bench/tracing.ts [--before DIST/main.js]` (after `npm run build`); with `--before`
 * also nodes of an earlier build that trace.
 *
 * The order is drawn in each round, so that none always comes after the same one. The first variant is
 * there twice: what the two differ by is chance.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { figure, table } from './table.js';
import { makeRequests, processorTime } from './peers/raw-http.js';
import { holdfast, type OfrepPeer } from './peers/servers.js';
import { median } from './statistics.js';

const ROUNDS = 9;
const REQUESTS = 3_000;
const CONNECTIONS = 16;
const FLAGS = 1_000;

const { values } = parseArgs({ options: { before: { type: 'string' } } });
const receiver = fork(new URL('discarding-receiver.mjs', import.meta.url));
const [port] = (await once(receiver, 'message')) as [number];
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
const some = { ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };
const traced = [
  { name: '1 % of requests', env: some },
  { name: 'all requests', env: endpoint },
];
const variants = [
  { name: 'no endpoint', env: {} },
  { name: 'no endpoint, again', env: {} },
  ...traced,
  ...(values.before === undefined
    ? []
    : traced.map(({ name, env }) => ({
        name: `${name}, the earlier build`,
        env,
        command: [values.before ?? '', 'serve'],
      }))),
];

const peers: OfrepPeer[] = [];
try {
  for (const variant of variants) peers.push(await holdfast(FLAGS, variant));
  const costs = peers.map((): number[] => []);
  for (let round = -2; round < ROUNDS; round++) {
    for (const place of shuffled(peers.length)) {
      const cost = await costOf(peers[place]!);
      // The first two rounds warm up.
      if (round >= 0) costs[place]!.push(cost);
    }
  }
  process.stdout.write(`${report(costs)}\n`);
} finally {
  await Promise.all(peers.map((peer) => peer.stop()));
  receiver.kill();
}

/** The numbers below `count`, in an order that is drawn. */
function shuffled(count: number): number[] {
  const drawn = Array.from({ length: count }, (_, place) => ({ place, at: Math.random() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ place }) => place);
}

/** Microseconds of processor time per request. */
async function costOf(peer: OfrepPeer): Promise<number> {
  const before = processorTime(peer.pid);
  let flag = 0;
  await makeRequests(peer.port, REQUESTS, CONNECTIONS, () => peer.ask(flag++ % FLAGS));
  return ((processorTime(peer.pid) - before) / REQUESTS) * 1000;
}

function report(costs: readonly (readonly number[])[]): string {
  const base = costs[0]!;
  const rows = costs.map((each, place) => {
    // Of the same round, so that a change of the machine's load is in both.
    const ratios = each.map((cost, round) => cost / base[round]!);
    const range = `${figure(Math.min(...each))} – ${figure(Math.max(...each))}`;
    return [peers[place]!.name, median(ratios).toFixed(2), figure(median(each)), range];
  });
  const head = ['traces', 'of none', 'µs CPU per request', 'least – most'];
  return `One flag of ${FLAGS} over OFREP, ${ROUNDS} rounds of ${REQUESTS} requests\n\n${table(head, rows)}`;
}
