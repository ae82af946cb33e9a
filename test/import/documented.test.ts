/**
 * Conversions evaluated against what the documentation of the source says each context gets. A
 * context that gets another value here must be in the list of those that the conversion warns of.
 */
import { describe, expect, it } from 'vitest';
import { convertFlags } from '../../src/import/convert.js';
import { evaluationOf, findingsOf, leftOut, shareOf } from './evaluation.js';
import { EVALUATORS, FLAGD, FLAGD_LEFT_OUT, type Example } from './flagd-examples.js';
import { GO_FEATURE_FLAG, GO_FEATURE_FLAG_LEFT_OUT } from './go-feature-flag-examples.js';

/** Compares a conversion with the rows of its flag, and its warnings with those that differ. */
function compare(
  key: string,
  { rows, different = [] }: Example,
  conversion: ReturnType<typeof convertFlags>,
) {
  expect(conversion.configs.map((config) => config.key)).toEqual([key]);
  const evaluate = evaluationOf(conversion);
  for (const [context, value] of rows) expect([context, evaluate(key, context)]).toEqual([context, value]);
  for (const [context, value] of different)
    expect([context, evaluate(key, context)]).not.toEqual([context, value]);
  if (different.length > 0) expect(findingsOf(conversion)).toContain(`${key} differs`);
}

const flagd = (key: string, flag: unknown) =>
  convertFlags('flagd', JSON.stringify({ flags: { [key]: flag }, $evaluators: EVALUATORS }));

const goFeatureFlag = (key: string, flag: unknown) =>
  convertFlags('go-feature-flag', JSON.stringify({ [key]: flag }));

describe('flagd: documented evaluations', () => {
  it.each(Object.entries(FLAGD))(
    'the flag %s of flagd gives every context the documented value, or the conversion warns',
    (key, example) => compare(key, example, flagd(key, example.flag)),
  );

  it.each(Object.entries(FLAGD_LEFT_OUT))(
    'the flag %s of flagd has no form here, and the conversion says why',
    (key, [flag, reason]) => expect(leftOut(flagd(key, flag), key)).toContain(reason),
  );

  it('shares of fractional by e-mail address keep the documented size, and are said to move', () => {
    const variants = { red: '#FF0000', blue: '#0000FF', green: '#00FF00' };
    const by = { cat: [{ var: '$flagd.flagKey' }, { var: 'email' }] };
    const targeting = { fractional: [by, ['red', 50], ['blue', 20], ['green', 30]] };
    const flag = { state: 'ENABLED', variants, defaultVariant: 'red', targeting };
    const conversion = flagd('headerColor', flag);
    expect(findingsOf(conversion)).toEqual(['headerColor moves']);
    const evaluate = evaluationOf(conversion);
    const values = Array.from({ length: 2_000 }, (_, i) => evaluate('headerColor', { email: `u${i}@x.com` }));
    const share = (value: string): number => values.filter((each) => each === value).length / values.length;
    expect(
      [share('#FF0000'), share('#0000FF'), share('#00FF00')].map((each) => Math.round(each * 10)),
    ).toEqual([5, 2, 3]);
  });
});

describe('go-feature-flag: documented evaluations', () => {
  it.each(Object.entries(GO_FEATURE_FLAG))(
    'the flag %s of go-feature-flag gives every context the documented value, or the conversion warns',
    (key, example) => compare(key, example, goFeatureFlag(key, example.flag)),
  );

  it.each(Object.entries(GO_FEATURE_FLAG_LEFT_OUT))(
    'the flag %s of go-feature-flag has no form here, and the conversion says why',
    (key, [flag, reason]) => expect(leftOut(goFeatureFlag(key, flag), key)).toContain(reason),
  );

  it('percentages that do not add up to 100 are shares of their sum, as documented', () => {
    const flag = {
      variations: { variation1: 'one', variation2: 'two' },
      defaultRule: { percentage: { variation1: 10, variation2: 50 } },
    };
    const conversion = goFeatureFlag('a', flag);
    expect(findingsOf(conversion)).toEqual(['a moves']);
    expect(shareOf(evaluationOf(conversion), 'a', 'one')).toBeCloseTo(1 / 6, 1);
  });
});
