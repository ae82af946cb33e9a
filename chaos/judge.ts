/** All checks over all that was recorded, and the figures for the table. */
import { checkCommits } from './checks/commits.js';
import { checkInbox, inboxExcuses } from './checks/inbox.js';
import { checkSegments } from './checks/segments.js';
import { checkContexts, checkSettings } from './checks/settings.js';
import { checkConnections, checkRevoked } from './checks/connections.js';
import { endExcuses, staleExcuses } from './checks/excuses.js';
import { checkNodes } from './checks/nodes.js';
import { checkJournal, checkSightings } from './checks/order.js';
import { checkStaleness, type Acknowledged } from './checks/staleness.js';
import type { Violation } from './checks/violation.js';
import type { Journal, LossSpan } from './clients/journal.js';
import type { Crowd } from './crowd.js';
import type { Happened } from './director.js';
import type { Gauges } from './gauges.js';
import type { Site } from './site.js';
import type { Truth } from './truth.js';
import type { Ledger } from './writers/ledger.js';

export interface Evidence {
  readonly crowd: Crowd;
  readonly ledger: Ledger;
  readonly happened: readonly Happened[];
  readonly losses: readonly LossSpan[];
  readonly gauges: Gauges;
  readonly site: Site;
  readonly truth: Truth;
  readonly keys: ReadonlyMap<bigint, string>;
  readonly dir: string;
  /** True when a commit that a lossy store lost for good is a violation. */
  readonly strictLoss: boolean;
  /** For how long a hold may be behind without an excuse, milliseconds. */
  readonly limit: number;
  /** For how long an event may wait in the inbox without an excuse, milliseconds. */
  readonly inboxLimit: number;
}

/** The figures of a run. */
export interface Figures {
  readonly commits: number;
  /**
   * The ones among these that the store was made to lose, and those that no node had to write back.
   */
  readonly endangered: number;
  readonly lost: number;
  /** The ones that a node gave up, and listed among the rejected events. */
  readonly givenUp: number;
  /** Commits without an answer, and how many of them were made. */
  readonly unanswered: number;
  readonly unansweredMade: number;
  /** Events that clients received, as far as they show them. */
  readonly deliveries: number;
  readonly recoveries: number;
  readonly resyncs: number;
  readonly reconnects: number;
  readonly refusals: number;
  /** Milliseconds. */
  readonly longestStaleness: number;
  readonly longestUnexcused: number;
  /** The longest that an event waited without an excuse, milliseconds. */
  readonly longestWait: number;
  /** The longest that the machine did not run the harness, milliseconds. */
  readonly longestStall: number;
  /** All of these times: what they excuse, no check sees. Milliseconds. */
  readonly stalled: number;
}

export interface Findings {
  readonly violations: readonly Violation[];
  readonly figures: Figures;
}

export async function judge(evidence: Evidence): Promise<Findings> {
  const { crowd, ledger, losses, truth, gauges, site, keys, dir } = evidence;
  // First: the checks keep this process busy, and with it its answers from nodes.
  const nodes = await checkNodes(site, truth, keys, dir);
  const journals = crowd.all.flatMap(({ journal }) => (journal === undefined ? [] : [journal]));
  const commits = checkCommits(ledger.entries, truth, losses);
  const settings = checkSettings(ledger.entries, truth, losses);
  const excused = [...inboxExcuses(evidence.happened, losses), ...gauges.stalls];
  const inbox = checkInbox(ledger.entries, truth, excused, evidence.inboxLimit);
  const staleness = staleOf(evidence, journals);
  const violations: Violation[] = [
    ...commits.violations,
    ...lossOf(evidence, commits.lost),
    ...settings.violations,
    ...inbox.violations,
    ...checkSegments(ledger.entries, truth),
    ...atRest(crowd, truth),
    ...journals.flatMap((journal) => [...checkJournal(journal, truth), ...checkContexts(journal, truth)]),
    ...crowd.sdks.flatMap((sdk) => checkSightings(sdk.name, sdk.environment, sdk.sightings, truth)),
    ...staleness.violations,
    ...journals.flatMap((journal) => checkConnections(journal, endExcuses(journal.via, evidence.happened))),
    ...journals.flatMap((journal) => revokedOf(evidence, journal)),
    ...nodes,
  ];
  const sum = (count: (journal: Journal) => number): number =>
    journals.reduce((total, journal) => total + count(journal), 0);
  const figures = {
    commits: ledger.count('committed') + ledger.count('accepted'),
    endangered: commits.endangered + settings.endangered,
    lost: commits.lost.length + settings.lost,
    givenUp: commits.givenUp,
    unanswered: ledger.count('unknown'),
    unansweredMade: commits.unansweredMade,
    deliveries: sum(({ events }) => events),
    recoveries: gauges.sum('holdfast_recoveries_total'),
    resyncs: gauges.sum('holdfast_resync_items_total'),
    reconnects: sum(({ connections }) => connections.length - 1),
    refusals: sum(({ refusals }) => refusals.length),
    longestStaleness: staleness.longest,
    longestUnexcused: staleness.longestUnexcused,
    longestWait: inbox.longest,
    longestStall: Math.max(0, ...gauges.stalls.map(({ from, to }) => to - from)),
    stalled: gauges.stalls.reduce((sum, { from, to }) => sum + to - from, 0),
  };
  return { violations, figures };
}

function lossOf({ strictLoss }: Evidence, lost: readonly string[]): Violation[] {
  if (!strictLoss) return [];
  return lost.map((token) => ({
    check: 'commits',
    text: `commit ${token} was acknowledged, lost by the store, and is gone`,
  }));
}

function revokedOf({ happened, gauges, limit, losses }: Evidence, journal: Journal): Violation[] {
  return checkRevoked(
    journal,
    staleExcuses(journal, happened, gauges.stalls),
    limit,
    losses,
    performance.now(),
  );
}

function atRest(crowd: Crowd, truth: Truth): Violation[] {
  return crowd.all.flatMap((client) => {
    const difference = client.differs(truth);
    return difference === undefined
      ? []
      : [{ check: 'rest', text: `at rest, ${client.name} ${difference}` } as const];
  });
}

function staleOf(
  { happened, gauges, limit, truth, ledger }: Evidence,
  journals: readonly Journal[],
): { violations: Violation[]; longest: number; longestUnexcused: number } {
  const known = new Set(truth.history.map(({ environment, version }) => `${environment} ${version}`));
  const acknowledged = ledger.entries.flatMap(({ intent, outcome, settled }): Acknowledged[] => {
    if (outcome?.kind !== 'committed' || settled === undefined) return [];
    const { environment } = intent;
    if (!known.has(`${environment} ${outcome.version}`)) return [];
    return [{ environment, version: outcome.version, at: settled }];
  });
  const end = performance.now();
  const checks = journals.map((journal) =>
    checkStaleness(journal, acknowledged, staleExcuses(journal, happened, gauges.stalls), limit, end),
  );
  return {
    violations: checks.flatMap(({ violations }) => violations),
    longest: Math.max(0, ...checks.map(({ longest }) => longest)),
    longestUnexcused: Math.max(0, ...checks.map(({ longestUnexcused }) => longestUnexcused)),
  };
}
