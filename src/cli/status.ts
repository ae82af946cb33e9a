/** The state of a node in lines, from what it says of its readiness and from its metrics. Pure. */
import { styled, type Cell } from './cell.js';

/** The answer of `/readyz`, as far as it is shown; a belt server's has other fields. */
export interface ReadinessBody {
  readonly status?: string;
  readonly degraded?: readonly string[];
  readonly version?: string;
  readonly store?: {
    readonly name?: string;
    readonly state?: string;
    readonly missingEnvironments?: number;
    readonly recoveringEnvironments?: number;
    readonly writes?: { readonly state?: string; readonly error?: string; readonly since?: string };
  };
  readonly feed?: { readonly lagMs?: number };
  readonly environments?: number;
  readonly holds?: { readonly direct?: number; readonly max?: number; readonly error?: string };
  readonly lease?: { readonly leader?: boolean; readonly error?: string };
  readonly clock?: { readonly offsetMs?: number; readonly error?: string };
  readonly publisher?: unknown;
  readonly canary?: unknown;
  readonly inbox?: unknown;
  readonly belt?: unknown;
}

/** Values of series by their names with labels, as `/metrics` has them. */
export type MetricValues = ReadonlyMap<string, number>;

/** Reads the text of `/metrics`. */
export function readMetrics(text: string): MetricValues {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, series, value] = /^(\w+(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
    if (series !== undefined) values.set(series, Number(value));
  }
  return values;
}

/** One line of the status: what it is about, and what is to say. */
export type StatusLine = readonly [about: string, ...said: Cell[]];

/** Describes the state of a node; lines about what it does not have are left out. */
export function statusLines(readiness: ReadinessBody, metrics: MetricValues): StatusLine[] {
  const { store, feed, environments, holds, lease, clock } = readiness;
  const lines: (StatusLine | undefined)[] = [
    storeLine(store),
    writesLine(store),
    feed?.lagMs === undefined ? undefined : ['feed', `${feed.lagMs} ms behind`],
    environments === undefined ? undefined : ['environments', `${environments} in memory`],
    holdsLine(holds),
    leaseLine(lease),
    ...receiverLines(readiness.publisher, 'proxies', 'proxy'),
    ...canaryLines(readiness.canary),
    ...receiverLines(readiness.belt, 'buckets', 'bucket'),
    otherLine('inbox', readiness.inbox),
    clockLine(clock),
    sumLine('subscriptions', 'holdfast_subscribes_total', metrics, 'since the start'),
    sumLine('changes', 'holdfast_commits_total', metrics, 'committed through this node'),
    troubleLine('rejected events', 'holdfast_rejected_waiting', metrics, 'holdfast rejected list shows them'),
    troubleLine('lost data', 'holdfast_data_lost_total', metrics, 'the store lost writes that this node has'),
  ];
  return lines.filter((line) => line !== undefined);
}

/** The first line: in which state the node is. */
export function headline({ status = 'unknown', degraded = [], version }: ReadinessBody, url: string): Cell[] {
  const style = status === 'ready' ? 'green' : status === 'degraded' ? 'yellow' : 'red';
  const why = degraded.length === 0 ? '' : ` (${degraded.join(', ')})`;
  return [`Holdfast ${version ?? ''} at ${url}: `, styled(style, `${status}${why}`)];
}

function storeLine(store: ReadinessBody['store']): StatusLine | undefined {
  if (store === undefined) return undefined;
  const { name = '', state, missingEnvironments = 0, recoveringEnvironments = 0 } = store;
  const cells: Cell[] = [name];
  if (state === 'away') cells.push(', ', styled('red', 'unavailable'));
  if (missingEnvironments > 0) {
    cells.push(', ', styled('red', `${missingEnvironments} environments are missing; see holdfast restore`));
  }
  if (recoveringEnvironments > 0) {
    cells.push(', ', styled('yellow', `${recoveringEnvironments} environments are being written back`));
  }
  return ['store', ...cells];
}

