/** Compares the answers that writers got with the content of the store. Pure. */
import type { LossSpan } from '../clients/journal.js';
import { contentOf } from '../content.js';
import type { Committed, Truth } from '../truth.js';
import { numberOf, type Intent } from '../writers/intent.js';
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
  /** Lost ones of which a node gave something up, and listed it for an operator. */
  readonly givenUp: number;
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
export function checkCommits(all: readonly Entry[], truth: Truth, losses: readonly LossSpan[]): CommitsCheck {
  const entries = all.filter(({ intent }) => intent.isSettings !== true);
  const made = entriesByToken(truth.history);
  const fates = new Fates(entries, truth);
  const violations: Violation[] = [];
  const object = ({ intent: { token, environment }, settled }: Entry, problem: string): void => {
    const text = `commit ${token} of environment ${environment} ${problem}`;
    violations.push({ check: 'commits', text, at: settled });
  };
  let endangered = 0;
  let givenUp = 0;
  const lost: string[] = [];
  let unansweredMade = 0;
  for (const entry of entries) {
    const found = made.get(entry.intent.token) ?? [];
    const met = losses.filter((loss) => overlaps(entry, loss));
    if (met.length > 0) {
      if (!isAcknowledged(entry.outcome)) continue;
      endangered++;
      const fate = fates.of(entry);
      if (fate === 'given up') givenUp++;
      if (fate !== 'lost') continue;
      if (met.some((loss) => isKept(entry, loss)))
        object(entry, 'was lost, a node had it, and neither the store nor the rejected events have it');
      else lost.push(entry.intent.token);
      continue;
    }
    // An event is committed some time after it was acknowledged, so a loss may have met its commit
    // and not itself.
    if (losses.length > 0 && entry.outcome?.kind === 'accepted' && fates.of(entry) === 'kept') continue;
    if (found.length === 1 && entry.outcome?.kind === 'unknown') unansweredMade++;
    const problem = judge(entry, found, truth, losses) ?? overwritten(entry, fates, losses);
    if (problem !== undefined) object(entry, problem);
  }
  return { violations, endangered, lost, givenUp, unansweredMade };
}

/**
 * A commit that was made after the store lost others must not be undone by those. Ids decide which
 * is later, so it can be where ids run ahead of the clock, and then only in such an environment.
 */
function overwritten(entry: Entry, fates: Fates, losses: readonly LossSpan[]): string | undefined {
  if (entry.outcome?.kind !== 'committed') return undefined;
  if (losses.length > 0 && fates.hasGivenIds(entry.intent.environment)) return undefined;
  return fates.of(entry) === 'lost' ? 'was acknowledged, and older content is in its place' : undefined;
}

function isKept({ outcome, settled = Infinity }: Entry, { keeper }: LossSpan): boolean {
  if (keeper === undefined || outcome?.kind !== 'committed') return false;
  return outcome.by === keeper.node && settled <= keeper.until;
}

function judge(
  entry: Entry,
  found: readonly Committed[],
  truth: Truth,
  losses: readonly LossSpan[],
): string | undefined {
  const { outcome, intent, ifVersion } = entry;
  const [change, ...others] = found;
  if (outcome === undefined) return 'was never brought to an end';
  if (others.some((other) => !isForReaders(other, intent, truth, losses)))
    return `was made ${found.length} times`;
  const rejected = truth.rejected.has(intent.token);
  if (!intent.valid) {
    if (change !== undefined) return 'is not valid and was made all the same';
    return outcome.kind === 'accepted' && !rejected
      ? 'is not valid and is not among the rejected'
      : undefined;
  }
  if (rejected) return 'is valid and was rejected';
  if (outcome.kind === 'refused' && (change === undefined || isFinal(entry))) {
    if (change !== undefined) return `was refused (${outcome.reason}) and made all the same`;
    const expected = ifVersion !== undefined && outcome.reason.startsWith('412 ');
    const met = intent.mayMeet?.some((code) => outcome.reason.includes(`"code":"${code}"`)) === true;
    return expected || met ? undefined : `was refused: ${outcome.reason}`;
  }
  if (change === undefined) {
    return outcome.kind === 'unknown' ? undefined : 'was acknowledged and is not in the store';
  }
  return misses(outcome, change, entry) ?? halved(change, intent, truth);
}

/**
 * True when a node committed again what the store had, after a loss: its ids were below those of what
 * was lost, and readers of that would never have been sent it. Nothing may have come in between. What
 * was lost may be in the same commit under another key of the intent.
 */
function isForReaders(
  again: Committed,
  { configs }: Intent,
  { history }: Truth,
  losses: readonly LossSpan[],
): boolean {
  const { environment, version, at } = again;
  const lost = losses.some((loss) => (loss.environment ?? environment) === environment && loss.from <= at);
  const wanted = new Map(configs.map((config) => [config.key, contentOf(config)]));
  const before = history.filter((each) => each.environment === environment && each.version < version);
  return (
    lost &&
    again.configs
      .filter(({ key, content }) => wanted.get(key) === content)
      .every(({ key, content }) => {
        const last = before.findLast((each) => each.configs.some((config) => config.key === key));
        return last?.configs.find((config) => config.key === key)?.content === content;
      })
  );
}

