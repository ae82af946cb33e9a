/** The state of delivery as its stream tells it: a snapshot, then what differs. Pure. */
import type { ChangeReport, DeliveryState, ListedNode } from '../../../src/delivery/model.js';

/** The changes that the server lists at most. */
const CHANGES_MAX = 50;

interface Difference {
  readonly nodes: readonly ListedNode[];
  readonly gone: readonly string[];
  readonly changes: readonly ChangeReport[];
  readonly error: string | null;
}

/** Returns the state after an event of the stream. An event of an unknown name changes nothing. */
export function stateAfter(
  before: DeliveryState | undefined,
  name: string | undefined,
  data: string,
): DeliveryState | undefined {
  if (name === 'snapshot') return JSON.parse(data) as DeliveryState;
  if (name !== 'change' || before === undefined) return before;
  return applied(before, JSON.parse(data) as Difference);
}

function applied(before: DeliveryState, { nodes, gone, changes, error }: Difference): DeliveryState {
  const isOld = new Set([...gone, ...nodes.map(({ id }) => id)]);
  const placeOf = ({ environment, version }: ChangeReport): string => `${environment} ${version}`;
  const isChanged = new Set(changes.map(placeOf));
  return {
    ...before,
    nodes: [...before.nodes.filter(({ id }) => !isOld.has(id)), ...nodes].sort(byName),
    changes: [...changes, ...before.changes.filter((change) => !isChanged.has(placeOf(change)))]
      .sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || Number(BigInt(b.version) - BigInt(a.version)))
      .slice(0, CHANGES_MAX),
    error: error ?? undefined,
  };
}

function byName(a: ListedNode, b: ListedNode): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1;
}

/** Formats milliseconds: `4 ms`, `2.3 s`, `5 min`, `3 h`. */
export function durationOf(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h`;
}

/** Formats a number of environments: `1 environment`, `1,200 environments`. */
export function environmentsOf(count: number): string {
  return count === 1 ? '1 environment' : `${count.toLocaleString('en')} environments`;
}
