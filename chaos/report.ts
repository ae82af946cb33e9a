/** The results of runs, as a table. Pure. */
import { figure, table } from '../bench/table.js';
import { ALL_KINDS } from './kinds.js';
import { seconds } from './plan.js';
import type { RunResult } from './run.js';

/** One line for one seed. */
export function lineOf({ seed, figures, violations, happened, took }: RunResult): string {
  const parts = [
    `seed ${seed}:`,
    `${happened.length} faults,`,
    `${figures.commits} commits,`,
    `${figures.deliveries} deliveries,`,
    `${figures.recoveries} recoveries,`,
    `${figures.reconnects} reconnects,`,
    `stale at most ${seconds(figures.longestStaleness).trim()} (${seconds(figures.longestUnexcused).trim()} unexcused),`,
    `${violations.length} violations,`,
    `took ${seconds(took).trim()}`,
  ];
  return parts.join(' ');
}

export function report(results: readonly RunResult[]): string {
  const sum = (count: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  const most = (value: (result: RunResult) => number): number => Math.max(0, ...results.map(value));
  const rows: [string, number | string][] = [
    ['seeds', results.length],
    ['faults', sum(({ happened }) => happened.length)],
    ['commits acknowledged', sum(({ figures }) => figures.commits)],
    [
      'of these, on their way when the store was made to lose writes',
      sum(({ figures }) => figures.endangered),
    ],
    ['of these, gone: no node had them', sum(({ figures }) => figures.lost)],
    ['of these, given up and listed as rejected', sum(({ figures }) => figures.givenUp)],
    ['commits without an answer', sum(({ figures }) => figures.unanswered)],
    ['of these, made (all of it)', sum(({ figures }) => figures.unansweredMade)],
    ['deliveries', sum(({ figures }) => figures.deliveries)],
    ['repairs (requests over the recovery link)', sum(({ figures }) => figures.recoveries)],
    ['resync items', sum(({ figures }) => figures.resyncs)],
    ['reconnects', sum(({ figures }) => figures.reconnects)],
    ['attempts to connect without success', sum(({ figures }) => figures.refusals)],
    ['longest staleness', seconds(most(({ figures }) => figures.longestStaleness)).trim()],
    ['of which no fault excuses', seconds(most(({ figures }) => figures.longestUnexcused)).trim()],
    [
      'longest wait in the inbox that no fault excuses',
      seconds(most(({ figures }) => figures.longestWait)).trim(),
    ],
    ['stalls of the harness itself, in all', seconds(sum(({ figures }) => figures.stalled)).trim()],
    ['the longest', seconds(most(({ figures }) => figures.longestStall)).trim()],
    ['violations', sum(({ violations }) => violations.length)],
  ];
  return [
    faultTable(results),
    '',
    table(
      ['', 'in all'],
      rows.map(([name, value]) => [name, shown(value)]),
    ),
  ].join('\n');
}

function faultTable(results: readonly RunResult[]): string {
  const happened = results.flatMap((result) => result.happened);
  const rows = ALL_KINDS.flatMap((kind) => {
    const these = happened.filter(({ fault }) => fault.kind === kind);
    if (these.length === 0) return [];
    const leader = these.filter(({ fault }) => fault.target === 'leader').length;
    const length = these.reduce((sum, { from, to }) => sum + to - from, 0);
    return [
      [kind, figure(these.length), leader === 0 ? '' : figure(leader), seconds(length / these.length).trim()],
    ];
  });
  return table(['fault', 'times', 'on the leader', 'mean length'], rows);
}

function shown(value: number | string): string {
  return typeof value === 'number' ? figure(value) : value;
}
