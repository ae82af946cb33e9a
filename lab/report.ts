/** A run as text. Pure. */
import { table } from '../bench/table.js';
import type { Run } from './run.js';
import { titleOf } from './set-ups.js';
import { downloads, summarize } from './summary.js';

/** Each set-up and kind of client. Figures are per client. */
export function runTable(run: Run): string {
  const head = [
    'set-up',
    'client',
    'requests',
    'shorter than 0.5 s',
    'events in time',
    'late',
    'missed',
    'longest silence, s',
    'requests at the origin, all',
  ];
  const rows = run.results.flatMap((result) =>
    summarize(run, result).map((each, index) => [
      index === 0 ? titleOf(result.name) : '',
      each.kind + (each.refused > 0 ? ` (refused: ${fixed(each.refused)})` : ''),
      fixed(each.requests),
      fixed(each.shortConnections),
      `${fixed(each.inTime)} of ${each.events}`,
      fixed(each.late),
      fixed(each.missed),
      fixed(each.silence),
      index === 0 ? `${result.originRequests ?? ''}` : '',
    ]),
  );
  const own = `The lab's own process was kept waiting for at most ${fixed(run.ownDelay / 1_000)} s.`;
  return `${table(head, rows)}\n\n${own}`;
}

/** The download of clients that join a stream which is open already. */
export function joinersTable(run: Run): string {
  const head = ['set-up', 'least, KB', 'most, KB', 'joined', 'requests at the origin'];
  const rows = run.results.map((result) => {
    const bytes = downloads(result, 'late joiner');
    return [
      titleOf(result.name),
      fixed(Math.min(...bytes) / 1_000),
      fixed(Math.max(...bytes) / 1_000),
      `${bytes.length}`,
      `${result.originRequests ?? ''}`,
    ];
  });
  return table(head, rows);
}

function fixed(value: number): string {
  return value.toFixed(1);
}