/** What a change lacks had no effect: it is as it was before, or a deletion of what never was. */
function halved(change: Committed, { configs, environment }: Intent, { history }: Truth): string | undefined {
  const made = new Set(change.configs.map(({ key }) => key));
  const wanted = new Map(configs.map((config) => [config.key ?? '', contentOf(config)]));
  const before = history.filter((each) => each.environment === environment && each.version < change.version);
  const isWithoutEffect = ([key, content]: [string, string]): boolean => {
    const last = before.findLast((each) => each.configs.some((config) => config.key === key));
    return content === (last?.configs.find((config) => config.key === key)?.content ?? 'deleted');
  };
  const isWhole =
    [...made].every((key) => wanted.has(key)) &&
    [...wanted].every((each) => made.has(each[0]) || isWithoutEffect(each));
  return isWhole ? undefined : `was made in part: ${[...made].join(', ')}`;
}

/** The fault of the commit, if any. */
function misses(outcome: Outcome, change: Committed, { ifVersion }: Entry): string | undefined {
  if (outcome.kind === 'committed' && outcome.version !== change.version) {
    return `was acknowledged as version ${outcome.version} and is ${change.version}`;
  }
  if (ifVersion !== undefined && change.previous !== ifVersion) {
    return `was to be made at version ${ifVersion} only, and was made at ${change.previous}`;
  }
  return undefined;
}

/**
 * What became of a commit. `kept`: the store has its configs, or later ones; `given up`: what it
 * lacks is among the rejected events; `lost`: something is missing, or is older than the commit.
 */
type Fate = 'kept' | 'given up' | 'lost';

/** Judges commits by what the store has under their keys in the end. */
class Fates {
  readonly #truth: Truth;
  /** By environment and key: who wrote what to it. */
  readonly #writes = new Map<string, { readonly content: string; readonly entry: Entry }[]>();
  readonly #givenIds = new Set<bigint>();

  constructor(entries: readonly Entry[], truth: Truth) {
    this.#truth = truth;
    for (const entry of entries) {
      const { environment, configs, givesIds } = entry.intent;
      if (givesIds === true) this.#givenIds.add(environment);
      for (const config of configs) {
        const at = `${environment} ${config.key}`;
        const writes = this.#writes.get(at) ?? [];
        this.#writes.set(at, writes);
        writes.push({ content: contentOf(config), entry });
      }
    }
  }

  hasGivenIds(environment: bigint): boolean {
    return this.#givenIds.has(environment);
  }

  of(entry: Entry): Fate {
    const { intent, outcome } = entry;
    if (outcome?.kind !== 'committed') return this.#hasFollowed(entry) ? 'kept' : 'lost';
    const gone = intent.configs.filter((config) => {
      const id = outcome.ids.get(config.key ?? '') ?? 0n;
      return !this.#has(entry, config.key ?? '', contentOf(config), id);
    });
    if (gone.length === 0) return 'kept';
    const listed = gone.every(({ key }) => this.#truth.givenUp.has(`${intent.environment} ${key}`));
    return listed ? 'given up' : 'lost';
  }

  /** True when the store has that content, or what another may have written after it. */
  #has(entry: Entry, key: string, content: string, id: bigint): boolean {
    const { environment } = entry.intent;
    const now = this.#truth.rulesets.get(environment)?.configs.get(key);
    if (now === undefined && content === 'deleted') return true;
    if (now === undefined || now.id < id) return false;
    if (now.content === content) return true;
    const writes = this.#writes.get(`${environment} ${key}`) ?? [];
    return writes.some((write) => {
      return write.entry !== entry && write.content === now.content && endOf(write.entry) >= entry.begun;
    });
  }

  /**
   * An event has no ids that its writer knows, but the inbox keeps their order: where the writer's
   * key has a later token of the same writer, the event was committed.
   */
  #hasFollowed({ intent, writerKey }: Entry): boolean {
    if (!intent.valid) return this.#truth.rejected.has(intent.token);
    const configs = this.#truth.rulesets.get(intent.environment)?.configs;
    const last = configs?.get(writerKey)?.value;
    return typeof last === 'string' && numberOf(last) >= numberOf(intent.token);
  }
}

/** When it was made at the latest. */
function endOf(entry: Entry): number {
  const { outcome, settled = Infinity } = entry;
  if (outcome?.kind === 'refused' && isFinal(entry)) return -Infinity;
  return outcome?.kind === 'committed' ? settled : Infinity;
}

/**
 * True when a refusal means that the commit is never made. A request that was sent before, and not
 * answered, may be with a node that is stopped; by the time that it goes on, a missing segment may be
 * there. A version that is over does not come back.
 */
function isFinal({ attempts, outcome }: Entry): boolean {
  return attempts === 1 || (outcome?.kind === 'refused' && outcome.reason.startsWith('412 '));
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
function overlaps(
  { begun, settled = Infinity, outcome, intent }: Entry,
  { from, to, environment = intent.environment }: LossSpan,
): boolean {
  if (environment !== intent.environment) return false;
  const end = outcome?.kind === 'unknown' ? Infinity : settled;
  return begun <= to && end >= from;
}
