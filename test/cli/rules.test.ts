/** Edits of rules and rollouts, and what the evaluator makes of them. */
import { describe, expect, it } from 'vitest';
import { withDefault, withValue } from '../../src/cli/commands/edit.js';
import { planRollout, readPercentage } from '../../src/cli/rollout.js';
import { addRules, listRules, moveRule, readConditions, removeRule } from '../../src/cli/rules.js';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import type { Config, ConfigValue } from '../../src/ruleset/model.js';
import { describeRule } from '../../src/words/configs.js';
import { committed } from '../evaluate/committed.js';
import { contextsOf } from '../evaluate/rulesets.js';

const ENVIRONMENT = '7';
const off = { value: { bool: false } };
const on = { bool: true };

function flag(...rows: NonNullable<Config['rows']>): Config {
  return { id: '9', key: 'f', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows };
}

function text(value: ConfigValue, key = 'greeting'): Config {
  return { key, configType: 'CONFIG', valueType: 'STRING', rows: [{ values: [{ value }] }] };
}

function add(config: Config, condition: string, value: ConfigValue = on, at?: number): Config {
  const added = readConditions([condition]).map((criteria) => ({ criteria, value }));
  return addRules(config, ENVIRONMENT, added, at);
}

function rollOut(config: Config, percentage: string, options: { by?: string; to?: string } = {}): Config {
  const { typed } = planRollout(config, ENVIRONMENT, { share: readPercentage(percentage), ...options });
  return withDefault(config, 'f', typed, { environment: ENVIRONMENT, allRules: false });
}

function textsOf(config: Config): string[] {
  return listRules(config, ENVIRONMENT).map((rule) => `${rule.number ?? '-'} ${rule.text}`);
}

const plain = flag({ projectEnvId: ENVIRONMENT, values: [off] });
const three = ['user.a is 1', 'user.b is 2', 'user.c is 3'].reduce(
  (config, each) => add(config, each),
  plain,
);

