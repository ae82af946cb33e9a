/**
 * `node scripts/run.mjs bench/pushpins.ts [--holds 3000] [--rounds 2]`: 1, 2 and 4 Pushpins on one host
 * behind one port (haproxy, TCP, the one with the fewest connections), in turn: how fast holds open,
 * what they and a change cost all processes together, and how long a change takes to the last hold.
 * `--pushpins 1` measures that number only; `--config proxy.workers=2` with other settings than
 * pushpin/pushpin.conf, each next to those as they are; `PUSHPIN` another version.
 */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { flag } from '../test/support/configs.js';
import { freePort } from '../test/support/ports.js';
import { endProcess, startProcess } from '../test/support/processes.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { openStreams, processorTime, requestText } from './peers/raw-http.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

const { values: options } = parseArgs({
  options: {
    holds: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '2' },
    pushpins: { type: 'string', default: '1,2,4' },
    config: { type: 'string', multiple: true, default: [] },
  },
});
const HOLDS = Number(options.holds);
/** The variants: a number of Pushpins, and one setting that differs, such as `proxy.workers=2`. */
const VARIANTS = options.pushpins
  .split(',')
  .flatMap((count) => ['', ...options.config].map((setting) => ({ count: Number(count), setting })));
const CHANGES = 5;

interface Result {
  readonly openPerSecond: number;
  /** Milliseconds of processor time of all processes, for each hold. */
  readonly open: number;
  readonly last: number;
  readonly change: number;
  /** MiB of all Pushpins together. */
  readonly resident: number;
}

/** Starts haproxy as a TCP balancer in front of all Pushpins. */
async function startBalancer({ pushpins, dir }: Stack) {
  const port = await freePort();
  const servers = pushpins.map(({ url }, index) => `  server pushpin${index} ${new URL(url).host}`);
  const file = join(mkdtempSync(join(tmpdir(), 'hf-balancer-')), 'haproxy.cfg');
  const lines = [
    'global',
    '  maxconn 9000',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    `listen clients`,
    `  bind 127.0.0.1:${port}`,
    '  balance leastconn',
    ...servers,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const running = startProcess({
    command: 'haproxy',
    args: ['-db', '-f', file],
    env: { PATH: process.env.PATH ?? '' },
    logFile: join(dir, 'haproxy.log'),
    onOrphaned: 'SIGTERM',
  });
  await delay(1_000);
  return { port, pid: running.pid, stop: () => endProcess(running, 'SIGTERM', 5_000) };
}

function resident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

async function measure({ count, setting }: (typeof VARIANTS)[number]): Promise<Result> {
  const [name = '', value = ''] = setting.split('=');
  const stack = await startStack({
    nodes: 1,
    pushpins: count,
    env: { HOLDFAST_STALENESS: '3600' },
    ...(setting !== '' && { pushpin: { [name]: value } }),
  });
  const balancer = await startBalancer(stack);
  const pids = [balancer.pid, stack.redis.pid, stack.nodes[0]!.pid, ...stack.pushpins.map(({ pid }) => pid)];
  const spent = (): number => pids.reduce((sum, pid) => sum + processorTime(pid), 0);
  try {
    await stack.createEnvironment(1);
    const { key } = await stack.createKey(1);
    await stack.commit(1, [flag('bench.flag', true)]);
    const authorization = `Basic ${Buffer.from(`bench:${key}`).toString('base64')}`;
    const headers = { Authorization: authorization, Accept: 'text/event-stream' };
    const [before, began] = [spent(), performance.now()];
    const holds = await openStreams(
      balancer.port,
      HOLDS,
      requestText(balancer.port, 'GET /api/v1/sse/config', headers),
    );
    const openPerSecond = HOLDS / ((performance.now() - began) / 1000);
    const open = (spent() - before) / HOLDS;
    await delay(5_000);
    const memory = stack.pushpins.flatMap(({ pids }) => pids).reduce((sum, pid) => sum + resident(pid), 0);
    const last: number[] = [];
    const idle = spent();
    for (let turn = 0; turn < CHANGES; turn++) {
      const sent = performance.now();
      const { version } = await stack.commit(1, [flag('bench.flag', turn % 2 === 1)]);
      last.push((await holds.reached(`id: ${version}`)) - sent);
    }
    const change = (spent() - idle) / CHANGES;
    holds.close();
    return { openPerSecond, open, last: median(last), change, resident: memory };
  } finally {
    await balancer.stop();
    await stack.stop();
  }
}

const results = new Map(VARIANTS.map((variant) => [variant, [] as Result[]]));
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [variant, all] of results) all.push(await measure(variant));
}
const rows = [...results].map(([{ count, setting }, all]) => {
  const of = (part: keyof Result): string => figure(median(all.map((each) => each[part])));
  return [
    `${count} ${setting}`.trim(),
    of('openPerSecond'),
    of('open'),
    of('last'),
    of('change'),
    of('resident'),
  ];
});
console.log(`${HOLDS} holds, ${options.rounds} rounds, load ${figure(loadavg()[0]!)}`);
console.log(
  table(
    [
      'Pushpins',
      'holds opened/s',
      'ms CPU each',
      'ms to the last hold',
      'ms CPU per change',
      'MiB of all Pushpins',
    ],
    rows,
  ),
);
