/**
 * What consoles that are open on the delivery page cost a node. Numbers of consoles take turns, so
 * that what else runs is the same for all.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import type { Stack } from '../test/support/stack.js';
import { openConsolePage } from './console-page.js';
import { untilIdle } from './measured-node.js';
import { weighNode } from './memory.js';
import { processorTime } from './peers/raw-http.js';
import { figure, table } from './table.js';

/** Consoles that are open: pages of Chromium, or readers of the event stream alone. */
interface Watchers {
  readonly name: string;
  readonly count: number;
  readonly open: () => Promise<() => Promise<void>>;
}

interface WatcherCost {
  /** Milliseconds of processor time in a second. */
  readonly time: number[];
  /** Bytes. */
  readonly heap: number[];
  readonly resident: number[];
}

/** The rounds, and the time of each look at a node with consoles open. */
export interface Look {
  readonly rounds: number;
  readonly milliseconds: number;
}

/** Measures what open consoles cost a node; returns the report. */
export async function measureWatchers(stack: Stack, browser: Browser, look: Look): Promise<string> {
  const node = stack.nodes[0]!;
  const all: readonly Watchers[] = [
    { name: 'none', count: 0, open: () => Promise.resolve(() => Promise.resolve()) },
    { name: '1, in Chromium', count: 1, open: () => openDeliveryPage(browser, stack) },
    { name: '1, its event stream', count: 1, open: () => readStreams(stack, 1) },
    { name: '10, event streams', count: 10, open: () => readStreams(stack, 10) },
  ];
  const costs = all.map((): WatcherCost => ({ time: [], heap: [], resident: [] }));
  await untilIdle(node.pid);
  // The first round warms up.
  for (let round = -1; round < look.rounds; round++) {
    for (const [at, watchers] of all.entries()) {
      const close = await watchers.open();
      await delay(2_000);
      const [before, began] = [processorTime(node.pid), performance.now()];
      await delay(look.milliseconds);
      const time = ((processorTime(node.pid) - before) / (performance.now() - began)) * 1_000;
      const { heap, resident } = await weighNode(node);
      await close();
      await delay(1_500);
      if (round < 0) continue;
      costs[at]!.time.push(time);
      costs[at]!.heap.push(heap);
      costs[at]!.resident.push(resident);
    }
  }
  return watchersReport(all, costs, look);
}

/** The clock of processor time has steps of 10 ms, so means say more than medians. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function watchersReport(all: readonly Watchers[], costs: readonly WatcherCost[], look: Look): string {
  const none = costs[0]!;
  const rows = all.map(({ name, count }, at) => {
    const { time, heap, resident } = costs[at]!;
    const more = (values: readonly number[], base: readonly number[], unit: number): string =>
      count === 0 ? '' : figure(Math.max(0, (mean(values) - mean(base)) / unit / count));
    return [
      name,
      (mean(time) / mean(none.time)).toFixed(2),
      figure(mean(time)),
      more(time, none.time, 1),
      (mean(heap) / mean(none.heap)).toFixed(3),
      more(heap, none.heap, 1_024),
      (mean(resident) / mean(none.resident)).toFixed(3),
    ];
  });
  return [
    `## Consoles open on the delivery page: ${look.rounds} rounds of ${look.milliseconds / 1_000} s each, in turn`,
    '',
    table(
      [
        'consoles',
        'CPU, of none',
        'ms CPU per second',
        'more, each',
        'heap, of none',
        'KiB more, each',
        'resident, of none',
      ],
      rows,
    ),
  ].join('\n');
}

async function openDeliveryPage(browser: Browser, { nodes, secrets }: Stack): Promise<() => Promise<void>> {
  const { page, close } = await openConsolePage(browser, nodes[0]!, secrets.adminToken, '/delivery');
  await page.getByText('live', { exact: true }).waitFor();
  return close;
}

async function readStreams({ nodes, secrets }: Stack, count: number): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const readers: Promise<void>[] = [];
  for (let left = count; left > 0; left--) {
    const answer = await fetch(`${nodes[0]!.url}/admin/v1/delivery/events`, {
      headers: { authorization: `Bearer ${secrets.adminToken}` },
      signal: stop.signal,
    });
    if (answer.status !== 200) throw new Error(`no stream of delivery, but ${answer.status}`);
    readers.push(readToTheEnd(answer));
  }
  return async () => {
    stop.abort();
    await Promise.all(readers);
  };
}

async function readToTheEnd({ body }: Response): Promise<void> {
  try {
    const reader = body!.getReader();
    while (!(await reader.read()).done) continue;
  } catch {
    // It was ended from here.
  }
}