describe('edits of rules', () => {
  it('a rule that is added comes after the others and before the default, and at another place with a number', () => {
    const config = add(add(add(plain, 'user.a is 1'), 'user.b is 2'), 'user.c is 3', { bool: false }, 1);
    expect(textsOf(config)).toEqual([
      '1 when user.c is 3 then false',
      '2 when user.a is 1 then true',
      '3 when user.b is 2 then true',
      '- otherwise false',
    ]);
  });

  it('a rule that is moved takes the number, and those in between move up or down', () => {
    expect(textsOf(moveRule(three, ENVIRONMENT, 1, 3)).map((line) => line.slice(0, 13))).toEqual([
      '1 when user.b',
      '2 when user.c',
      '3 when user.a',
      '- otherwise f',
    ]);
    expect(textsOf(moveRule(three, ENVIRONMENT, 3, 1)).map((line) => line.slice(0, 13))).toEqual([
      '1 when user.c',
      '2 when user.a',
      '3 when user.b',
      '- otherwise f',
    ]);
    expect(moveRule(three, ENVIRONMENT, 2, 2).rows).toEqual(three.rows);
  });

  it('a rule that is removed leaves the others and the default', () => {
    expect(textsOf(removeRule(three, ENVIRONMENT, 2))).toEqual([
      '1 when user.a is 1 then true',
      '2 when user.c is 3 then true',
      '- otherwise false',
    ]);
  });

  it('several texts of conditions and several conditions in a text must all hold', () => {
    const rules = readConditions(['user.plan is pro and user.age > 18', 'in segment beta']);
    expect(rules.map((criteria) => describeRule({ criteria, value: on }))).toEqual([
      'when user.plan is pro and user.age > 18 and in segment beta then true',
    ]);
  });

  it('a comparison of versions with >= becomes the two rules that say the same', () => {
    expect(textsOf(add(plain, 'app.version >= 1.2.0'))).toEqual([
      '1 when app.version = 1.2.0 then true',
      '2 when app.version > 1.2.0 then true',
      '- otherwise false',
    ]);
  });

  it("an edit changes the environment's own row, else the default row as set does, and leaves the id and author out", () => {
    const config = { ...flag({ values: [off] }), changedBy: { email: 'a@example.com' } };
    const expected = [{ criteria: readConditions(['user.a is 1'])[0], value: on }, off];
    expect(add(config, 'user.a is 1')).toEqual({
      key: 'f',
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
      rows: [{ values: expected }],
    });
    const both = flag({ values: [off] }, { projectEnvId: ENVIRONMENT, values: [off] });
    expect(add(both, 'user.a is 1').rows).toEqual([
      { values: [off] },
      { projectEnvId: ENVIRONMENT, values: expected },
    ]);
    expect(add(flag({ projectEnvId: '8', values: [off] }), 'user.a is 1').rows).toEqual([
      { projectEnvId: '8', values: [off] },
      { projectEnvId: ENVIRONMENT, values: expected.slice(0, 1) },
    ]);
  });

  it('a list of rules says which ones are in the default row, and leaves out what is never tried', () => {
    const own = add(flag({ projectEnvId: ENVIRONMENT, values: [] }), 'user.a is 1').rows ?? [];
    const config = flag({ values: [off, { value: on }] }, ...own);
    expect(listRules(config, ENVIRONMENT)).toEqual([
      { number: 1, text: 'when user.a is 1 then true' },
      { text: 'otherwise false', isInDefaultRow: true },
    ]);
  });

  it.each([
    [
      'move',
      () => moveRule(three, ENVIRONMENT, 4, 1),
      'FROM must be from 1 to 3, and is 4: f has 3 rules (holdfast rule list f).',
    ],
    [
      'move',
      () => moveRule(three, ENVIRONMENT, 1, 0),
      'TO must be from 1 to 3, and is 0: f has 3 rules (holdfast rule list f).',
    ],
    [
      'remove',
      () => removeRule(three, ENVIRONMENT, 9),
      'NUMBER must be from 1 to 3, and is 9: f has 3 rules (holdfast rule list f).',
    ],
    ['remove', () => removeRule(plain, ENVIRONMENT, 1), 'f has no rules.'],
    [
      'add',
      () => add(three, 'user.d is 4', on, 5),
      '--at must be from 1 to 4, and is 5: f has 3 rules (holdfast rule list f).',
    ],
    ['add', () => add(plain, 'user.d is 4', on, 2), '--at must be 1, and is 2: f has no rules.'],
  ])('%s refuses a number that no rule has, and names the range', (_command, edit, message) => {
    expect(edit).toThrow(message);
  });

  it('remove refuses to leave a config without any value', () => {
    const config = add(flag({ projectEnvId: ENVIRONMENT, values: [] }), 'user.a is 1');
    expect(() => removeRule(config, ENVIRONMENT, 1)).toThrow(/would have no value without its only rule/);
  });
});

