/** Connections ended only where a fault explains it. Pure. */
import type { Journal, Span } from '../clients/journal.js';
import { merge, unexcused } from './staleness.js';
import type { Violation } from './violation.js';

/**
 * A client that reads again finds what has come meanwhile, the end too, within this. Milliseconds.
 */
const FOUND = 500;

/** @param explained when the server at the other end was down, or was being stopped */
export function checkConnections(journal: Journal, explained: readonly Span[]): Violation[] {
  const found: Violation[] = [];
  // A client that did not read saw the end only afterwards.
  const seen = explained.map(({ from, to }) => ({
    from,
    to: Math.max(
      to,
      ...journal.slow.filter((slow) => slow.from <= to && slow.to >= from).map((slow) => slow.to + FOUND),
    ),
  }));
  for (const { end, opened } of journal.connections) {
    if (end === undefined || end.how === 'left') continue;
    if (journal.revoked !== undefined && end.at >= journal.revoked.from) continue;
    if (seen.some(({ from, to }) => end.at >= from && end.at <= to)) continue;
    const after = Math.round(end.at - opened);
    found.push({
      check: 'connections',
      text: `the connection of ${journal.name} was ${end.how} after ${after} ms, and no fault explains it`,
      at: end.at,
    });
  }
  for (const { at, text } of journal.refusals) {
    const refusal = journal.revoked !== undefined && at >= journal.revoked.from && text === 'status 401';
    if (/^status [1-4]/.test(text) && !refusal)
      found.push({ check: 'connections', text: `${journal.name} was refused: ${text}`, at });
  }
  return found;
}

/**
 * A hold whose key was revoked ends within T after that: the item that closes its streams may be
 * lost, and then the next fetch of the link ends them.
 *
 * @param excused as for staleness
 * @param limit milliseconds: T and the margin
 * @param losses when the store lost what was written, which a revocation can be too
 * @param end when the run was over
 */
export function checkRevoked(
  journal: Journal,
  excused: readonly Span[],
  limit: number,
  losses: readonly Span[],
  end: number,
): Violation[] {
  const { revoked } = journal;
  if (revoked === undefined || losses.some(({ from, to }) => from <= revoked.to && to >= revoked.from))
    return [];
  const merged = merge(excused);
  return journal.connections.flatMap((connection) => {
    const to = connection.end?.at ?? end;
    const length = unexcused({ from: revoked.to, to: Math.max(to, revoked.to) }, merged);
    if (length <= limit) return [];
    const text = `${journal.name} was held ${Math.round(length)} ms after its key was revoked`;
    return [{ check: 'connections', text, at: to } as const];
  });
}