function writesLine(store: ReadinessBody['store']): StatusLine | undefined {
  const { state, error = '', since = '' } = store?.writes ?? {};
  if (state === undefined) return undefined;
  return ['writes', state === 'ok' ? 'ok' : styled('red', `refused since ${since}: ${error}`)];
}

function holdsLine({ direct, max, error }: NonNullable<ReadinessBody['holds']> = {}): StatusLine | undefined {
  if (error !== undefined) return ['direct holds', styled('red', error)];
  if (direct === undefined) return undefined;
  return ['direct holds', max === undefined ? `${direct}` : `${direct} of at most ${max}`];
}

function leaseLine(lease: ReadinessBody['lease']): StatusLine | undefined {
  if (lease === undefined) return undefined;
  if (lease.error !== undefined) return ['leader', styled('yellow', lease.error)];
  return ['leader', lease.leader === true ? 'this node' : 'another node'];
}

function clockLine(clock: ReadinessBody['clock']): StatusLine | undefined {
  if (clock === undefined) return undefined;
  if (clock.error !== undefined) return ['clock', styled('yellow', clock.error)];
  return clock.offsetMs === undefined ? undefined : ['clock', `${clock.offsetMs} ms off the store's`];
}

/**
 * A line for each receiver of a part: the proxies of the publisher, the buckets of the belt. They
 * are known to the node that leads alone.
 */
function receiverLines(part: unknown, list: string, about: string): StatusLine[] {
  if (typeof part !== 'object' || part === null) return [];
  const receivers: unknown = Object.entries(part).find(([name]) => name === list)?.[1];
  if (!Array.isArray(receivers)) return [];
  return receivers.map((receiver: Readonly<Record<string, unknown>>) => {
    const { [about]: name, state } = receiver;
    return [
      about,
      `${textOf(name)}: `,
      styled(STATE_STYLES[textOf(state)] ?? 'green', textOf(state)),
      factsOf(receiver, [about, 'state']),
    ];
  });
}

/** The styles of the states of receivers; others are well. */
const STATE_STYLES: Readonly<Record<string, 'red' | 'yellow'>> = {
  failing: 'red',
  silent: 'red',
  waiting: 'yellow',
};

/** A line for each proxy of the canary, where it runs; else one that says that it is off. */
function canaryLines(canary: unknown): StatusLine[] {
  if (canary === 'off') return [['canary', 'off: HOLDFAST_CANARY is not set, so delivery is not measured']];
  return receiverLines(canary, 'proxies', 'proxy').map(([, ...said]) => ['canary', ...said]);
}

/** A part with fields of its own, as `name value` pairs. */
function otherLine(about: string, part: unknown): StatusLine | undefined {
  if (typeof part !== 'object' || part === null) return undefined;
  const facts = factsOf(part as Readonly<Record<string, unknown>>, []);
  return [about, facts.replace(/^, /, '')];
}

function factsOf(part: Readonly<Record<string, unknown>>, left: readonly string[]): string {
  return Object.entries(part)
    .filter(([name, value]) => !left.includes(name) && value !== undefined)
    .map(([name, value]) => `, ${wordsOf(name)} ${textOf(value)}`)
    .join('');
}

/** `lagMs` in words: `lag ms`. */
function wordsOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? 'unknown');
}

function sum(name: string, metrics: MetricValues): number | undefined {
  const values = [...metrics].filter(([series]) => series === name || series.startsWith(`${name}{`));
  return values.length === 0 ? undefined : values.reduce((total, [, value]) => total + value, 0);
}

function sumLine(about: string, name: string, metrics: MetricValues, what: string): StatusLine | undefined {
  const total = sum(name, metrics);
  return total === undefined ? undefined : [about, `${total} ${what}`];
}

function troubleLine(
  about: string,
  name: string,
  metrics: MetricValues,
  what: string,
): StatusLine | undefined {
  const total = sum(name, metrics) ?? 0;
  return total === 0 ? undefined : [about, styled('yellow', `${total}: ${what}`)];
}
