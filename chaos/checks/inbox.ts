/**
 * The time for which the inbox made no progress although it had events to commit. Pure.
 *
 * Whatever is wrong with one environment, the events of the others are committed meanwhile. The time
 * that a single event waits says less: on a busy machine events wait for those before them.
 */
import type { LossSpan, Span } from '../clients/journal.js';
import type { Happened } from '../director.js';
import { KINDS } from '../kinds.js';
import type { Truth } from '../truth.js';
import type { Entry } from '../writers/ledger.js';
import { merge, unexcused } from './staleness.js';
import type { Violation } from './violation.js';

/** A lease of 6 s runs out before another node leads and reads. Milliseconds. */
const LEASE = 8_000;

export function checkInbox(
  entries: readonly Entry[],
  truth: Truth,
  excused: readonly Span[],
  limit: number,
): { readonly violations: readonly Violation[]; readonly longest: number } {
  const merged = merge(excused);
  const made = new Map<string, number>();
  for (const { configs, at } of truth.history) {
    for (const { key, text } of configs) {
      // What was lost and committed again is in the feed twice; the first time counts.
      if (text !== undefined && key.startsWith('writer.')) made.set(text, Math.min(at, made.get(text) ?? at));
    }
  }
  const waits = entries
    .flatMap(({ intent, outcome, settled }) => {
      const at = made.get(intent.token);
      if (outcome?.kind !== 'accepted' || settled === undefined || at === undefined) return [];
      return [{ intent, settled, at }];
    })
    .sort((a, b) => a.at - b.at);
  let longest = 0;
  const violations: Violation[] = [];
  for (const [index, { intent, settled, at }] of waits.entries()) {
    const from = Math.max(settled, waits[index - 1]?.at ?? 0);
    const length = at > from ? unexcused({ from, to: at }, merged) : 0;
    longest = Math.max(longest, length);
    if (length <= limit) continue;
    const text = `event ${intent.token} of environment ${intent.environment} waited ${Math.round(length)} ms without an excuse, and no other was committed meanwhile`;
    violations.push({ check: 'inbox', text, at });
  }
  return { violations, longest };
}

/** When the inbox may wait: the store or the node that leads was away, and a lease after it. */
export function inboxExcuses(happened: readonly Happened[], losses: readonly LossSpan[]): Span[] {
  const faults = happened
    .filter(({ fault: { kind } }) => KINDS[kind].stopsInbox === true)
    .map(({ from, to }) => ({ from, to: to + LEASE }));
  return [...faults, ...losses.filter(({ environment }) => environment === undefined)];
}
