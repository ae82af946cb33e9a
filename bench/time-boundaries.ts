/**
 * `npx tsx bench/time-boundaries.ts [ENVIRONMENTS]`: what a new leader costs that reads every
 * environment once for its time boundaries, on each store, with the pauses that bound it and
 * without. Needs Redis.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock, type Clock } from '../src/core/clock.js';
import { createLog } from '../src/observe/log.js';
import { RefetchNotifier } from '../src/publish/refetch-notifier.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { startRedis } from '../test/support/redis.js';
import { makeEnvironments, CONFIGS_EACH } from './replica-memory.js';
import { figure, table } from './table.js';

const count = Number(process.argv[2] ?? '5000');
const log = createLog('silent');
const dir = mkdtempSync(join(tmpdir(), 'hf-bench-'));
const redis = await startRedis();
try {
  const rows: string[][] = [];
  for (const [name, location] of [
    ['Redis', redis.url],
    ['file', `file:${join(dir, 'data')}`],
  ] as const) {
    await makeEnvironments(location, count);
    const store = await openStore(location, { log });
    rows.push([`${name}, with pauses`, ...(await measure(store, systemClock))]);
    const restless = { ...systemClock, sleep: () => Promise.resolve() };
    rows.push([`${name}, without`, ...(await measure(store, restless))]);
    await store.close();
  }
  const head = ['', 'seconds', 'reads a second', 'CPU of the node, %', 'longest turn, ms'];
  console.log(`${count} environments of ${CONFIGS_EACH} configs\n\n${table(head, rows)}`);
} finally {
  await redis.stop();
  rmSync(dir, { recursive: true, force: true });
}

async function measure(store: Store, clock: Clock): Promise<string[]> {
  const stopping = new AbortController();
  let reads = 0;
  const notifier = new RefetchNotifier({
    store: {
      environments: () => store.environments(),
      read: async (id) => {
        const ruleset = await store.read(id);
        reads++;
        return ruleset;
      },
    },
    clock,
    log,
    spread: 8_000,
    send: () => undefined,
    // Called at the end of all reading.
    settled: () => stopping.abort(),
  });
  const turns = monitorEventLoopDelay({ resolution: 1 });
  turns.enable();
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  await notifier.load(stopping.signal);
  notifier.stop();
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  turns.disable();
  const share = (user + system) / 10_000 / seconds;
  return [seconds, reads / seconds, share, turns.max / 1e6].map(figure);
}
