/**
 * Random contexts, and the words that random criteria look for in them. Each property holds what
 * the SDKs read alike when an operator of its kind looks at it; see random-criteria.ts.
 */
import fc from 'fast-check';
import type { Contexts, ContextValue } from '../../src/evaluate/contexts.js';
import type { ConfigValue, ContextSet } from '../../src/ruleset/model.js';

/** Contexts by type, as fast-check prints them. */
export type RandomContexts = Readonly<Partial<Record<string, Readonly<Record<string, ContextValue>>>>>;

/**
 * The properties that an operator of that kind may look at. The one without a dot is of the context
 * with the empty type.
 */
export const PROPERTIES = {
  text: ['user.email', 'team.name', 'region'],
  mixed: ['user.tag', 'team.labels'],
  ascii: ['device.model', 'user.code'],
  number: ['user.age', 'team.size'],
  /** The last one is the time of the evaluation, whatever contexts say. */
  date: ['user.created', 'team.since', 'prefab.current-time'],
  version: ['device.version', 'user.client'],
} as const;

const WORDS = [
  'alice@example.com',
  'bob@example.org',
  'Alice',
  'alice',
  'bob',
  'éva@exämple.com',
  'al',
  '日本語',
  '👍🏽',
];
/** Beginnings, ends and middles of words. */
const PIECES = ['al', 'alice', '@example', '.com', '.org', 'b', 'é', '本', '👍', 'x', 'A'];

/** Texts that sometimes equal the constant that they are compared with. */
export const word = fc.constantFrom(...WORDS);
export const piece = fc.constantFrom(...PIECES);
/** `e` only where no number comes of it: the node SDK takes a prerelease of `1e3` for a number. */
const PRERELEASES = ['alpha', 'beta', 'rc', 'rc1', 'x-1', 'A', '0', '1', '2', '10', '11'];

const text = fc.oneof(
  { weight: 8, arbitrary: word },
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
);

/**
 * No line breaks and nothing outside of ASCII: what `.`, `$` and a count of characters mean there
 * differs by SDK.
 */
const ascii = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', 'B', '1', '.', '-'), maxLength: 6 });

/**
 * Integers that every SDK reads: the node SDK takes those that need all 32 bits for negative ones,
 * and its mirror image too.
 */
export const integer = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -4, max: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 32,
      -(2 ** 32) - 1,
      17_018_962_363_976,
      2 ** 53 - 1,
    ),
  },
);
export const fraction = fc.constantFrom(-1.5, -0.5, 0.5, 1.5, 2.5, 1e-9, 123_456.789);

/**
 * Properties that weights hash. Present whenever there is a user: without them SDKs choose at
 * random.
 */
const HASHED: Readonly<Record<string, fc.Arbitrary<ContextValue>>> = {
  key: fc.oneof(fc.uuid(), text),
  id: integer,
  score: fraction,
};
export const HASHED_PROPERTIES = Object.keys(HASHED).map((name) => `user.${name}`);

const DAYS = [-3000, 400, 9_000, 19_000, 19_001, 19_002, 30_000];
/**
 * Whole seconds, milliseconds since 1970, far from the present and from integers that need all 32
 * bits.
 */
export const instant = fc
  .tuple(fc.constantFrom(...DAYS), fc.constantFrom(0, 1, 86_399))
  .map(([day, second]) => (day * 86_400 + second) * 1000);
/** Go reads no other form. */
export const dateText = instant.map((milliseconds) =>
  new Date(milliseconds).toISOString().replace('.000Z', 'Z'),
);

