import { describe, expect, it } from 'vitest';
import { Evaluator } from '../../src/evaluate/evaluator.js';
import { Evaluators } from '../../src/evaluate/evaluators.js';
import { encodeConfig } from '../../src/ruleset/codec.js';
import type { Config, ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { tombstone } from '../ruleset/arbitrary.js';
import { constant, ENVIRONMENT, evaluate, NOW, outcome, rule, rulesetOf, userWith } from './rulesets.js';

const isA: Criterion = {
  propertyName: 'user.x',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: ['a'] } },
};

const split: ConfigValue = {
  weightedValues: {
    weightedValues: [{ weight: 1, value: { string: 'split', name: 'one half' } }],
    hashByPropertyName: 'user.x',
  },
};

/** A config with an own row and a default row. */
const twoRows = (own: Criterion[], value: ConfigValue): Config => ({
  key: 'a',
  configType: 'CONFIG',
  valueType: 'STRING',
  rows: [
    { values: [{ value: { string: 'default' } }] },
    { projectEnvId: `${ENVIRONMENT}`, values: [{ criteria: own, value }] },
  ],
});

describe('reason of an evaluation', () => {
  it.each<[string, Config, string, object]>([
    [
      'STATIC when there are no rules',
      constant('STRING', { string: 'on' }),
      'a',
      { reason: 'STATIC', row: 0, conditional: 0, weighted: undefined },
    ],
    [
      'STATIC when the row of the environment has none',
      twoRows([], { string: 'own' }),
      'a',
      { reason: 'STATIC', row: 0, value: { value: 'own' } },
    ],
    [
      'TARGETING_MATCH when a rule applies',
      twoRows([isA], { string: 'own' }),
      'a',
      { reason: 'TARGETING_MATCH', row: 0, conditional: 0, value: { value: 'own' } },
    ],
    [
      'TARGETING_MATCH when the default row is left after a row in vain',
      twoRows([isA], { string: 'own' }),
      'b',
      { reason: 'TARGETING_MATCH', row: 1, conditional: 0, value: { value: 'default' } },
    ],
    [
      'TARGETING_MATCH when a value is left after rules in vain',
      rule('a', isA),
      'b',
      { reason: 'TARGETING_MATCH', row: 0, conditional: 1, value: { value: false } },
    ],
    [
      'SPLIT when weights decide, by what, and what the variant is called',
      constant('STRING', split),
      'a',
      { reason: 'SPLIT', weighted: 0, hashBy: 'user.x', name: 'one half' },
    ],
    [
      'SPLIT when weights decide behind a rule',
      twoRows([isA], split),
      'a',
      { reason: 'SPLIT', row: 0, conditional: 0, weighted: 0 },
    ],
  ])('%s', (_, config, x, expected) => {
    expect(evaluate([config], userWith(x))).toMatchObject({ kind: 'resolved', ...expected });
  });

  it('names the evaluated config', () => {
    const config = { ...rule('a'), configType: 'CONFIG', sendToClientSdk: true };
    expect(evaluate([rule('b'), config], new Map()).config).toEqual({
      key: 'a',
      id: 2n,
      type: 'CONFIG',
      valueType: 'BOOL',
      visible: true,
    });
  });
});

describe('evaluation without a value', () => {
  it.each<[string, Config[], string]>([
    ['of a key that no config has', [], 'missing'],
    ['of a config that is deleted', [tombstone('a')], 'missing'],
    ['of a schema', [{ ...constant('JSON', { schema: {} }), configType: 'SCHEMA' }], 'missing'],
    [
      'of a limit',
      [{ ...constant('LIMIT_DEFINITION', { limitDefinition: {} }), configType: 'LIMIT_DEFINITION' }],
      'missing',
    ],
    [
      'of a config of which no rule applies',
      [{ ...rule('a'), rows: [{ values: [{ criteria: [isA], value: { bool: true } }] }] }],
      'unmatched',
    ],
  ])('%s', (_, configs, why) => {
    expect(outcome(evaluate(configs, userWith('b')))).toBe(why);
  });

  it('reports a config with damaged bytes as unreadable and evaluates the others', () => {
    const good = encodeConfig({ ...rule('b'), id: '1' });
    const damaged = encodeConfig({ ...rule('a', isA), id: '2' });
    // The last byte is the end of the value, inside of a row; a length that leads beyond the
    // message.
    const bytes = damaged.bytes.slice();
    bytes[bytes.indexOf(0x2a, 4) + 3] = 0x7f;
    const ruleset = new Ruleset({
      environment: ENVIRONMENT,
      version: 2n,
      at: 0n,
      envelope: new Uint8Array(),
      configs: [good, { ...damaged, bytes }],
    });
    const evaluator = new Evaluator(ruleset);
    expect(outcome(evaluator.evaluate('a', new Map(), NOW))).toBe('unreadable');
    expect(outcome(evaluator.evaluate('b', new Map(), NOW))).toBe(true);
  });
});

describe('evaluateVisible', () => {
  it('evaluates all visible configs in order of keys, unresolved ones included', () => {
    const config = (key: string, more: Partial<Config>) => ({ ...rule(key), ...more });
    const ruleset = rulesetOf([
      config('d', { configType: 'LOG_LEVEL', valueType: 'LOG_LEVEL' }),
      config('ä', {}),
      config('B', {}),
      config('b', { configType: 'CONFIG', sendToClientSdk: true }),
      config('c', { configType: 'CONFIG' }),
      config('e', { configType: 'SEGMENT' }),
      tombstone('f'),
    ]);
    const evaluations = new Evaluator(ruleset).evaluateVisible(new Map(), NOW);
    expect(evaluations.map((each) => [each.config?.key, outcome(each)])).toEqual([
      ['B', true],
      ['b', true],
      ['d', 'unreadable'],
      ['ä', true],
    ]);
  });
});

describe('the level of a logger', () => {
  const level = (key: string, logLevel: string): Config => ({
    key,
    configType: 'LOG_LEVEL',
    valueType: 'LOG_LEVEL',
    rows: [{ values: [{ value: { logLevel } }] }],
  });
  const levelOf = (logger: string, ...configs: Config[]) =>
    new Evaluator(rulesetOf(configs)).logLevel(logger, new Map(), NOW);

  it.each([
    ['its own', 'a.b.c', 'DEBUG'],
    ['that of the name above', 'a.b.d', 'ERROR'],
    ['that of the name two above', 'a.c.d', 'TRACE'],
    ['that of all', 'b', 'FATAL'],
  ])(
    'the level of a logger takes the level of a logger from its longest configured name, then from log-level: %s',
    (_, logger, expected) => {
      const configs = [
        level('log-level', 'FATAL'),
        level('log-level.a', 'TRACE'),
        level('log-level.a.b', 'ERROR'),
        level('log-level.a.b.c', 'DEBUG'),
      ];
      expect(levelOf(logger, ...configs)).toBe(expected);
    },
  );

  it('the level of a logger uses level WARN without any config', () => {
    expect(levelOf('a.b')).toBe('WARN');
  });

  it('the level of a logger skips a config that has no level', () => {
    expect(levelOf('a', rule('log-level.a'), level('log-level', 'INFO'))).toBe('INFO');
  });
});

it('returns the same evaluator for the same ruleset', async () => {
  const evaluators = new Evaluators();
  const ruleset = rulesetOf([]);
  expect(await evaluators.of(ruleset)).toBe(await evaluators.of(ruleset));
  expect(await evaluators.of(ruleset)).not.toBe(await evaluators.of(rulesetOf([])));
});
