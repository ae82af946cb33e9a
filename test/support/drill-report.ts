/**
 * The drill's measurements, a row for each state: what was down, who answered, with which version,
 * and the age that was said.
 */
import type { ClientStatus } from '../../src/client/index.js';
import type { BeltWord, Drill } from './drill.js';

export interface DrillRow {
  readonly down: string;
  readonly newest: string;
  readonly runs: string;
  readonly starts: string;
  readonly restarts: string;
  /** Those that run, and those that start. */
  readonly sdks: readonly [string, string];
  readonly belts: readonly [string, string];
}

const HEAD = [
  'down',
  'newest change',
  'library that runs',
  'library that starts',
  'library that restarts',
  'SDKs that run',
  'SDKs that start',
  'belt server 1',
  'belt server 2',
];

/** As a table in Markdown. */
export function tableOf(rows: readonly DrillRow[]): string {
  const lines = rows.map(({ down, newest, runs, starts, restarts, sdks, belts }) => {
    return [down, newest, runs, starts, restarts, ...sdks, ...belts];
  });
  return [HEAD, HEAD.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A library client: its change, who confirmed it, and what it says of its age. */
export function wordOf(drill: Drill, value: unknown, { source = '', age = 0, stale }: ClientStatus): string {
  const names = new Map([...drill.sources.entries()].map(([i, url]) => [url, SOURCE_NAMES[i] ?? '']));
  const from = names.get(source) ?? source;
  return `${short(value)}, ${from}, ${Math.round(age / 1000)} s${stale ? ', stale' : ''}`;
}

const SOURCE_NAMES = ['belt 1', 'belt 2', 'Pushpin'];

export function beltWord({ change, age, stale, readiness }: BeltWord): string {
  return `${short(change)}, ${age} s${stale === undefined ? '' : ', stale'}; ${readiness}`;
}

/** Each change once, with who has it when they differ. */
export function changesOf(values: readonly { readonly name: string; readonly value: unknown }[]): string {
  const changes = [...new Set(values.map(({ value }) => short(value)))];
  if (changes.length === 1) return changes.join();
  const having = (change: string) => values.filter(({ value }) => short(value) === change);
  return changes
    .map(
      (change) =>
        `${change} (${having(change)
          .map(({ name }) => name)
          .join(', ')})`,
    )
    .join('; ');
}

export function short(change: unknown): string {
  return typeof change === 'string' ? change.replace('change ', '') : 'nothing';
}
