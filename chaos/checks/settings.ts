/** Default contexts: those that writers set, those that the store had, and those that clients got. Pure. */
import type { Journal, LossSpan } from '../clients/journal.js';
import type { Truth } from '../truth.js';
import type { Entry } from '../writers/ledger.js';
import type { Violation } from './violation.js';

export interface SettingsCheck {
  readonly violations: readonly Violation[];
  /** Acknowledged ones that may have been lost by a store that was made to lose writes. */
  readonly endangered: number;
  /** Those among them that the store never had again. */
  readonly lost: number;
}

/** Compares the answers to changes of settings with the contexts that the store had. */
export function checkSettings(
  all: readonly Entry[],
  truth: Truth,
  losses: readonly LossSpan[],
): SettingsCheck {
  const entries = all.filter(({ intent }) => intent.isSettings === true);
  const had = new Set(truth.history.map(({ environment, context }) => `${environment} ${context ?? ''}`));
  const givenIds = new Set(
    all.flatMap(({ intent }) => (intent.givesIds === true ? [intent.environment] : [])),
  );
  const violations: Violation[] = [];
  const object = ({ intent, settled }: Entry, problem: string): void => {
    const text = `default context ${intent.token} of environment ${intent.environment} ${problem}`;
    violations.push({ check: 'commits', text, at: settled });
  };
  let endangered = 0;
  let lost = 0;
  for (const entry of entries) {
    const { intent, outcome } = entry;
    const { environment, token } = intent;
    if (outcome?.kind === 'refused') object(entry, `was refused: ${outcome.reason}`);
    if (outcome?.kind !== 'committed') continue;
    const now = truth.rulesets.get(environment)?.context;
    const author = entries.find(
      (each) => each.intent.environment === environment && each.intent.token === now,
    );
    // A request without an answer, or one that was sent again, may be made later.
    const isFinal = author !== undefined && author.outcome?.kind === 'committed' && author.attempts === 1;
    const isUndone = author === undefined || (isFinal && (author.settled ?? Infinity) < entry.begun);
    // Where ids run ahead of the clock, a context that is made after a loss can have a version below
    // that of the lost one, which then counts, as for configs.
    const isBelow = givenIds.has(environment) && losses.some((loss) => isOf(loss, environment));
    if (losses.some((loss) => meets(entry, loss)) || (isBelow && isUndone)) {
      endangered++;
      // A store that was emptied has no feed that would show those in between.
      if (isUndone) lost++;
    } else if (!had.has(`${environment} ${token}`)) {
      object(entry, 'was acknowledged, and the store never had it');
    } else if (isUndone) {
      object(entry, `was acknowledged, and ${now ?? 'none'} is in its place`);
    }
  }
  return { violations, endangered, lost };
}

function isOf(loss: LossSpan, environment: bigint): boolean {
  return (loss.environment ?? environment) === environment;
}

function meets({ intent, begun, settled = Infinity }: Entry, loss: LossSpan): boolean {
  if (!isOf(loss, intent.environment)) return false;
  return begun <= loss.to && settled >= loss.from;
}

/**
 * Each event carries the default context of its version, or of a later one. A store that lost
 * writes may have lost contexts that clients had.
 */
export function checkContexts(journal: Journal, truth: Truth): Violation[] {
  const changes = truth.history.filter(({ environment }) => environment === journal.environment);
  const lastOf = new Map(changes.map(({ context }, index) => [context, index]));
  for (const { events } of journal.connections) {
    for (const { id, context, at } of events) {
      if (at >= truth.lostSince(journal.environment)) return [];
      const due = changes.findLastIndex(({ version }) => version <= id);
      const got = lastOf.get(context);
      if (got !== undefined && got >= due) continue;
      const problem = got === undefined ? 'which never was' : 'which was replaced before';
      const text = `${journal.name} received the default context ${context ?? 'none'} at ${id}, ${problem}`;
      return [{ check: 'order', text, at }];
    }
  }
  return [];
}
