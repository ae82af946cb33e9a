/**
 * Commits a second with a history of 1,000 changes and with none, on Redis that writes each change
 * to the disk and on a data directory; in turn, round by round, because the machine is not quiet.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../src/observe/log.js';
import { historyLimits } from '../src/store/history.js';
import { openStore } from '../src/store/open.js';
import type { Store } from '../src/store/store.js';
import { flag } from '../test/support/configs.js';
import { commitConfigs, createEnvironment } from '../test/support/commits.js';
import { startRedis } from '../test/support/redis.js';
import { median } from './statistics.js';
import { figure, table } from './table.js';

/** Environments that commits are made to at a time, each one after the other. */
const ENVIRONMENTS = 20;

/** Commits a second of one store, one figure per round. */
export interface HistoryCost {
  readonly store: string;
  readonly kept: readonly number[];
  readonly none: readonly number[];
}

/** Measures both stores. */
export async function measureHistory(rounds: number, commits: number): Promise<HistoryCost[]> {
  const redis = await startRedis({ appendonly: true, args: ['--appendfsync', 'always'] });
  const folder = await mkdtemp(join(tmpdir(), 'hf-bench-history-'));
  try {
    return [
      await compare('Redis', { kept: redis.url, none: redis.url }, rounds, commits),
      await compare(
        'data directory',
        { kept: `file:${join(folder, 'kept')}`, none: `file:${join(folder, 'none')}` },
        rounds,
        commits,
      ),
    ];
  } finally {
    await redis.stop();
    await rm(folder, { recursive: true });
  }
}

async function compare(
  name: string,
  urls: Readonly<Record<'kept' | 'none', string>>,
  rounds: number,
  commits: number,
): Promise<HistoryCost> {
  const log = createLog('warn');
  const kept = await openStore(urls.kept, { log, history: historyLimits() });
  const none = await openStore(urls.none, { log, history: historyLimits(0) });
  const [first, second] = [1_000n, 2_000n];
  const rates = { kept: [] as number[], none: [] as number[] };
  try {
    for (const [store, from] of [[kept, first] as const, [none, second] as const]) {
      for (let i = 0n; i < ENVIRONMENTS; i++) await createEnvironment(store, from + i);
      await rate(store, from, commits); // warms up
    }
    for (let round = 0; round < rounds; round++) {
      rates.kept.push(await rate(kept, first, commits));
      rates.none.push(await rate(none, second, commits));
    }
  } finally {
    await kept.close();
    await none.close();
  }
  return { store: name, ...rates };
}

async function rate(store: Store, from: bigint, commits: number): Promise<number> {
  const before = performance.now();
  const each = Math.ceil(commits / ENVIRONMENTS);
  await Promise.all(
    Array.from({ length: ENVIRONMENTS }, async (_, i) => {
      for (let n = 0; n < each; n++) {
        await commitConfigs(store, from + BigInt(i), flag(`flag.${n % 10}`, n % 20 < 10));
      }
    }),
  );
  return (each * ENVIRONMENTS * 1000) / (performance.now() - before);
}

/** The table of commits with a history and without. */
export function historyReport(costs: readonly HistoryCost[]): string {
  return [
    '## Commits a second, with a history and without',
    '',
    table(
      ['median', 'history of 1,000', 'none', 'ratio'],
      costs.map(({ store, kept, none }) => [
        store,
        figure(median(kept)),
        figure(median(none)),
        `${(median(kept) / median(none)).toFixed(2)} ×`,
      ]),
    ),
  ].join('\n');
}
