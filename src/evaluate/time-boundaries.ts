/**
 * Time boundaries: the instants at which evaluations can change although the ruleset does not.
 * Rules can compare `prefab.current-time` with constants; evaluations change when one of these
 * constants has passed, and at no other time.
 */
import type { Config, Criterion } from '../ruleset/model.js';
import { instant } from '../ruleset/dates.js';
import { numberOf } from './numbers.js';
import { CURRENT_TIME } from './predicate-table.js';

/** The time boundaries of one config; `always`: each millisecond is one. */
export type ConfigBoundaries = readonly TimeBoundary[] | 'always';

/** An instant from which on, or after which, a comparison with the time has another result. */
export interface TimeBoundary {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** False when the change comes with that millisecond, true when it comes with the next one. */
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

/**
 * Operators whose result changes with the constant's millisecond (false), or only after it (true).
 */
const COMPARISONS: ReadonlyMap<string | undefined, boolean> = new Map([
  ['PROP_BEFORE', false],
  ['PROP_AFTER', true],
  ['PROP_LESS_THAN', false],
  ['PROP_LESS_THAN_OR_EQUAL', true],
  ['PROP_GREATER_THAN', true],
  ['PROP_GREATER_THAN_OR_EQUAL', false],
]);

/** The time boundaries of a config. */
export function boundariesOf({ rows = [] }: Config): ConfigBoundaries {
  const values = rows.flatMap((row) => row.values ?? []);
  const isHashed = values.some(({ value }) => value?.weightedValues?.hashByPropertyName === CURRENT_TIME);
  const boundaries = values
    .flatMap(({ criteria = [] }) => criteria)
    .filter(({ propertyName }) => propertyName === CURRENT_TIME)
    .map(criterionBoundaries);
  return isHashed || boundaries.includes('always') ? 'always' : (boundaries as TimeBoundary[][]).flat();
}

function criterionBoundaries({ operator, valueToMatch = {} }: Criterion): ConfigBoundaries {
  const after = COMPARISONS.get(operator);
  if (after !== undefined) {
    const isDate = operator === 'PROP_BEFORE' || operator === 'PROP_AFTER';
    const number = numberOf(valueToMatch);
    const time = isDate ? instant(valueToMatch.string ?? number) : number;
    // No number compares with NaN, so it is no boundary.
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

/** The time boundaries of several configs, and the intervals between them. */
export class TimeBoundaries {
  /** Ascending; `undefined` when each millisecond is one. */
  readonly #sorted: readonly TimeBoundary[] | undefined;

  constructor(configs: Iterable<ConfigBoundaries>) {
    const boundaries: TimeBoundary[] = [];
    for (const each of configs) {
      if (each === 'always') return;
      boundaries.push(...each);
    }
    this.#sorted = boundaries.sort((a, b) => a.time - b.time || Number(a.after) - Number(b.after));
  }

  /**
   * The name of the interval that `now` lies in: the boundary that it begins with, or the time
   * itself when each millisecond is a boundary. A number would not do: it would name another
   * interval when a boundary is added or removed.
   */
  intervalAt(now: number): string {
    const time = Math.trunc(now);
    if (this.#sorted === undefined) return `${time}`;
    const last = this.#sorted[this.#passed(time) - 1];
    return last === undefined ? 'first' : `${last.after ? 'after' : 'from'} ${last.time}`;
  }

  /** The number of boundaries that have passed. */
  #passed(time: number): number {
    const boundaries = this.#sorted ?? [];
    let low = 0;
    let high = boundaries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const boundary = boundaries[middle];
      const isPassed =
        boundary !== undefined && (boundary.after ? boundary.time < time : boundary.time <= time);
      if (isPassed) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
