/** Compares the answers that writers got with the content of the store. Pure. */
import type { Span } from '../clients/journal.js';
import type { Committed, Truth } from '../truth.js';
import { numberOf } from '../writers/intent.js';
import type { Entry, Outcome } from '../writers/ledger.js';
import type { Violation } from './violation.js';

export interface CommitsCheck {
  readonly violations: readonly Violation[];
  /** Acknowledged ones that may have been lost by a store that was made to lose writes. */
  readonly endangered: number;
  /**
   * The tokens of the lost ones that are gone for good: no node had them in memory to write them
   * back.
   */
  readonly lost: readonly string[];
  /** Without an answer, and found whole in the store. */
  readonly unansweredMade: number;
}

/**
 * A commit that was on its way or acknowledged while the store lost writes is judged by its
 * configs, not as a whole: the nodes commit again what they have of it, together with what else was
 * lost, and without what was changed again since.
 *
 * @param losses when the store lost what was written: from the first write that is gone to the
 *   moment that it runs again
 */
export function checkCommits(entries: readonly Entry[], truth: Truth, losses: readonly Span[]): CommitsCheck {
  const made = entriesByToken(truth.history);
  const violations: Violation[] = [];
  let endangered = 0;
  const lost: string[] = [];
  let unansweredMade = 0;
  for (const entry of entries) {
    const found = made.get(entry.intent.token) ?? [];
    if (losses.some((loss) => overlaps(entry, loss))) {
      if (!isAcknowledged(entry.outcome)) continue;
      endangered++;
      if (!survives(entry, truth)) lost.push(entry.intent.token);
      continue;
    }
    // An event is committed some time after it was acknowledged, so a loss may have met its commit
    // and not itself.
    if (losses.length > 0 && entry.outcome?.kind === 'accepted' && survives(entry, truth)) continue;
    if (found.length === 1 && entry.outcome?.kind === 'unknown') unansweredMade++;
    const problem = judge(entry, found, truth);
    if (problem === undefined) continue;
    const { token, environment } = entry.intent;
    const text = `commit ${token} of environment ${environment} ${problem}`;
    violations.push({ check: 'commits', text, at: entry.settled });
  }
  return { violations, endangered, lost, unansweredMade };
}

function judge(entry: Entry, found: readonly Committed[], truth: Truth): string | undefined {
  const { outcome, intent, ifVersion } = entry;
  const [change] = found;
  if (outcome === undefined) return 'was never brought to an end';
  if (found.length > 1) return `was made ${found.length} times`;
  const rejected = truth.rejected.has(intent.token);
  if (!intent.valid) {
    if (change !== undefined) return 'is not valid and was made all the same';
    return outcome.kind === 'accepted' && !rejected
      ? 'is not valid and is not among the rejected'
      : undefined;
  }
  if (rejected) return 'is valid and was rejected';
  if (outcome.kind === 'refused') {
    if (change !== undefined) return `was refused (${outcome.reason}) and made all the same`;
    const expected = ifVersion !== undefined && outcome.reason.startsWith('412 ');
    return expected ? undefined : `was refused: ${outcome.reason}`;
  }
  if (change === undefined) {
    return outcome.kind === 'unknown' ? undefined : 'was acknowledged and is not in the store';
  }
  return misses(outcome, change, entry);
}

/** The fault of the commit, if any. */
function misses(outcome: Outcome, change: Committed, { intent, ifVersion }: Entry): string | undefined {
  if (outcome.kind === 'committed' && outcome.version !== change.version) {
    return `was acknowledged as version ${outcome.version} and is ${change.version}`;
  }
  if (ifVersion !== undefined && change.previous !== ifVersion) {
    return `was to be made at version ${ifVersion} only, and was made at ${change.previous}`;
  }
  const wanted = new Set(intent.configs.map(({ key }) => key));
  const whole = change.configs.length === wanted.size && change.configs.every(({ key }) => wanted.has(key));
  return whole ? undefined : `was made in part: ${change.configs.map(({ key }) => key).join(', ')}`;
}

/**
 * True when the store has the commit's configs, or later ones. An event has no ids that its writer
 * knows, but the inbox keeps their order: where the writer's key has a later token of the same
 * writer, the event was committed.
 */
function survives({ intent, outcome, writerKey }: Entry, truth: Truth): boolean {
  const configs = truth.rulesets.get(intent.environment)?.configs;
  if (outcome?.kind === 'committed') {
    return [...outcome.ids].every(([key, id]) => (configs?.get(key)?.id ?? 0n) >= id);
  }
  if (!intent.valid) return truth.rejected.has(intent.token);
  const last = configs?.get(writerKey)?.value;
  return typeof last === 'string' && numberOf(last) >= numberOf(intent.token);
}

function isAcknowledged(outcome: Outcome | undefined): boolean {
  return outcome?.kind === 'committed' || outcome?.kind === 'accepted';
}

/**
 * Each commit of the harness sets its writer's key to its token. What was committed again can have
 * the tokens of several.
 */
function entriesByToken(history: readonly Committed[]): Map<string, Committed[]> {
  const made = new Map<string, Committed[]>();
  for (const change of history) {
    for (const { key, text } of change.configs) {
      if (text !== undefined && key.startsWith('writer.'))
        made.set(text, [...(made.get(text) ?? []), change]);
    }
  }
  return made;
}

/**
 * True when it could be made during that time. A node that was stopped makes a commit long after
 * its writer has given up waiting.
 */
function overlaps({ begun, settled = Infinity, outcome }: Entry, { from, to }: Span): boolean {
  const end = outcome?.kind === 'unknown' ? Infinity : settled;
  return begun <= to && end >= from;
}
