/**
 * How long evaluations stay what they are: rules can compare `prefab.current-time` with constants, so they change when one of these has
 * passed, and at no other time.
 */
import type { Config, Criterion } from '../ruleset/model.js';
import { instant } from './dates.js';
import { numberOf } from './numbers.js';
import { CURRENT_TIME } from './predicate-table.js';

/** When a config can begin to be evaluated differently. */
export type ConfigBoundaries = readonly Point[] | 'always';

interface Point {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Whether the change comes with that millisecond or with the next one. */
  readonly after: boolean;
}

/** Operators that never hold for a number, which the time is. */
const INDIFFERENT: ReadonlySet<string | undefined> = new Set([
  'PROP_MATCHES',
  'PROP_DOES_NOT_MATCH',
  'PROP_SEMVER_LESS_THAN',
  'PROP_SEMVER_EQUAL',
  'PROP_SEMVER_GREATER_THAN',
]);

/** Operators that change with the constant's millisecond (false), or only after it (true). */
const COMPARISONS: ReadonlyMap<string | undefined, boolean> = new Map([
  ['PROP_BEFORE', false],
  ['PROP_AFTER', true],
  ['PROP_LESS_THAN', false],
  ['PROP_LESS_THAN_OR_EQUAL', true],
  ['PROP_GREATER_THAN', true],
  ['PROP_GREATER_THAN_OR_EQUAL', false],
]);

export function boundariesOf({ rows = [] }: Config): ConfigBoundaries {
  const values = rows.flatMap((row) => row.values ?? []);
  const isHashed = values.some(({ value }) => value?.weightedValues?.hashByPropertyName === CURRENT_TIME);
  const points = values
    .flatMap(({ criteria = [] }) => criteria)
    .filter(({ propertyName }) => propertyName === CURRENT_TIME)
    .map(pointsOf);
  return isHashed || points.includes('always') ? 'always' : (points as Point[][]).flat();
}

function pointsOf({ operator, valueToMatch = {} }: Criterion): ConfigBoundaries {
  const after = COMPARISONS.get(operator);
  if (after !== undefined) {
    const isDate = operator === 'PROP_BEFORE' || operator === 'PROP_AFTER';
    const number = numberOf(valueToMatch);
    const time = isDate ? instant(valueToMatch.string ?? number) : number;
    // Nothing compares with NaN, so it is no point in time.
    return time === undefined || Number.isNaN(time) ? [] : [{ time: Number(time), after }];
  }
  if (operator === 'IN_INT_RANGE') {
    const { start, end } = valueToMatch.intRange ?? {};
    return [start, end].flatMap((bound) =>
      bound === undefined ? [] : [{ time: Number(bound), after: false }],
    );
  }
  return INDIFFERENT.has(operator) ? [] : 'always';
}

/** The intervals between the turning points of several configs. */
export class TimeBoundaries {
  /** Ascending; `undefined` when each millisecond is one. */
  readonly #points: readonly Point[] | undefined;

  constructor(configs: Iterable<ConfigBoundaries>) {
    const points: Point[] = [];
    for (const each of configs) {
      if (each === 'always') return;
      points.push(...each);
    }
    this.#points = points.sort((a, b) => a.time - b.time || Number(a.after) - Number(b.after));
  }

  /**
   * The interval's name: the turning point that it begins with, or the time itself where each millisecond is one. A number of the interval
   * would not do: it would mean another one when a turning point comes or goes.
   */
  intervalAt(now: number): string {
    const time = Math.trunc(now);
    if (this.#points === undefined) return `${time}`;
    const last = this.#points[this.#passed(time) - 1];
    return last === undefined ? 'first' : `${last.after ? 'after' : 'from'} ${last.time}`;
  }

  /** How many turning points have passed. */
  #passed(time: number): number {
    const points = this.#points ?? [];
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const point = points[middle];
      const isPassed = point !== undefined && (point.after ? point.time < time : point.time <= time);
      if (isPassed) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
