/** The pure parts of the console: drafts, shares, conditions, filters, samples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentsOf, stateAfter } from '../../console/src/model/delivery.js';
import {
  operandText,
  operandValue,
  OPERATORS_IN_WORDS,
  propertiesOf,
  withOperator,
} from '../../console/src/model/conditions.js';
import { moved, plainBool, readDraft, rulesField, writeDraft } from '../../console/src/model/draft.js';
import { ageOf, changedAtOf, filtered, prefixesOf, rowsOfRuleset } from '../../console/src/model/filters.js';
import { sharesOf, WHOLE, withShare, withShares } from '../../console/src/model/shares.js';
import { MOST_SAMPLES, readSamples } from '../../console/src/model/samples.js';
import { OPERATORS } from '../../src/ruleset/criteria.js';
import type { Config } from '../../src/ruleset/model.js';
import { flag } from '../support/configs.js';

const sum = (shares: readonly number[]): number => shares.reduce((all, share) => all + share, 0);

describe('shares of a rollout', () => {
  it('shares of a rollout add up to 100 % whatever the weights are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 6 }), (weights) => {
        const shares = sharesOf({ weightedValues: weights.map((weight) => ({ weight })) });
        expect(sum(shares)).toBe(WHOLE);
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('shares of a rollout add up to 100 % after any edits', () => {
    const edit = fc.record({ index: fc.nat(3), share: fc.double({ min: -5_000, max: 20_000, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 10 }), (edits) => {
        let shares: readonly number[] = [WHOLE, 0, 0, 0];
        for (const { index, share } of edits) {
          shares = withShare(shares, index, share);
          expect(sum(shares)).toBe(WHOLE);
          expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('shares of a rollout are taken from the last of the others', () => {
    expect(withShare([2_000, 3_000, 5_000], 0, 4_000)).toEqual([4_000, 3_000, 3_000]);
    expect(withShare([2_000, 3_000, 5_000], 2, 9_000)).toEqual([1_000, 0, 9_000]);
    expect(withShare([2_000, 3_000, 5_000], 1, 100_000)).toEqual([0, WHOLE, 0]);
  });

  it('shares of a rollout are written as weights with the values as they were', () => {
    const weighted = {
      hashByPropertyName: 'user.key',
      weightedValues: [{ value: { bool: true } }, { value: { bool: false } }],
    };
    expect(withShares(weighted, [1_000, 9_000])).toEqual({
      hashByPropertyName: 'user.key',
      weightedValues: [
        { weight: 1_000, value: { bool: true } },
        { weight: 9_000, value: { bool: false } },
      ],
    });
  });
});

describe('a draft', () => {
  const rule = { criteria: [{ propertyName: 'a.b', operator: 'PROP_IS_ONE_OF' }], value: { bool: true } };
  const config: Config = {
    ...flag('f', false),
    id: '7',
    rows: [
      { values: [{ value: { bool: false } }] },
      { projectEnvId: '2', values: [rule, { value: { bool: true } }, rule] },
    ],
  };

  it('a draft has the row of its environment, up to the value without conditions', () => {
    expect(readDraft(config, '2')).toMatchObject({ rules: [rule], otherwise: { value: { bool: true } } });
    expect(rulesField(config, '2')).toBe('configs[0].rows[1].values');
    expect(readDraft(config, '3')).toMatchObject({ rules: [], otherwise: { value: { bool: false } } });
  });

  it('a draft is written into its row, without an id, and other rows stay', () => {
    const written = writeDraft(config, '2', {
      rules: [],
      otherwise: { value: { bool: false } },
      sendToClientSdk: true,
    });
    expect(written).toEqual({
      ...flag('f', false),
      sendToClientSdk: true,
      rows: [
        { values: [{ value: { bool: false } }] },
        { projectEnvId: '2', values: [{ value: { bool: false } }] },
      ],
    });
  });

  it('a draft of a flag without rules is what one click changes, and of one with rules is not', () => {
    expect(plainBool(flag('f', true), '1')).toBe(true);
    expect(plainBool(config, '2')).toBeUndefined();
    expect(plainBool({ ...flag('f', true), configType: 'SEGMENT' }, '1')).toBeUndefined();
  });

  it('a draft moves a rule to another place, and none out of the list', () => {
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
    expect(moved(['a', 'b'], 0, 2)).toEqual(['a', 'b']);
  });
});

describe('conditions of the form', () => {
  it('conditions of the form have every operator that the server accepts', () => {
    expect(OPERATORS_IN_WORDS.map(({ operator }) => operator).sort()).toEqual([...OPERATORS].sort());
  });

  it.each(['list', 'number', 'version', 'date', 'range', 'pattern', 'text', 'segment'] as const)(
    'conditions of the form show a %s as it was written',
    (operand) => {
      const texts = {
        list: 'a\nb',
        number: '18',
        version: '1.2.0',
        date: '1795296829229',
        range: '18..65',
        pattern: '^a',
        text: 'a.b',
        segment: 's',
      };
      const text = texts[operand];
      const valueToMatch = operandValue(
        operand,
        operand === 'date' ? new Date(Number(text)).toISOString() : text,
      );
      expect(operandText({ valueToMatch })).toBe(text);
    },
  );

  it('conditions of the form keep their operand where the other operator takes it', () => {
    const byWords = (words: string) => OPERATORS_IN_WORDS.find((each) => each.words === words)!;
    const criterion = {
      propertyName: 'user.email',
      operator: 'PROP_IS_ONE_OF',
      valueToMatch: { stringList: { values: ['a'] } },
    };
    expect(withOperator(criterion, byWords('ends with')).valueToMatch).toEqual({
      stringList: { values: ['a'] },
    });
    expect(withOperator(criterion, byWords('in segment'))).toEqual({
      operator: 'IN_SEG',
      valueToMatch: { string: '' },
    });
  });

  it('conditions of the form know properties by how other rules read them', () => {
    const criteria = [{ propertyName: 'user.age', operator: 'PROP_LESS_THAN', valueToMatch: { int: '18' } }];
    const known = propertiesOf([{ rows: [{ values: [{ criteria }] }] }]);
    expect(known.get('user.age')).toBe('number');
  });
});

describe('the list of flags', () => {
  const now = Date.UTC(2026, 10, 29);
  const at = (key: string, minutes: number, more: Config = {}) => ({
    ...flag(key, true),
    key,
    id: `${(now - minutes * 60_000) * 1000}`,
    ...more,
  });
  const rows = rowsOfRuleset([
    at('shop.b', 5),
    at('shop.a', 120, { sendToClientSdk: true }),
    at('other', 60 * 24 * 40, { configType: 'CONFIG' }),
  ]);
  const keys = (filters: Parameters<typeof filtered>[1]) =>
    filtered(rows, filters, now).map(({ key }) => key);

  it('the list of flags is in the order of keys', () =>
    expect(keys({})).toEqual(['other', 'shop.a', 'shop.b']));

  it('the list of flags is filtered by each of its filters, and by all', () => {
    expect(keys({ q: 'SHOP b' })).toEqual(['shop.b']);
    expect(keys({ type: 'CONFIG' })).toEqual(['other']);
    expect(keys({ prefix: 'shop.' })).toEqual(['shop.a', 'shop.b']);
    expect(keys({ clients: 'yes' })).toEqual(['shop.a']);
    expect(keys({ clients: 'no', changed: 'hour' })).toEqual(['shop.b']);
    expect(keys({ changed: 'month' })).toEqual(['shop.a', 'shop.b']);
  });

  it('the list of flags offers the prefixes that several keys share', () =>
    expect(prefixesOf(rows)).toEqual(['shop.']));

  it('the list of flags has ages for ids of the store, and none for others', () => {
    expect(ageOf(changedAtOf({ id: `${(now - 300_000) * 1000}` }), now)).toBe('5 min ago');
    expect(ageOf(changedAtOf({ id: '12' }), now)).toBe('');
  });
});

describe('sample contexts', () => {
  it('sample contexts are read from a list, and from lines', () => {
    const samples = [{ email: 'a@b.com' }, {}];
    expect(readSamples(JSON.stringify(samples))).toEqual({ kind: 'samples', samples });
    expect(readSamples('{"email": "a@b.com"}\n\n{}')).toEqual({ kind: 'samples', samples });
    expect(readSamples('{\n  "email": "a@b.com"\n}')).toEqual({ kind: 'samples', samples: [samples[0]] });
  });

  it('sample contexts that cannot be read are refused with the line', () => {
    expect(readSamples('{}\n{"email": }')).toMatchObject({ reason: expect.stringContaining('Line 2') });
    expect(readSamples('[1]')).toMatchObject({ kind: 'unreadable' });
    expect(
      readSamples(
        `[${Array(MOST_SAMPLES + 1)
          .fill('{}')
          .join()}]`,
      ),
    ).toMatchObject({ reason: expect.stringContaining('At most 50') });
  });
});

describe('the state of delivery in the console', () => {
  const node = (id: string, directHolds: number) => ({ id, name: id, directHolds });
  const change = (version: string) => ({ environment: '1', version, at: '2026-11-29T12:00:00.000Z' });
  const snapshot = JSON.stringify({
    answeredBy: 'a',
    nodes: [node('a', 1), node('b', 1)],
    changes: [change('1')],
  });

  it('a difference replaces whole nodes and changes, and removes nodes that are gone', () => {
    const first = stateAfter(undefined, 'snapshot', snapshot);
    const difference = { nodes: [node('a', 2)], gone: ['b'], changes: [change('2')], error: 'no store' };
    expect(stateAfter(first, 'change', JSON.stringify(difference))).toEqual({
      answeredBy: 'a',
      nodes: [node('a', 2)],
      changes: [change('2'), change('1')],
      error: 'no store',
    });
  });

  it('an event of an unknown name leaves the state of delivery as it was', () => {
    const first = stateAfter(undefined, 'snapshot', snapshot);
    expect(stateAfter(first, 'later', '{}')).toBe(first);
  });

  it('a number of environments is in words of one and of several', () => {
    expect([1, 2, 1200].map(environmentsOf)).toEqual([
      '1 environment',
      '2 environments',
      '1,200 environments',
    ]);
  });
});
