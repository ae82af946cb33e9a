/**
 * Compares the time that holds were behind with T. Pure.
 *
 * A hold is behind an acknowledged commit from the acknowledgement (or from its own beginning, if
 * that is later) until it has received an event at or above its version. It may be for T, and for
 * as long as a fault that excuses it lasts.
 */
import type { Connection, Journal, Span } from '../clients/journal.js';
import type { Violation } from './violation.js';

export interface Acknowledged {
  readonly environment: bigint;
  readonly version: bigint;
  /** When the writer was told, by performance.now(). */
  readonly at: number;
}

export interface StalenessCheck {
  readonly violations: readonly Violation[];
  /**
   * The longest that a hold was behind, milliseconds: all of it, and without the time that faults
   * excuse.
   */
  readonly longest: number;
  readonly longestUnexcused: number;
}

/**
 * @param excused when the client may be behind, for whatever reason
 * @param limit milliseconds: T and the margin
 * @param end when the run was over
 */
export function checkStaleness(
  journal: Journal,
  acknowledged: readonly Acknowledged[],
  excused: readonly Span[],
  limit: number,
  end: number,
): StalenessCheck {
  const merged = merge(excused);
  const due = acknowledged.filter(({ environment }) => environment === journal.environment);
  const violations: Violation[] = [];
  let longest = 0;
  let longestUnexcused = 0;
  for (const connection of journal.connections) {
    let worst: { length: number; text: string; at: number } | undefined;
    for (const { version, at } of due) {
      const behind = behindFor(connection, version, at, end);
      if (behind === undefined) continue;
      const length = unexcused(behind, merged);
      longest = Math.max(longest, behind.to - behind.from);
      longestUnexcused = Math.max(longestUnexcused, length);
      if (length > limit && length > (worst?.length ?? 0)) {
        const text = `${journal.name} was behind ${version} for ${Math.round(length)} ms without an excuse (${Math.round(behind.to - behind.from)} ms in all)`;
        worst = { length, text, at: behind.to };
      }
    }
    // One for each hold: what was behind one commit was behind all that came after it.
    if (worst !== undefined) violations.push({ check: 'staleness', text: worst.text, at: worst.at });
  }
  return { violations, longest, longestUnexcused };
}

/** When the hold was behind that version; `undefined`: never. */
function behindFor(connection: Connection, version: bigint, at: number, end: number): Span | undefined {
  const closed = connection.end?.at ?? end;
  const from = Math.max(at, connection.opened);
  if (from >= closed || connection.from >= version) return undefined;
  const { events } = connection;
  // Ids ascend but for what a store that lost writes does; the first event that reaches the version
  // is what counts.
  const arrival = events.find(({ id }) => id >= version)?.at ?? closed;
  return arrival > from ? { from, to: arrival } : undefined;
}

/** The part of a span outside of all others, which do not overlap. */
export function unexcused({ from, to }: Span, excused: readonly Span[]): number {
  return excused.reduce(
    (left, span) => left - Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)),
    to - from,
  );
}

/** The same times, as spans that do not overlap. */
export function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && span.from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else merged.push(span);
  }
  return merged;
}