/** Few enough that some meet others that are equal, or are so but for what does not count. */
const FREQUENT = ['1.0.0', '1.0.0+5', '1.0.0-rc', '1.0.0-rc+x-y', '1.0.0-rc.1', '2.0.0'];
const part = fc.integer({ min: 0, max: 2 });
const anySemver = fc
  .tuple(
    part,
    part,
    part,
    fc.option(fc.array(fc.constantFrom(...PRERELEASES), { minLength: 1, maxLength: 3 }), { freq: 2 }),
    fc.option(fc.constantFrom('5', 'build.7', 'x-y'), { freq: 2 }),
  )
  .map(([major, minor, patch, prerelease, build]) =>
    [
      `${major}.${minor}.${patch}`,
      prerelease === null ? '' : `-${prerelease.join('.')}`,
      build === null ? '' : `+${build}`,
    ].join(''),
  );
export const semver = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...FREQUENT) },
  { weight: 1, arbitrary: anySemver },
);
const noSemver = fc.constantFrom(
  '',
  'v1.0.0',
  '1.0',
  '1.01.0',
  '1.0.0-01',
  '1.0.0-',
  '1.0.0+',
  ' 1.0.0',
  '1.0.0.0',
  'latest',
);

/**
 * Python writes booleans in another way, which matters to none of the words; lists hold when one of
 * their elements does.
 */
const mixed: fc.Arbitrary<ContextValue> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: fc.array(word, { maxLength: 3 }) },
  { weight: 1, arbitrary: integer },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fraction },
);
/** Strings are never numbers. */
const number: fc.Arbitrary<ContextValue> = fc.oneof(
  { weight: 6, arbitrary: integer },
  { weight: 3, arbitrary: fraction },
  { weight: 1, arbitrary: fc.constantFrom('2', '', 'many') },
);
const date: fc.Arbitrary<ContextValue> = fc.oneof(
  { weight: 4, arbitrary: instant },
  { weight: 4, arbitrary: dateText },
  { weight: 1, arbitrary: fc.constantFrom<ContextValue>('', 'soon', true) },
);
const version = fc.oneof({ weight: 8, arbitrary: semver }, { weight: 1, arbitrary: noSemver });

const byKind: Readonly<Record<keyof typeof PROPERTIES, fc.Arbitrary<ContextValue>>> = {
  text,
  mixed,
  ascii,
  number,
  date,
  version,
};

/** The properties of one type, each sometimes missing. */
function contextOf(type: string): fc.Arbitrary<Readonly<Record<string, ContextValue>>> {
  const model: Record<string, fc.Arbitrary<ContextValue>> = {};
  for (const [kind, paths] of Object.entries(PROPERTIES)) {
    for (const path of paths) {
      const [name = '', owner = ''] = path.split('.').reverse();
      if (owner === type) model[name] = byKind[kind as keyof typeof PROPERTIES];
    }
  }
  const hashed = type === 'user' ? HASHED : {};
  const requiredKeys = Object.keys(hashed);
  // A missing property has no member at all.
  return fc.record({ ...model, ...hashed }, { requiredKeys });
}

const types = Object.fromEntries(['user', 'team', 'device', ''].map((type) => [type, contextOf(type)]));

/** Each type is sometimes missing, now and then all of them. */
export const randomContexts: fc.Arbitrary<RandomContexts> = fc.oneof(
  { weight: 15, arbitrary: fc.record(types, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.constant({}) },
);

/**
 * A default context of an environment: few types, so that what the caller gives shows next to it.
 */
export const randomDefault: fc.Arbitrary<RandomContexts> = fc.record(
  { user: contextOf('user'), team: contextOf('team') },
  { requiredKeys: [] },
);

export function mapsOf(random: RandomContexts): Contexts {
  return new Map(
    Object.entries(random).map(([type, properties]) => [type, new Map(Object.entries(properties ?? {}))]),
  );
}

export function contextSetOf(random: RandomContexts): ContextSet {
  return {
    contexts: Object.entries(random).map(([type, properties]) => ({
      type,
      values: Object.fromEntries(
        Object.entries(properties ?? {}).map(([name, value]) => [name, configValue(value)]),
      ),
    })),
  };
}

function configValue(value: ContextValue): ConfigValue {
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'object') return { stringList: { values: [...value] } };
  return Number.isInteger(Number(value)) ? { int: `${value}` } : { double: Number(value) };
}
