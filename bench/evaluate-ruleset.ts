/**
 * 1,000 flags as a product of some years has them, and people to evaluate them for. The same each
 * time, so that runs can be compared.
 *
 * Per flag one to five rules of one to three criteria and then a value for everyone; a third of the
 * flags end in a percentage rollout, a third of the rules ask for one of twelve segments. Most
 * flags are boolean.
 */
import type { Contexts, ContextValue } from '../src/evaluate/contexts.js';
import type { ConditionalValue, Config, ConfigValue, Criterion } from '../src/ruleset/model.js';

export const FLAGS = 1_000;
const SEGMENTS = 12;

const COUNTRIES = ['us', 'gb', 'de', 'fr', 'jp', 'br', 'in', 'ca'];
const PLANS = ['free', 'starter', 'team', 'enterprise'];
const DOMAINS = ['example.com', 'example.org', 'mail.example.net', 'internal.example'];
const SYSTEMS = ['ios', 'android', 'web'];
const YEAR = 365 * 86_400_000;
/** When the youngest account was created. */
const NOW = Date.UTC(2026, 0, 1);

/** Numbers from 0 (inclusive) to 1 (exclusive) that are the same in each run (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

/** The segments and the flags. */
export function realisticConfigs(): Config[] {
  const dice = new Dice(1);
  const segments = Array.from({ length: SEGMENTS }, (_, index) => segment(index, dice));
  const flags = Array.from({ length: FLAGS }, (_, index) => flag(index, dice));
  return [...segments, ...flags];
}

/** A version of one flag that differs from all others. */
export function changedFlag(change: number): Config {
  return { ...flag(change % FLAGS, new Dice(1_000 + change)) };
}

export function people(count: number): Contexts[] {
  const dice = new Dice(2);
  return Array.from({ length: count }, (_, index) => person(index, dice));
}

function person(index: number, dice: Dice): Contexts {
  const user: [string, ContextValue][] = [
    ['key', `user-${index}-${dice.below(1e9).toString(36)}`],
    ['email', `person.${index}@${dice.oneOf(DOMAINS)}`],
    ['country', dice.oneOf(COUNTRIES)],
    ['age', 16 + dice.below(60)],
    ['created', NOW - dice.below(6) * YEAR - dice.below(YEAR)],
    ['beta', dice.next() < 0.1],
  ];
  const team: [string, ContextValue][] = [
    ['key', `team-${dice.below(500)}`],
    ['plan', dice.oneOf(PLANS)],
    ['size', 1 + dice.below(200)],
  ];
  const device: [string, ContextValue][] = [
    ['os', dice.oneOf(SYSTEMS)],
    ['version', `${1 + dice.below(4)}.${dice.below(20)}.${dice.below(10)}`],
  ];
  return new Map([
    ['user', new Map(user)],
    ['team', new Map(team)],
    ['device', new Map(device)],
  ]);
}

function segment(index: number, dice: Dice): Config {
  const { criteria, value } = rule({ bool: true }, dice, index);
  return {
    key: segmentKey(index),
    configType: 'SEGMENT',
    valueType: 'BOOL',
    rows: [{ values: [{ criteria, value }, { value: { bool: false } }] }],
  };
}

function segmentKey(index: number): string {
  return `segment.${index}`;
}

function flag(index: number, dice: Dice): Config {
  const { valueType, value } = kindOf(dice);
  const rules = Array.from({ length: 1 + dice.below(5) }, () => rule(value(), dice, SEGMENTS));
  const otherwise = dice.next() < 1 / 3 ? rollout(value, dice) : value();
  return {
    key: `product.area-${index % 25}.flag-${index}`,
    configType: 'FEATURE_FLAG',
    valueType,
    rows: [{ values: [...rules, { value: otherwise }] }],
  };
}

function kindOf(dice: Dice): { valueType: string; value: () => ConfigValue } {
  const sort = dice.next();
  if (sort < 0.7) return { valueType: 'BOOL', value: () => ({ bool: dice.next() < 0.5 }) };
  if (sort < 0.8) return { valueType: 'STRING', value: () => ({ string: `variant-${dice.below(5)}` }) };
  if (sort < 0.9) return { valueType: 'INT', value: () => ({ int: `${dice.below(1000)}` }) };
  if (sort < 0.94) return { valueType: 'DOUBLE', value: () => ({ double: dice.below(100) / 8 }) };
  if (sort < 0.97)
    return { valueType: 'DURATION', value: () => ({ duration: { definition: `PT${dice.below(90)}S` } }) };
  return {
    valueType: 'JSON',
    value: () => ({ json: { json: JSON.stringify({ limit: dice.below(10), tags: ['a', 'b'] }) } }),
  };
}

