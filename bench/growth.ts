/**
 * `node scripts/run.mjs bench/growth.ts [--quick] [--out FILE]`: what an operation costs one node as
 * an installation grows, on both stores: to 50,000 configs of one environment, and to 10,000
 * environments of 20 configs. Prints tables, and draws a plot.
 *
 * Processor time is of the node alone, so the store's and the clients' are not in it.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import {
  measureGrowth,
  OPERATIONS,
  type GrowthPlan,
  type GrowthPoint,
  type StoreKind,
} from './growth-point.js';
import type { Installation } from './growth-seed.js';
import { plot, type PlotRow } from './plot.js';
import { figure, table } from './table.js';

const STORES: readonly StoreKind[] = ['redis', 'file'];
const NAMES: Readonly<Record<StoreKind, string>> = { redis: 'Redis', file: 'embedded' };

/** A dimension in which an installation grows. */
interface Dimension {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly installation: (size: number) => Installation;
}

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string' } },
});
const plan: GrowthPlan = options.quick
  ? { starts: 1, commits: 100, deliveries: 10, requests: 1_000 }
  : { starts: 3, commits: 300, deliveries: 20, requests: 2_000 };

const DIMENSIONS: readonly Dimension[] = [
  {
    name: 'configs',
    sizes: options.quick ? [100, 10_000] : [100, 1_000, 10_000, 50_000],
    installation: (configs) => ({ environments: 1, configs }),
  },
  {
    name: 'environments',
    sizes: options.quick ? [10, 1_000] : [10, 100, 1_000, 10_000],
    installation: (environments) => ({ environments, configs: 20 }),
  },
];

type Series = Readonly<Record<StoreKind, readonly GrowthPoint[]>>;

async function measure(dimension: Dimension): Promise<Series> {
  const points: Record<StoreKind, GrowthPoint[]> = { redis: [], file: [] };
  for (const size of dimension.sizes) {
    for (const store of STORES) {
      points[store].push(await measureGrowth(store, dimension.installation(size), plan));
      process.stderr.write(`${dimension.name} ${size} ${store}, load ${figure(loadavg()[0] ?? 0)}\n`);
    }
  }
  return points;
}

/** The exponent of growth between the ends: 0 is flat, 1 is linear. */
function exponent(sizes: readonly number[], costs: readonly number[]): number {
  const ratio = (values: readonly number[]): number => Math.log((values.at(-1) ?? 1) / (values[0] ?? 1));
  return ratio(costs) / ratio(sizes);
}

function report({ name, sizes }: Dimension, series: Series): string {
  const rows = STORES.flatMap((store) =>
    OPERATIONS.map((operation) => {
      const costs = series[store].map((point) => point[operation].processor);
      const clock = series[store].map((point) => point[operation].clock);
      return [
        `${operation}, ${NAMES[store]}`,
        ...costs.map((cost, index) => `${figure(cost)} (${figure(clock[index] ?? 0)})`),
        exponent(sizes, costs).toFixed(2),
      ];
    }),
  );
  const head = ['ms of processor time (on the clock)', ...sizes.map((size) => `${figure(size)} ${name}`)];
  return table([...head, 'exponent'], rows);
}

function plotRow({ name, sizes }: Dimension, series: Series): PlotRow {
  const panels = OPERATIONS.map((operation) => ({
    title: operation,
    lines: STORES.map((store) => ({
      name: NAMES[store],
      points: sizes.map((x, index) => ({
        x,
        y: Math.max(0.01, series[store][index]?.[operation].processor ?? 0),
      })),
    })),
  }));
  return { axis: name, panels };
}

process.stdout.write(`Load before the run: ${figure(loadavg()[0] ?? 0)}.\n\n`);
const rows: PlotRow[] = [];
for (const dimension of DIMENSIONS) {
  const series = await measure(dimension);
  process.stdout.write(`${report(dimension, series)}\n\n`);
  rows.push(plotRow(dimension, series));
}
if (options.out !== undefined)
  writeFileSync(options.out, plot('Cost of one operation at a node', 'ms of processor time', rows));
