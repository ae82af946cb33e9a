/** Makes the history notes of commits. */
import { CANARY_ENVIRONMENT } from '../rules.js';
import type { Commit } from '../store.js';
import { bytesOf, type HistoryIndex } from './history-index.js';
import type { HistoryNote } from './history-record.js';
import type { FileState } from './state.js';

/** The state before a commit, and the history so far. */
export interface NoteParts {
  readonly state: FileState;
  readonly index: HistoryIndex;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Makes the note of a commit that is about to be made; `undefined` when none is to be kept. */
export function historyNoteOf(
  { environment, by, settings, change }: Commit,
  { state, index, now }: NoteParts,
): HistoryNote | undefined {
  if (index.limits.changes === 0 || change?.deletes === true) return undefined;
  if (environment === CANARY_ENVIRONMENT) return undefined;
  if (change === undefined && settings === undefined) return undefined;
  const version = change?.version ?? state.reached(environment) ?? 0n;
  const configs = change?.configs ?? [];
  const keys = configs.map(({ key }) => key);
  const before = state.configsOf(environment, keys);
  const bytes = bytesOf(before) + bytesOf(configs);
  const isTooLarge = bytes > index.limits.bytes;
  return {
    by,
    version,
    step: index.stepAt(environment, version),
    at: change?.at ?? BigInt(Math.floor(now())) * 1000n,
    ...(isTooLarge ? {} : { before, bytes }),
    settingsBefore: settings && state.environment(environment),
  };
}
