/**
 * The first paint of the list of flags while a node holds streams. Two nodes share a store and take
 * turns: only the holds differ.
 */
import type { Browser } from 'playwright-core';
import { nodeEnvironment } from '../test/support/environment.js';
import { startNode, type HoldfastNode } from '../test/support/node.js';
import type { Stack } from '../test/support/stack.js';
import { until } from '../test/support/until.js';
import { openConsolePage } from './console-page.js';
import { untilIdle } from './measured-node.js';
import { readMetrics } from './node-metrics.js';
import { median } from './statistics.js';
import { openSubscribers } from './subscriber-pool.js';
import { figure, table } from './table.js';

const HOLDS = 5_000;

/** The numbers of flags of the environments 1, 2 …, and the paints of each at each node. */
export interface PaintPlan {
  readonly sizes: readonly number[];
  readonly paints: number;
}

/** Measures the first paint of the list of flags with and without holds; returns the report. */
export async function measurePaints(stack: Stack, browser: Browser, plan: PaintPlan): Promise<string> {
  const { sizes, paints } = plan;
  const publishUrls = stack.pushpins.map(({ publishUrl }) => publishUrl);
  const start = () =>
    startNode({
      env: { ...nodeEnvironment(stack.secrets, stack.redis.url, publishUrls), HOLDFAST_DRAIN: '0' },
    });
  const [free, holding] = [await start(), await start()];
  const { key } = await stack.createKey(1);
  const holds = await openSubscribers({ url: `${holding.url}/api/v1/sse/config`, key, count: HOLDS });
  try {
    await until('the node holds them', async () => {
      return (await readMetrics(holding)).sum('holdfast_direct_holds') === HOLDS;
    });
    for (const node of [free, holding]) await untilIdle(node.pid);
    const rows: string[][] = [];
    for (const [at, size] of sizes.entries()) {
      const paint = (node: HoldfastNode) =>
        paintOf(browser, node, stack.secrets.adminToken, `/e/${at + 1}/flags`);
      rows.push(
        paintRow(
          size,
          await inTurn(
            paints,
            () => paint(free),
            () => paint(holding),
          ),
        ),
      );
    }
    return [
      `## First paint of the list of flags, a new browser profile each: ${paints} of each, in turn`,
      '',
      table(
        [
          'flags',
          `with ${figure(HOLDS)} holds, of without`,
          'ms without',
          'least – most',
          `ms with`,
          'least – most',
        ],
        rows,
      ),
    ].join('\n');
  } finally {
    await holds.close();
    await Promise.all([free.stop(), holding.stop()]);
  }
}

interface Pair {
  readonly without: number[];
  readonly with: number[];
}

/** Measures both in turn; the first of the two changes from pair to pair, and the first pair warms up. */
async function inTurn(
  paints: number,
  without: () => Promise<number>,
  held: () => Promise<number>,
): Promise<Pair> {
  const times: Pair = { without: [], with: [] };
  for (let round = -1; round < paints; round++) {
    const both = { without, with: held };
    for (const name of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const time = await both[name]();
      if (round >= 0) times[name].push(time);
    }
  }
  return times;
}

function paintRow(size: number, times: Pair): string[] {
  const range = (values: readonly number[]): string =>
    `${figure(Math.min(...values))} – ${figure(Math.max(...values))}`;
  return [
    figure(size),
    (median(times.with) / median(times.without)).toFixed(2),
    figure(median(times.without)),
    range(times.without),
    figure(median(times.with)),
    range(times.with),
  ];
}

/** Milliseconds from the beginning of the navigation until a row of the list is on the screen. */
async function paintOf(browser: Browser, node: HoldfastNode, token: string, path: string): Promise<number> {
  const { page, close } = await openConsolePage(browser, node, token, path);
  try {
    // The policy of the page refuses the expressions that Playwright waits for.
    return await until(
      'the list is on the screen',
      () => page.evaluate<number | undefined>('window.painted'),
      {
        timeout: 60_000,
      },
    );
  } finally {
    await close();
  }
}
