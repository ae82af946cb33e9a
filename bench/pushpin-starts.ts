/**
 * `node scripts/run.mjs bench/pushpin-starts.ts [--restarts 25]`: kills and starts a Pushpin again while eight
 * clients ask all the time, behind it an origin that answers immediately, and says how many requests that met
 * a start had to wait, and for how long.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startPushpin } from '../test/support/pushpin.js';

const { values: options } = parseArgs({ options: { restarts: { type: 'string', default: '25' } } });
const RESTARTS = Number(options.restarts);
const CLIENTS = 8;
/** A request without an answer is given up then, milliseconds. */
const GIVEN_UP = 60_000;
/** A request that waits for so long has met a start, milliseconds. */
const SLOW = 1_500;

const origin = createServer((_request, response) => response.end('ok'));
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
const target = `127.0.0.1:${(origin.address() as AddressInfo).port}`;
const pushpin = await startPushpin({ targets: [target], sigKey: 'the key of this measurement' });

const waits: number[] = [];
const begun = new Map<number, number>();
let isOver = false;

async function ask(client: number): Promise<void> {
  while (!isOver) {
    const began = performance.now();
    begun.set(client, began);
    // An error is the answer of a Pushpin that is down.
    const answer = fetch(`${pushpin.url}/api/`, { signal: AbortSignal.timeout(GIVEN_UP) });
    await answer.then((response) => response.text()).catch(() => undefined);
    const waited = performance.now() - began;
    if (waited > SLOW) waits.push(waited);
    await delay(20);
  }
}

const clients = Array.from({ length: CLIENTS }, (_, client) => ask(client));
let met = 0;
try {
  for (let restart = 0; restart < RESTARTS; restart++) {
    await pushpin.kill();
    await delay(300);
    await pushpin.restart();
    await delay(2 * SLOW);
    const isWaiting = [...begun.values()].some((began) => performance.now() - began > SLOW);
    if (!isWaiting) continue;
    met++;
    await delay(GIVEN_UP);
  }
} finally {
  isOver = true;
  await Promise.all(clients);
  await pushpin.stop();
  origin.close();
}
const seconds = waits.map((wait) => (wait / 1000).toFixed(1)).join(', ');
console.log(`${met} of ${RESTARTS} starts left requests without an answer for more than ${SLOW} ms`);
if (waits.length > 0) console.log(`They waited ${seconds} s; ${GIVEN_UP / 1000} s: given up.`);
