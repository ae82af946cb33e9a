import { describe, expect, it } from 'vitest';
import { encodeConfig, type EncodedConfig } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { checkSegments } from '../../src/ruleset/segments.js';
import { flag, segment, sized, tombstone } from './arbitrary.js';
import { refusal } from './errors.js';

function check(before: Config[], change: Config[]): void {
  const encode = (config: Config) => encodeConfig({ ...config, id: '1' });
  const old = new Map<string, EncodedConfig>(before.map((config) => [config.key!, encode(config)]));
  const changed = change.map((config, index) => ({
    encoded: encode(config),
    field: `configs[${index}]`,
    before: old.get(config.key!),
  }));
  const all = new Map([
    ...old,
    ...changed.map(({ encoded }): [string, EncodedConfig] => [encoded.key, encoded]),
  ]);
  checkSegments({ get: (key) => all.get(key), configs: () => all.values() }, changed);
}

const result = (before: Config[], change: Config[]) => refusal(() => check(before, change));

const PATH = 'rows[0].values[0].criteria[0].valueToMatch.string';

describe('a reference to a segment', () => {
  it.each<[string, Config[], Config[], string]>([
    ['that exists', [segment('s')], [segment('a', 's')], 'accepted'],
    ['that comes in the same change', [], [segment('a', 's'), segment('s')], 'accepted'],
    ['that is a boolean flag', [flag('s')], [segment('a', 's')], 'accepted'],
    ['that is missing', [], [flag('x'), segment('a', 's')], `segment_missing configs[1].${PATH}`],
    ['that is deleted', [tombstone('s')], [segment('a', 's')], `segment_missing configs[0].${PATH}`],
    [
      'that is deleted in the same change',
      [segment('s')],
      [segment('a', 's'), tombstone('s')],
      `segment_missing configs[0].${PATH}`,
    ],
    ['that is text', [sized('s', 1)], [segment('a', 's')], `segment_missing configs[0].${PATH}`],
  ])('%s', (_, before, change, expected) => {
    expect(result(before, change)).toBe(expected);
  });

  it('a reference to a segment is checked for NOT_IN_SEG in a later row', () => {
    const config = flag('a');
    const criteria = [{ operator: 'NOT_IN_SEG', valueToMatch: { string: 's' } }];
    config.rows!.push({
      projectEnvId: '7',
      values: [{ value: { bool: true } }, { criteria, value: { bool: true } }],
    });
    expect(result([], [config])).toBe(
      'segment_missing configs[0].rows[1].values[1].criteria[0].valueToMatch.string',
    );
  });

  it.each<[string, Config, string]>([
    ['boolean', { ...segment('s'), valueType: undefined as never }, 'accepted'],
    [
      'not all boolean',
      {
        key: 's',
        configType: 'SEGMENT',
        rows: [{ values: [{ value: { bool: true } }, { value: { int: '1' } }] }],
      },
      `segment_missing configs[0].${PATH}`,
    ],
    [
      'weighted booleans',
      {
        key: 's',
        configType: 'SEGMENT',
        rows: [
          {
            values: [
              { value: { weightedValues: { weightedValues: [{ weight: 1, value: { bool: true } }] } } },
            ],
          },
        ],
      },
      'accepted',
    ],
  ])(
    'a reference to a segment to a config that has no value_type and whose values are %s',
    (_, target, expected) => {
      expect(result([target], [segment('a', 's')])).toBe(expected);
    },
  );
});

describe('a segment that is in use', () => {
  it('a segment that is in use cannot be deleted, and the error names its users', () => {
    const users = ['a', 'b', 'c', 'd', 'e'].map((key) => segment(key, 's'));
    const attempt = () => check([segment('s'), ...users], [flag('x'), tombstone('s')]);
    expect(refusal(attempt)).toBe('segment_missing configs[1]');
    expect(attempt).toThrow(/"s" is deleted but is used by "a", "b", "c" and 2 more/);
  });

  it('a segment that is in use cannot change to a type other than boolean', () => {
    expect(result([segment('s'), segment('a', 's')], [sized('s', 1)])).toBe('segment_missing configs[0]');
  });

  it('a segment that is in use can change its values', () => {
    expect(result([segment('s'), segment('a', 's')], [flag('s', false)])).toBe('accepted');
  });

  it('a segment that is in use can be deleted together with its user', () => {
    expect(result([segment('s'), segment('a', 's')], [tombstone('s'), tombstone('a')])).toBe('accepted');
  });

  it('a segment that is in use can be deleted when its user drops the reference in the same change', () => {
    expect(result([segment('s'), segment('a', 's')], [tombstone('s'), segment('a')])).toBe('accepted');
  });

  it('a segment that is in use is found among many deletions in one change', () => {
    const segments = Array.from({ length: 20 }, (_, index) => segment(`s${index}`));
    const change = segments.map(({ key }) => tombstone(key!));
    expect(result([...segments, flag('a')], change)).toBe('accepted');
    expect(result([...segments, segment('a', 's13')], change)).toBe('segment_missing configs[13]');
  });

  it('a segment that is in use may be deleted when a deleted config used it', () => {
    expect(result([segment('s'), tombstone('a')], [tombstone('s')])).toBe('accepted');
  });
});

describe('a cycle of segments', () => {
  it('a cycle of segments is refused when a segment refers to itself', () => {
    expect(result([], [segment('a', 'a')])).toBe('segment_circular configs[0]');
  });

  it('a cycle of segments is refused with its keys when a change closes it', () => {
    const attempt = () =>
      check([segment('b', 'c'), segment('c', 'a'), segment('a')], [flag('x'), segment('a', 'b')]);
    expect(refusal(attempt)).toBe('segment_circular configs[1]');
    expect(attempt).toThrow(/"a" → "b" → "c" → "a"/);
  });

  it('a cycle of segments is named without the path that leads to it', () => {
    expect(() => check([], [segment('x', 'a'), segment('a', 'b'), segment('b', 'a')])).toThrow(
      /cycle: "a" → "b" → "a"/,
    );
  });

  it('a cycle of segments is not reported for two paths to one segment', () => {
    expect(result([], [segment('a', 'b', 'c'), segment('b', 'd'), segment('c', 'd'), segment('d')])).toBe(
      'accepted',
    );
  });

  it('a cycle of segments is searched for once per segment, regardless of the number of paths', () => {
    const levels = Array.from({ length: 10 }, (_, level) => {
      const next = `s${level + 1}`;
      return [
        segment(`s${level}`, `a${level}`, `b${level}`),
        segment(`a${level}`, next),
        segment(`b${level}`, next),
      ];
    });
    const all = new Map(
      [...levels.flat(), segment('s10')].map((config) => [config.key!, encodeConfig({ ...config, id: '1' })]),
    );
    let looked = 0;
    const get = (key: string) => {
      looked++;
      return all.get(key);
    };
    const changed = [{ encoded: all.get('s0')!, field: 'configs[0]', before: undefined }];
    checkSegments({ get, configs: () => all.values() }, changed);
    expect(looked).toBeLessThan(2 * all.size);
  });

  it('a cycle of segments is found at the end of a chain of 10,000 without exhausting the stack', () => {
    const chain = Array.from({ length: 10_000 }, (_, index) => segment(`s${index}`, `s${index + 1}`));
    expect(result([...chain.slice(1), segment('s10000')], [chain[0]!])).toBe('accepted');
    expect(result([...chain, segment('s10000')], [segment('s10000', 's0')])).toBe(
      'segment_circular configs[0]',
    );
  });
});