function rollout(value: () => ConfigValue, dice: Dice): ConfigValue {
  const percent = 1 + dice.below(99);
  const weightedValues = [
    { weight: percent, value: value() },
    { weight: 100 - percent, value: value() },
  ];
  return { weightedValues: { weightedValues, hashByPropertyName: dice.oneOf(['user.key', 'team.key']) } };
}

/** @param segments the number of segments that may be asked for */
function rule(value: ConfigValue, dice: Dice, segments: number): Required<ConditionalValue> {
  const count = dice.oneOf([1, 1, 1, 2, 2, 3]);
  const criteria = Array.from({ length: count }, () => criterion(dice));
  if (segments > 0 && dice.next() < 1 / 3) {
    const operator = dice.next() < 0.8 ? 'IN_SEG' : 'NOT_IN_SEG';
    criteria[0] = { operator, valueToMatch: { string: segmentKey(dice.below(segments)) } };
  }
  return { criteria, value };
}

function listOf(values: readonly string[]): ConfigValue {
  return { stringList: { values: [...values] } };
}

function named(prefix: string, many: number, of: number, dice: Dice): ConfigValue {
  return listOf(Array.from({ length: 1 + dice.below(many) }, () => `${prefix}-${dice.below(of)}`));
}

/** The sorts of criteria: the number among 100 criteria, and a function that makes one. */
const SORTS: readonly (readonly [number, (dice: Dice) => Criterion])[] = [
  [10, (dice) => prop('user.key', 'PROP_IS_ONE_OF', named('user', 50, 2_000, dice))],
  [10, (dice) => prop('team.key', 'PROP_IS_ONE_OF', named('team', 20, 500, dice))],
  [
    10,
    (dice) =>
      prop('user.country', 'PROP_IS_ONE_OF', listOf(COUNTRIES.slice(dice.below(4), 4 + dice.below(5)))),
  ],
  [
    5,
    (dice) =>
      prop('user.country', 'PROP_IS_NOT_ONE_OF', listOf(COUNTRIES.slice(dice.below(4), 4 + dice.below(5)))),
  ],
  [10, (dice) => prop('team.plan', 'PROP_IS_ONE_OF', listOf(PLANS.slice(dice.below(4))))],
  [5, (dice) => prop('device.os', 'PROP_IS_ONE_OF', listOf(SYSTEMS.slice(dice.below(3))))],
  [5, () => prop('user.beta', 'PROP_IS_ONE_OF', listOf(['true']))],
  [
    12,
    (dice) =>
      prop('user.email', 'PROP_ENDS_WITH_ONE_OF', listOf([`@${dice.oneOf(DOMAINS)}`, '@partner.example'])),
  ],
  [3, (dice) => prop('user.email', 'PROP_CONTAINS_ONE_OF', listOf(['+test', `.${dice.below(100)}@`]))],
  [3, (dice) => prop('user.key', 'PROP_STARTS_WITH_ONE_OF', listOf([`user-${dice.below(100)}`]))],
  [6, (dice) => prop('user.age', 'PROP_GREATER_THAN_OR_EQUAL', { int: `${18 + dice.below(40)}` })],
  [6, (dice) => prop('team.size', 'PROP_LESS_THAN', { int: `${10 + dice.below(150)}` })],
  [
    8,
    (dice) =>
      prop('device.version', 'PROP_SEMVER_GREATER_THAN', {
        string: `${1 + dice.below(4)}.${dice.below(20)}.0`,
      }),
  ],
  [4, (dice) => prop('user.created', 'PROP_BEFORE', { int: `${NOW - dice.below(6) * YEAR}` })],
  [
    3,
    (dice) =>
      prop('user.email', 'PROP_MATCHES', { string: `^person\\.\\d*[${dice.below(5)}-9]@.*\\.(com|org)$` }),
  ],
];

function criterion(dice: Dice): Criterion {
  let left = dice.below(100);
  for (const [share, make] of SORTS) {
    if (left < share) return make(dice);
    left -= share;
  }
  throw new Error('the shares must add up to 100');
}

function prop(propertyName: string, operator: string, valueToMatch: ConfigValue): Criterion {
  return { propertyName, operator, valueToMatch };
}
