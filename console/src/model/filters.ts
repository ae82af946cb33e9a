/** The list of flags: its rows, and what a search and filters leave of them. Pure. */
import type { Config } from '../../../src/ruleset/model.js';
import { configTypeWords, descriptionOf, summarizeConfig } from '../../../src/words/configs.js';
import { plainBool } from './draft.js';

/** The filters of the list, as the address has them. */
export interface FlagFilters {
  readonly q?: string;
  /** A config type. */
  readonly type?: string;
  /** The beginning of keys, up to a dot. */
  readonly prefix?: string;
  readonly clients?: 'yes' | 'no';
  readonly changed?: 'hour' | 'day' | 'week' | 'month';
}

/** A row of the list. Its words are made when it is drawn. */
export interface FlagRow {
  readonly key: string;
  readonly config: Config;
  /** Milliseconds since 1970; `undefined` where the id says no time. */
  readonly changedAt: number | undefined;
}

const HOUR_MS = 3_600_000;
const AGES_MS = { hour: HOUR_MS, day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, month: 30 * 24 * HOUR_MS };
/** Ids are microseconds of the store's clock, unless a source gave them. */
const [EARLIEST_MS, LATEST_MS] = [Date.UTC(2020, 0), Date.UTC(2100, 0)];

/** Returns the time of a config's last change, which its id says. */
export function changedAtOf({ id }: Config): number | undefined {
  const at = Number(id) / 1000;
  return at > EARLIEST_MS && at < LATEST_MS ? at : undefined;
}

/** Builds the rows, in the order of keys. */
export function rowsOfRuleset(configs: readonly (Config & { readonly key: string })[]): readonly FlagRow[] {
  return configs
    .map((config) => ({ key: config.key, config, changedAt: changedAtOf(config) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Returns the rows that the filters leave. A search finds parts of keys and descriptions. */
export function filtered(rows: readonly FlagRow[], filters: FlagFilters, now: number): readonly FlagRow[] {
  const { q = '', type, prefix, clients, changed } = filters;
  const words = q
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const since = changed === undefined ? undefined : now - AGES_MS[changed];
  return rows.filter(({ key, config, changedAt }) => {
    if (type !== undefined && config.configType !== type) return false;
    if (prefix !== undefined && !key.startsWith(prefix)) return false;
    if (clients !== undefined && (config.sendToClientSdk === true) !== (clients === 'yes')) return false;
    if (since !== undefined && (changedAt ?? 0) < since) return false;
    if (words.length === 0) return true;
    const text = `${key} ${descriptionOf(config) ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Collects the beginnings of keys up to the first dot that several keys share, the most used first. */
export function prefixesOf(rows: readonly FlagRow[], most = 40): readonly string[] {
  const counts = new Map<string, number>();
  for (const { key } of rows) {
    const dot = key.indexOf('.');
    if (dot > 0) counts.set(key.slice(0, dot + 1), (counts.get(key.slice(0, dot + 1)) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([prefix]) => prefix);
}

/** Returns the words of a row: its type, its value, and the value that one click changes. */
export function wordsOf(
  { config }: FlagRow,
  environment: string,
): { readonly type: string; readonly value: string; readonly bool: boolean | undefined } {
  const { configType = '' } = config;
  return {
    type: configTypeWords[configType] ?? configType,
    value: summarizeConfig(config, environment),
    bool: plainBool(config, environment),
  };
}

/** Formats a time as an age: `3 min ago`. */
export function ageOf(at: number | undefined, now: number): string {
  if (at === undefined) return '';
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}
