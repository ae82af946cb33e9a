/**
 * `npm run bench:proxy -- [--holds 1000] [--sizes 8192,16384,32768,65536]`: the memory of a held
 * connection in Pushpin by the size of its client buffers (`client_buffer_size` in
 * pushpin/pushpin.conf), and the largest request headers that get an answer. Real Pushpin, and an
 * origin that answers with a hold. Prints a table.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { holdOn, startOrigin } from '../test/support/origin.js';
import { startPushpin, type Pushpin } from '../test/support/pushpin.js';
import { openSse, type SseConnection } from '../test/support/sse.js';
import { figure, table } from './table.js';

/** Cookies of a browser, bytes. */
const FEW = 500;
/**
 * The same of one with so many that a node just takes them: its limit is 16,384 with the request
 * line and all headers.
 */
const MANY = 14_500;
/** Connections at a time while holds are opened: with more, Pushpin answers some itself. */
const AT_A_TIME = 20;
const KIBIBYTE = 1024;

const { values } = parseArgs({
  options: {
    holds: { type: 'string', default: '1000' },
    sizes: { type: 'string', default: '8192,16384,32768,65536' },
  },
});
const holds = Number(values.holds);
const sizes = values.sizes.split(',').map(Number);

/** Memory of all processes of a Pushpin that no other process shares, KiB. */
function memoryOf(proxy: Pushpin): number {
  return proxy.pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return sum + Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  }, 0);
}

/** Opens that many holds, each by a request with that many bytes of cookies. */
async function open(proxy: Pushpin, count: number, cookies: number): Promise<SseConnection[]> {
  const streams: SseConnection[] = [];
  const headers = { cookie: 'c'.repeat(cookies) };
  const opener = async (): Promise<void> => {
    while (streams.length < count) {
      const stream = await openSse(`${proxy.url}/api/stream`, { headers }).catch(() => undefined);
      if (stream?.status === 200 && streams.length < count) streams.push(stream);
      else stream?.close();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, opener));
  return streams;
}

/** The status of a request with that many bytes of headers; 0 when the connection is reset. */
function statusOf(proxy: Pushpin, bytes: number): Promise<number> {
  return new Promise((resolve) => {
    const headers = { cookie: 'c'.repeat(bytes) };
    const outgoing = request(`${proxy.url}/api/x`, { headers, agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => resolve(0));
    outgoing.end();
  });
}

/** The most bytes of one header that get an answer, to 64. */
async function largestHeaders(proxy: Pushpin, size: number): Promise<number> {
  let [answered, reset] = [0, size + 1_024];
  while (reset - answered > 64) {
    const middle = Math.floor((answered + reset) / 2);
    if ((await statusOf(proxy, middle)) > 0) answered = middle;
    else reset = middle;
  }
  return answered;
}

/** The memory of a hold in a Pushpin of its own, KiB. */
async function weigh(size: number, cookies: number): Promise<number> {
  const proxy = await start(size);
  const before = memoryOf(proxy);
  const streams = await open(proxy, holds, cookies);
  const perHold = (memoryOf(proxy) - before) / holds;
  for (const stream of streams) stream.close();
  await proxy.stop();
  return perHold;
}

function start(size: number): Promise<Pushpin> {
  return startPushpin({
    targets: [origin.target],
    sigKey: '0123456789abcdef0123456789abcdef',
    config: { 'runner.client_buffer_size': size },
  });
}

const rows: string[][] = [];
const origin = await startOrigin(holdOn('news'));
for (const size of sizes) {
  const proxy = await start(size);
  const largest = await largestHeaders(proxy, size);
  await proxy.stop();
  const few = await weigh(size, FEW);
  const many = await weigh(size, Math.min(MANY, largest - 500));
  rows.push([
    figure(size),
    figure(largest),
    few.toFixed(1),
    many.toFixed(1),
    figure((many * 50_000) / KIBIBYTE),
  ]);
}
await origin.close();
const head = [
  'client_buffer_size',
  'largest header answered',
  'KiB per hold, few cookies',
  'KiB per hold, many',
  'MiB with 50,000 of these',
];
console.log(table(head, rows));
