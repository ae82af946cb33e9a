/** The results of a run. Pure. */
import type { ClientKind } from './clients.js';
import type { Journal } from './journal.js';
import { REST, type Run, type RunResult } from './run.js';

/** An event that took longer to arrive is late. Milliseconds. */
const LATE = 2_000;
/** A connection that lasted less is short. Milliseconds. */
const SHORT = 500;

/**
 * The results of one kind of client in one set-up: the mean of each client's figures, where it does
 * not say otherwise.
 */
export interface Summary {
  readonly kind: ClientKind;
  readonly requests: number;
  readonly shortConnections: number;
  /** Answers other than 200. */
  readonly refused: number;
  /** Events that were published while the run went on. */
  readonly events: number;
  /** Received within `LATE`. */
  readonly inTime: number;
  /** Received later than that. */
  readonly late: number;
  /** Not received by the end of the run. */
  readonly missed: number;
  /**
   * The longest time in which a client received nothing that it did not have; the longest of all of
   * them. Seconds.
   */
  readonly silence: number;
}

/** The results that a run would have had if it had ended earlier. */
export function endedAt(run: Run, seconds: number): Run {
  const known = [...run.published].filter(([, at]) => at <= seconds * 1_000 - REST);
  const results = run.results.map((result) => ({ ...result, originRequests: undefined }));
  return { ...run, options: { ...run.options, seconds }, published: new Map(known), results };
}

/** One for each kind of client, in the order of the options. */
export function summarize({ options, published }: Run, result: RunResult): Summary[] {
  const kinds = [...new Set(result.clients.map(({ kind }) => kind))];
  const end = options.seconds * 1_000;
  return kinds.map((kind) => {
    const journals = result.clients.filter((client) => client.kind === kind).map(({ journal }) => journal);
    const mean = (count: (journal: Journal) => number): number =>
      journals.reduce((sum, journal) => sum + count(journal), 0) / journals.length;
    const arrivals = (journal: Journal): number[] =>
      [...journal.seen].flatMap(([number, at]) => {
        const publishedAt = published.get(number);
        return publishedAt === undefined || at > end ? [] : [at - publishedAt];
      });
    const inTime = mean((journal) => arrivals(journal).filter((after) => after <= LATE).length);
    const late = mean((journal) => arrivals(journal).filter((after) => after > LATE).length);
    return {
      kind,
      requests: mean(({ requests }) => requests.filter((at) => at <= end).length),
      shortConnections: mean((journal) => shortConnections(journal, end)),
      refused: mean(({ refused }) => refused),
      events: published.size,
      inTime,
      late,
      missed: mean((journal) => published.size - arrivals(journal).length),
      silence: Math.max(...journals.map((journal) => longestSilence(journal, end))) / 1_000,
    };
  });
}

function shortConnections({ connections }: Journal, end: number): number {
  return connections.filter(
    ({ openedAt, endedAt }) => endedAt !== undefined && endedAt <= end && endedAt - openedAt < SHORT,
  ).length;
}

/** Also before the first event and after the last one. */
function longestSilence({ seen }: Journal, end: number): number {
  const times = [0, ...[...seen.values()].filter((at) => at <= end).sort((a, b) => a - b), end];
  return Math.max(...times.map((at, index) => at - (times[index - 1] ?? at)));
}

/** Requests of all clients of a set-up in each second of the run. */
export function requestsPerSecond({ options }: Run, { clients }: RunResult): number[] {
  const counts = Array.from({ length: Math.ceil(options.seconds) }, () => 0);
  for (const { journal } of clients) {
    for (const at of journal.requests) {
      const second = Math.floor(at / 1_000);
      const count = counts[second];
      if (count !== undefined) counts[second] = count + 1;
    }
  }
  return counts;
}

/** The bytes of each connection of a kind of client, in the order in which they were made. */
export function downloads({ clients }: RunResult, kind: ClientKind): number[] {
  return clients
    .filter((client) => client.kind === kind)
    .flatMap(({ journal }) => journal.connections)
    .sort((a, b) => a.openedAt - b.openedAt)
    .map(({ bytes }) => bytes);
}