describe('rollouts', () => {
  const weightsOf = (config: Config) => config.rows?.[0]?.values?.at(-1)?.value?.weightedValues;

  it.each([
    ['25', [25, 75]],
    ['25%', [25, 75]],
    ['12.5', [1_250, 8_750]],
    ['0.01', [1, 9_999]],
    ['99.99 %', [9_999, 1]],
  ])('a rollout of %s has whole weights that add up to 100 percent', (percentage, weights) => {
    expect(weightsOf(rollOut(plain, percentage))).toEqual({
      weightedValues: [
        { weight: weights[0], value: on },
        { weight: weights[1], value: { bool: false } },
      ],
      hashByPropertyName: 'user.key',
    });
  });

  it.each(['101', '-1', '100.01', '1.234', 'half', '', '1e1'])('a rollout of %j is refused', (percentage) => {
    expect(() => readPercentage(percentage)).toThrow(/must be from 0 to 100, with at most 2 decimals/);
  });

  it('a rollout of 0 and of 100 is the plain value', () => {
    const started = rollOut(plain, '25');
    expect(textsOf(rollOut(started, '0'))).toEqual(['- always false']);
    expect(textsOf(rollOut(started, '100'))).toEqual(['- always true']);
  });

  it('a rollout keeps the property of the one before unless it is given another', () => {
    const byTeam = rollOut(plain, '10', { by: 'team.key' });
    expect(weightsOf(rollOut(byTeam, '20'))?.hashByPropertyName).toBe('team.key');
    expect(weightsOf(rollOut(byTeam, '20', { by: 'user.id' }))?.hashByPropertyName).toBe('user.id');
  });

  it('a rollout of another type gives the rest the present value, and later the same one', () => {
    const config = rollOut(text({ string: 'Hello' }), '10', { to: 'Hi' });
    expect(textsOf(config)).toEqual(['- always 10 % "Hi", 90 % "Hello" by user.key']);
    expect(textsOf(rollOut(config, '60', { to: 'Hi' }))).toEqual([
      '- always 60 % "Hi", 40 % "Hello" by user.key',
    ]);
  });

  it.each([
    [text({ string: 'Hello' }), undefined, /greeting is of type string, so that --to must say/],
    [text({ string: 'Hello' }), 'Hello', /greeting is "Hello" already, so that the rest has no other value/],
    [{ ...text({}), rows: [] }, 'Hello', /greeting has no default, so that the rest/],
    [
      text({
        weightedValues: {
          weightedValues: ['a', 'b', 'c'].map((string) => ({ weight: 1, value: { string } })),
        },
      }),
      'a',
      /divided between several values next to that one: "b", "c"/,
    ],
  ])('a rollout is refused while it is not clear which values are meant: %#', (config, to, message) => {
    expect(() => rollOut(config, '10', to === undefined ? {} : { to })).toThrow(message);
  });

  it('set KEY 10% does what a rollout of 10 does, for flags only', () => {
    const set = (present: Config | undefined, type?: string) =>
      withValue(present, 'f', '10%', { environment: ENVIRONMENT, allRules: false, type });
    expect(set(three).rows).toEqual(rollOut(three, '10').rows);
    expect(set(undefined, 'bool')).toMatchObject({ configType: 'FEATURE_FLAG', valueType: 'BOOL' });
    expect(set(text({ string: 'Hello' })).rows?.[0]?.values).toEqual([{ value: { string: '10%' } }]);
    expect(() => set(undefined)).toThrow(/looks like the share of a rollout; add --type bool/);
  });
});

describe('rules and rollouts as clients evaluate them', () => {
  const users = Array.from({ length: 4_000 }, (_, i) => `user-${i}`);

  /** The users for whom the flag is true. */
  function usersOf(config: Config, more: Record<string, string> = {}): Set<string> {
    const evaluator = new Evaluator(committed(7n, [config]));
    const options = { now: 1_760_000_000_000, random: () => 0.999 };
    return new Set(
      users.filter((key) => {
        const evaluation = evaluator.evaluate('f', contextsOf({ user: { key, ...more } }), options);
        return evaluation.kind === 'resolved' && evaluation.value.kind === 'bool' && evaluation.value.value;
      }),
    );
  }

  it('a rule before a rollout wins over it, and where no rule matches the rollout decides', () => {
    const config = add(rollOut(plain, '25'), 'user.email ends with @acme.com');
    expect(usersOf(config, { email: 'a@acme.com' }).size).toBe(users.length);
    const share = usersOf(config, { email: 'a@example.com' }).size / users.length;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.28);
    const never = add(rollOut(plain, '100'), 'user.email ends with @acme.com', { bool: false });
    expect(usersOf(never, { email: 'a@acme.com' }).size).toBe(0);
  });

  it('the first of two rules that match decides, so that moving one changes the value', () => {
    const config = add(add(plain, 'user.plan is pro'), 'user.email ends with @acme.com', { bool: false });
    const both = { plan: 'pro', email: 'a@acme.com' };
    expect(usersOf(config, both).size).toBe(users.length);
    expect(usersOf(moveRule(config, ENVIRONMENT, 2, 1), both).size).toBe(0);
  });

  it('a larger share contains the smaller one, in whichever order the present rollout has its values', () => {
    const falseFirst: ConfigValue = {
      weightedValues: {
        weightedValues: [
          { weight: 90, value: { bool: false } },
          { weight: 10, value: { bool: true } },
        ],
        hashByPropertyName: 'user.key',
      },
    };
    for (const start of [rollOut(plain, '10'), flag({ values: [{ value: falseFirst }] })]) {
      const [small, large] = [usersOf(start), usersOf(rollOut(start, '33.33'))];
      expect(small.size).toBeGreaterThan(300);
      expect([...small].filter((user) => !large.has(user))).toEqual([]);
      expect(large.size).toBeGreaterThan(small.size);
    }
  });
});
