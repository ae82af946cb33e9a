/** Connections ended only where a fault explains it. Pure. */
import type { Journal, Span } from '../clients/journal.js';
import type { Violation } from './violation.js';

/** @param explained when the server at the other end was down, or was being stopped */
export function checkConnections(journal: Journal, explained: readonly Span[]): Violation[] {
  const found: Violation[] = [];
  for (const { end, opened } of journal.connections) {
    if (end === undefined || end.how === 'left') continue;
    if (explained.some(({ from, to }) => end.at >= from && end.at <= to)) continue;
    const after = Math.round(end.at - opened);
    found.push({
      check: 'connections',
      text: `the connection of ${journal.name} was ${end.how} after ${after} ms, and no fault explains it`,
      at: end.at,
    });
  }
  for (const { at, text } of journal.refusals) {
    if (/^status [1-4]/.test(text))
      found.push({ check: 'connections', text: `${journal.name} was refused: ${text}`, at });
  }
  return found;
}
