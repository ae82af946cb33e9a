/** Reads histories from the log. */
import { HoldfastError } from '../../core/errors.js';
import { runInTurns } from '../../core/steps.js';
import {
  HISTORY_SCAN,
  matchesHistory,
  type HistoryEntry,
  type HistoryPage,
  type HistoryQuery,
} from '../history.js';
import type { HistoryIndex } from './history-index.js';
import type { Log } from './log.js';
import { readHistoryRecord } from './history-line.js';
import { historyEntrySteps } from './history-record.js';

/** The log, and the places of the entries in it. */
export interface HistorySource {
  readonly log: Log;
  readonly index: HistoryIndex;
}

/**
 * Reads a page of the history of an environment.
 *
 * @throws HoldfastError `store_damaged`
 */
export async function readFileHistory(
  source: HistorySource,
  environment: bigint,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const entries: HistoryEntry[] = [];
  const newest = source.index.before(environment, query.before);
  if (newest === undefined) return { entries };
  let bytes = 0;
  for (let number = newest; newest - number < HISTORY_SCAN.entries; number--) {
    const line = source.index.at(environment, number);
    if (line === undefined) return { entries };
    const entry = await readEntry(source, environment, number);
    if (entry === undefined) return { entries };
    if (matchesHistory(entry, query)) entries.push(entry);
    bytes += line.length;
    if (entries.length >= query.limit || bytes >= HISTORY_SCAN.bytes) return { entries, next: line };
  }
  const last = source.index.at(environment, newest - HISTORY_SCAN.entries + 1);
  return { entries, ...(last === undefined ? {} : { next: last }) };
}

/**
 * Reads one entry. Its place and the bytes there are taken in one turn, because a compaction moves
 * both; a second attempt is for one that came in between all the same.
 *
 * @returns `undefined` when it was forgotten
 */
async function readEntry(
  { log, index }: HistorySource,
  environment: bigint,
  number: number,
): Promise<HistoryEntry | undefined> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const line = index.at(environment, number);
    if (line === undefined) return undefined;
    const record = readHistoryRecord(await log.read(line.start, line.length), environment);
    if (record !== undefined) return runInTurns(historyEntrySteps(record));
  }
  throw new HoldfastError(
    'store_damaged',
    `The log ${log.path} does not have the entry of the history of environment ${environment} where it was written. The rulesets are not affected.`,
  );
}
