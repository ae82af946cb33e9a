/** Requests per second over time as SVG, one panel for each set-up. Pure. */
import type { Run } from './run.js';
import { titleOf } from './set-ups.js';
import { requestsPerSecond } from './summary.js';

const WIDTH = 760;
const PANEL = 124;
/** Below a panel's axis, for its seconds. */
const SECONDS = 18;
const LEFT = 44;
const RIGHT = 16;
const TITLE = 26;
const FOOT = 24;

/**
 * Colours of its own, and a ground of its own, so that it can be read on a light page and on a dark
 * one.
 */
const STYLE = `
  .ground { fill: #ffffff; } .text { fill: #374151; } .axis { stroke: #9ca3af; } .bar { fill: #2563eb; } .restart { stroke: #dc2626; } .note { fill: #b91c1c; }
  text { font: 12px system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #111827; } .text { fill: #d1d5db; } .axis { stroke: #6b7280; } .bar { fill: #60a5fa; } .restart { stroke: #f87171; } .note { fill: #fca5a5; }
  }
`;

export function chart(run: Run): string {
  const series = run.results.map((result) => ({
    title: titleOf(result.name),
    counts: requestsPerSecond(run, result),
  }));
  // One scale for all, or they could not be compared.
  const most = niceTop(Math.max(1, ...series.flatMap(({ counts }) => counts)));
  const height = series.length * PANEL + FOOT;
  const panels = series.map(({ title, counts }, index) =>
    panel(title, counts, { top: index * PANEL, most, restartAt: run.options.restartAt }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Requests per second over time">`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}"/>`,
    ...panels,
    `<text class="text" x="${LEFT}" y="${height - 8}">seconds; requests of all clients in each second</text>`,
    '</svg>',
    '',
  ].join('\n');
}

interface Place {
  readonly top: number;
  readonly most: number;
  readonly restartAt: number | undefined;
}

function panel(title: string, counts: readonly number[], { top, most, restartAt }: Place): string {
  const base = top + PANEL - SECONDS;
  const scale = (PANEL - SECONDS - TITLE - 6) / most;
  const step = (WIDTH - LEFT - RIGHT) / counts.length;
  const x = (second: number): string => (LEFT + second * step).toFixed(1);
  const bars = counts.map((count, second) =>
    count === 0
      ? ''
      : `<rect class="bar" x="${x(second)}" y="${(base - count * scale).toFixed(1)}" width="${(step - 1).toFixed(1)}" height="${(count * scale).toFixed(1)}"/>`,
  );
  const ticks = counts.flatMap((_, second) =>
    second % 5 === 0
      ? [`<text class="text" x="${x(second)}" y="${base + 13}" text-anchor="middle">${second}</text>`]
      : [],
  );
  const restart =
    restartAt === undefined
      ? []
      : [
          `<line class="restart" x1="${x(restartAt)}" x2="${x(restartAt)}" y1="${top + TITLE - 4}" y2="${base}" stroke-dasharray="3 3"/>`,
          `<text class="note" x="${x(restartAt)}" y="${top + TITLE - 8}" dx="4">restart</text>`,
        ];
  return [
    `<text class="text" x="${WIDTH - RIGHT}" y="${top + TITLE - 8}" text-anchor="end">${title}: ${counts.reduce((sum, count) => sum + count, 0)} requests</text>`,
    `<text class="text" x="${LEFT - 6}" y="${base - most * scale + 4}" text-anchor="end">${most}</text>`,
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${base}" y2="${base}"/>`,
    ...bars,
    ...restart,
    ...ticks,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((digit) => digit * power).find((top) => top >= value) ?? value;
}
