/**
 * `node scripts/run.mjs bench/proxied-openings.ts [--holds 2000] [--rounds 6]`: how fast holds open behind
 * Pushpin, with Holdfast and with the least that an origin can do, each with a Pushpin of its own, in turn.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { flag } from '../test/support/configs.js';
import { startPushpin } from '../test/support/pushpin.js';
import { startStack } from '../test/support/stack.js';
import { endChild, nextMessage, startChild } from './children.js';
import { openStreams, processorTime, requestText } from './peers/raw-http.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const { values: options } = parseArgs({
  options: { holds: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '6' } },
});
const HOLDS = Number(options.holds);
const ROUNDS = Number(options.rounds);

interface Way {
  readonly name: string;
  readonly port: number;
  readonly request: string;
  readonly pushpin: number;
  readonly origin: number;
}

/** Holds a second, and milliseconds of processor time of a hold. */
interface Opening {
  readonly rate: number;
  readonly pushpin: number;
  readonly origin: number;
}

async function open({ port, request, pushpin, origin }: Way): Promise<Opening> {
  const [ofPushpin, ofOrigin, began] = [processorTime(pushpin), processorTime(origin), performance.now()];
  const opened = await openStreams(port, HOLDS, request);
  const seconds = (performance.now() - began) / 1000;
  const opening = {
    rate: HOLDS / seconds,
    pushpin: (processorTime(pushpin) - ofPushpin) / HOLDS,
    origin: (processorTime(origin) - ofOrigin) / HOLDS,
  };
  opened.close();
  // Pushpin notices that connections are gone, and looks after their channels, for some seconds.
  await delay(3_000);
  return opening;
}

const stack = await startStack({ nodes: 1 });
const child = startChild('trivial-origin.ts');
const originPort = (await nextMessage(child)) as number;
const pushpin = await startPushpin({ targets: [`127.0.0.1:${originPort}`], sigKey: stack.secrets.gripKey });
const openings: { ours: Opening; alone: Opening }[] = [];
try {
  await stack.createEnvironment(1);
  const { key } = await stack.createKey(1);
  await stack.commit(1, [flag('bench.flag', true)]);
  const headers = {
    Authorization: `Basic ${Buffer.from(`bench:${key}`).toString('base64')}`,
    Accept: 'text/event-stream',
  };
  const wayTo = (name: string, url: string, proxy: number, origin: number): Way => {
    const port = Number(new URL(url).port);
    return {
      name,
      port,
      request: requestText(port, 'GET /api/v1/sse/config', headers),
      pushpin: proxy,
      origin,
    };
  };
  const ours = wayTo('Holdfast', stack.url, stack.pushpins[0]!.pid, stack.nodes[0]!.pid);
  const alone = wayTo('a trivial origin', pushpin.url, pushpin.pid, child.pid!);
  for (let round = -2; round < ROUNDS; round++) {
    const both = { ours: await open(ours), alone: await open(alone) };
    if (round >= 0) openings.push(both);
  }
  const row = ({ name }: Way, way: 'ours' | 'alone'): string[] => {
    const of = (part: keyof Opening): number => median(openings.map((each) => each[way][part]));
    const ratio = median(openings.map((each) => each[way].rate / each.alone.rate));
    return [name, ratio.toFixed(2), figure(of('rate')), figure(of('pushpin')), figure(of('origin'))];
  };
  console.log(`${HOLDS} holds, ${ROUNDS} rounds, load ${figure(loadavg()[0]!)}`);
  console.log(
    table(
      ['', 'of a trivial origin', 'holds opened/s', 'ms CPU of Pushpin each', 'of the origin'],
      [row(ours, 'ours'), row(alone, 'alone')],
    ),
  );
} finally {
  await pushpin.stop();
  await endChild(child);
  await stack.stop();
}
