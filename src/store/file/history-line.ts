/** Finds entries of a history in the lines of the log. */
import { unframe } from './frame.js';
import type { HistoryRecord } from './history-record.js';
import type { CommitRecord, LogBatch, SnapshotRecord } from './record.js';

/**
 * Reads the history entry of an environment from a line of the log, which is one of a snapshot or a
 * batch: a batch has at most one commit of each environment. `undefined`: the line is none of
 * these, or has no entry.
 */
export function readHistoryRecord(line: Buffer, environment: bigint): HistoryRecord | undefined {
  const json = unframe(line);
  if (json === undefined) return undefined;
  const value = JSON.parse(json) as SnapshotRecord | LogBatch;
  if (!('records' in value)) {
    return 'type' in value && value.type === 'history' && value.environment === `${environment}`
      ? value
      : undefined;
  }
  for (const record of value.records) {
    if (record.type === 'commit' && record.environment === `${environment}`) return historyRecordOf(record);
  }
  return undefined;
}

function historyRecordOf(record: CommitRecord): HistoryRecord | undefined {
  const { environment, settings, change, history } = record;
  if (history === undefined) return undefined;
  const { by, version, step, at, before, settingsBefore } = history;
  return {
    type: 'history',
    environment,
    version,
    step,
    previous: change?.previous ?? version,
    at,
    by,
    ...(before === undefined ? {} : { before, after: change?.configs ?? '' }),
    ...(settings === undefined
      ? {}
      : { settings: { ...(settingsBefore && { before: settingsBefore }), after: settings } }),
  };
}
