import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientBoundaries, ClientBoundaries, currentPosition } from '../../src/evaluate/client-boundaries.js';
import { encodeConfig } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { positionText } from '../../src/ruleset/client-position.js';
import { flag, segment, sized, tombstone } from '../ruleset/arbitrary.js';
import { scheduled } from '../support/configs.js';
import { change, rulesetOf } from './rulesets.js';

let id = 0;
const encoded = (config: Config) => encodeConfig({ ...config, id: `${++id}` });

function boundariesOf(...configs: Config[]): ClientBoundaries {
  const boundaries = new ClientBoundaries();
  boundaries.apply(configs.map(encoded));
  return boundaries;
}

/** All boundaries, ascending. */
function listOf(boundaries: ClientBoundaries): number[] {
  const list: number[] = [];
  for (let next = boundaries.next(0); next !== undefined; next = boundaries.next(next)) list.push(next);
  return list;
}

/** The config with another comparison in its first rule. */
function compared(config: Config, operator: string, valueToMatch: object): Config {
  const text = JSON.stringify(config);
  const criteria = [{ propertyName: 'prefab.current-time', operator, valueToMatch }];
  const copy = JSON.parse(text) as { rows: { values: { criteria: unknown }[] }[] };
  copy.rows[0]!.values[0]!.criteria = criteria;
  return copy as Config;
}

describe('the boundaries of what clients see', () => {
  it('the boundaries of what clients see are those of visible configs and of segments, and of nothing else', () => {
    const server: Config = { ...scheduled('server', 30), configType: 'CONFIG' };
    const inSegment: Config = { ...scheduled('segment', 20), configType: 'SEGMENT' };
    const boundaries = boundariesOf(
      scheduled('flag', 10),
      inSegment,
      { ...server, valueType: 'STRING' },
      flag('plain'),
      segment('other'),
      sized('prefab.current-time', 10),
    );
    expect(listOf(boundaries)).toEqual([10, 20]);
  });

  it('the boundaries of what clients see follow changes and deletions', () => {
    const boundaries = boundariesOf(scheduled('a', 10), scheduled('b', 20));
    boundaries.apply([encoded(scheduled('a', 15)), encoded(tombstone('b'))]);
    expect(listOf(boundaries)).toEqual([15]);
    boundaries.apply([encoded(flag('a'))]);
    expect(boundaries.isEmpty).toBe(true);
  });

  it('the boundaries of what clients see are the first milliseconds with new values', () => {
    const base = scheduled('a', 0);
    const times = (operator: string, valueToMatch: object) =>
      listOf(boundariesOf(compared(base, operator, valueToMatch)));
    expect(times('PROP_GREATER_THAN', { int: '10' })).toEqual([11]);
    expect(times('PROP_LESS_THAN', { double: 10.5 })).toEqual([11]);
    expect(times('PROP_AFTER', { string: '1970-01-01T00:00:00.010Z' })).toEqual([11]);
    expect(times('PROP_BEFORE', { string: '1970-01-01T00:00:00.010Z' })).toEqual([10]);
    expect(times('IN_INT_RANGE', { intRange: { start: '10', end: '20' } })).toEqual([10, 20]);
    expect(times('PROP_LESS_THAN', { double: 1e300 })).toEqual([]);
    expect(times('PROP_ENDS_WITH_ONE_OF', { stringList: { values: ['0'] } })).toEqual([]);
  });

  it('the boundaries of what clients see give the last one that has passed and the next one to come, at any time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 })),
        fc.integer({ min: 0, max: 31 }),
        (times, now) => {
          const boundaries = boundariesOf(...times.map((time, i) => scheduled(`flag-${i}`, time)));
          expect(boundaries.last(now)).toBe(Math.max(0, ...times.filter((time) => time <= now)));
          const coming = times.filter((time) => time > now);
          expect(boundaries.next(now)).toBe(coming.length === 0 ? undefined : Math.min(...coming));
        },
      ),
    );
  });

  it('the boundaries of what clients see are kept with their ruleset and follow its changes', () => {
    const ruleset = rulesetOf([scheduled('a', 10)]);
    expect(listOf(clientBoundaries(ruleset))).toEqual([10]);
    expect(positionText(currentPosition(ruleset, 9))).toBe(`${ruleset.clientVersion}`);
    expect(positionText(currentPosition(ruleset, 10))).toBe(`${ruleset.clientVersion}-10`);
    change(ruleset, [scheduled('b', 20)]);
    expect(listOf(clientBoundaries(ruleset))).toEqual([10, 20]);
    expect(positionText(currentPosition(ruleset, 30))).toBe(`${ruleset.clientVersion}-20`);
  });
});
