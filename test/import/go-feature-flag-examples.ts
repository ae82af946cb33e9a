/**
 * Flags and evaluations after go-feature-flag's documentation
 * (https://gofeatureflag.org/docs/configure_flag/) and that of its query language
 * (https://github.com/nikunjy/rules). A row is a context and the value that go-feature-flag gives.
 */
import type { Example } from './flagd-examples.js';

const levels = { low: 'whisper', medium: 'talk', high: 'scream' };
const enabled = { enabled: true, disabled: false };

/** A flag that is enabled for those whom a query holds for. */
const when = (query: unknown): Example['flag'] => ({
  variations: enabled,
  targeting: [{ query, variation: 'enabled' }],
  defaultRule: { variation: 'disabled' },
});

/** Examples by the key of their flag. */
export const GO_FEATURE_FLAG: Readonly<Record<string, Example>> = {
  'display-banner': {
    flag: { variations: enabled, defaultRule: { variation: 'disabled' } },
    rows: [[{ key: 'any' }, false]],
  },
  'scream-level-feature': {
    flag: {
      variations: levels,
      targeting: [
        { query: 'targetingKey eq "12345"', variation: 'high' },
        { query: 'targetingKey eq "678910"', variation: 'medium' },
      ],
      defaultRule: { variation: 'low' },
    },
    rows: [
      [{ key: '12345' }, 'scream'],
      [{ key: '678910' }, 'talk'],
      [{ key: '1' }, 'whisper'],
    ],
  },
  'by-environment': {
    flag: {
      variations: { A: 'A', B: 'B', C: 'C' },
      targeting: [
        { name: 'Target pre environment', query: 'env eq "pre"', variation: 'A' },
        { name: 'Target pro environment', query: 'env eq "pro"', variation: 'B' },
      ],
      defaultRule: { variation: 'C' },
    },
    rows: [
      [{ env: 'pre' }, 'A'],
      [{ env: 'pro' }, 'B'],
      [{}, 'C'],
    ],
    different: [[{ env: 'PRO' }, 'B']],
  },
  'specific-user': {
    flag: when('key eq "example@example.com"'),
    rows: [
      [{ key: 'example@example.com' }, true],
      [{ key: 'other@example.com' }, false],
    ],
    different: [[{ key: 'Example@example.com' }, true]],
  },
  identified: {
    flag: when('anonymous ne true'),
    rows: [
      [{ anonymous: true }, false],
      [{ anonymous: false }, true],
      [{}, true],
    ],
  },
  'not-anonymous': {
    flag: when('anonymous eq false'),
    rows: [
      [{ anonymous: true }, false],
      [{ anonymous: false }, true],
      [{}, true],
    ],
  },
  'by-version': {
    flag: when('version gt 0.4.0-beta.1'),
    rows: [
      [{ version: '0.4.0' }, true],
      [{ version: '0.4.0-beta.0' }, false],
      [{}, false],
    ],
  },
  'not-a-version': {
    flag: when('x ne 1.0.0'),
    rows: [
      [{ x: '1.1.0' }, true],
      [{ x: '1.0.0' }, false],
      [{ x: '1.0.0.' }, false],
      [{ x: 2.3 }, false],
      [{}, false],
    ],
  },
  'several-criteria': {
    flag: when(
      '(key ew "@test.com") and (role eq "backend engineer") and (env eq "pro") and (company eq "go-feature-flag")',
    ),
    rows: [
      [{ key: 'a@test.com', role: 'backend engineer', env: 'pro', company: 'go-feature-flag' }, true],
      [{ key: 'a@test.com', role: 'backend engineer', env: 'pre', company: 'go-feature-flag' }, false],
      [{ key: 'a@example.com', role: 'backend engineer', env: 'pro', company: 'go-feature-flag' }, false],
    ],
  },
  'by-json-logic': {
    flag: when('{"and": [{"==": [{"var": "role"}, "backend engineer"]}, {"==": [{"var": "env"}, "pro"]}]}'),
    rows: [
      [{ role: 'backend engineer', env: 'pro' }, true],
      [{ role: 'backend engineer', env: 'pre' }, false],
    ],
  },
  'or-before-and': {
    flag: when('a eq "1x" or b eq "1x" and c eq "1x"'),
    // Read from left to right: (a or b) and c.
    rows: [
      [{ a: '1x' }, false],
      [{ a: '1x', c: '1x' }, true],
      [{ b: '1x', c: '1x' }, true],
    ],
  },
  'and-before-or': {
    flag: when('(x eq 1 and y gt 1) and z eq 3 or a gt 4'),
    rows: [
      [{ x: 1, y: 2, z: 3 }, true],
      [{ a: 5 }, true],
      [{ x: 1, y: 2, z: 4 }, false],
    ],
    different: [[{ x: '1', y: 2, z: 3 }, false]],
  },
  'not-of-a-size': {
    flag: when('x < 2 and (y > 4 or z == true)'),
    rows: [
      [{ x: 1, z: true }, true],
      [{ x: 1, y: 4 }, false],
    ],
  },
  'not-equal': {
    flag: when('plan ne "free"'),
    rows: [
      [{ plan: 'pro' }, true],
      [{ plan: 'free' }, false],
    ],
    different: [[{}, false]],
  },
  'in-a-list': {
    flag: when('plan in ["pro", "team"]'),
    rows: [
      [{ plan: 'team' }, true],
      [{ plan: 'Team' }, false],
      [{}, false],
    ],
  },
  'larger-than': {
    flag: when('age gt 18'),
    rows: [
      [{ age: 19 }, true],
      [{ age: 18 }, false],
      [{ age: '19' }, false],
      [{}, false],
    ],
    different: [[{ age: 18.5 }, false]],
  },
  'number-or-text': {
    flag: when('n eq "5"'),
    rows: [[{ n: '5' }, true]],
    different: [[{ n: 5 }, false]],
  },
  'disabled-rule': {
    flag: {
      variations: enabled,
      targeting: [{ query: 'key eq "a"', variation: 'enabled', disable: true }],
      defaultRule: { variation: 'disabled' },
    },
    rows: [[{ key: 'a' }, false]],
  },
  'percentage-before-variation': {
    flag: {
      variations: enabled,
      defaultRule: { variation: 'disabled', percentage: { enabled: 100, disabled: 0 } },
    },
    rows: [[{ key: 'a' }, true]],
  },
  'percentage-in-a-rule': {
    flag: {
      variations: enabled,
      targeting: [{ query: 'admin eq true', percentage: { disabled: 0, enabled: 50 } }],
      defaultRule: { variation: 'disabled' },
    },
    rows: [
      [{ key: 'u', admin: true }, true],
      [{ key: 'u', admin: false }, false],
    ],
  },
  'bucketing-key': {
    flag: { variations: enabled, bucketingKey: 'teamId', defaultRule: { percentage: { enabled: 100 } } },
    rows: [[{ key: 'u', teamId: 't' }, true]],
    different: [[{ key: 'u' }, 'CODE']],
  },
};

const dates = {
  initial: { variation: 'low', date: '2024-01-01T05:00:00.100Z' },
  end: { variation: 'high', date: '2024-01-05T05:00:00.100Z' },
};

/** Flags that have no form here, with a part of the reason given. */
export const GO_FEATURE_FLAG_LEFT_OUT: Readonly<Record<string, readonly [Example['flag'], string]>> = {
  'progressive-flag': [
    { variations: levels, defaultRule: { progressiveRollout: dates } },
    'progressiveRollout',
  ],
  'progressive-in-a-rule': [
    {
      variations: levels,
      targeting: [{ query: 'a eq "b"', progressiveRollout: dates, variation: 'low' }],
      defaultRule: { variation: 'low' },
    },
    'progressiveRollout',
  ],
  'scheduled-flag': [
    {
      variations: levels,
      defaultRule: { percentage: { low: 100, high: 0 } },
      scheduledRollout: [
        {
          date: '2020-04-10T00:00:00.1+02:00',
          targeting: [{ name: 'rule1', query: 'beta eq "true"', percentage: { low: 0, high: 100 } }],
        },
      ],
    },
    'scheduledRollout',
  ],
  'experimentation-flag': [
    {
      variations: enabled,
      defaultRule: { percentage: { enabled: 50, disabled: 50 } },
      experimentation: { start: '2021-03-20T00:00:00.1-05:00', end: '2021-03-21T00:00:00.1-05:00' },
    },
    'experimentation',
  ],
  'disabled-flag': [
    { variations: enabled, defaultRule: { variation: 'enabled' }, disable: true },
    'disabled',
  ],
  'no-default-rule': [{ variations: enabled }, 'defaultRule is no object'],
  'no-outcome': [{ variations: enabled, defaultRule: {} }, 'the variation of a rule is no text'],
  present: [when('email pr'), 'is present'],
  'ends-with-in-json-logic': [when('{"endsWith": [{"var": "ids"}, "@test.com"]}'), 'endsWith has no form'],
  'operation-of-flagd': [when('{"ends_with": [{"var": "ids"}, "@test.com"]}'), 'ends_with has no form'],
  'rule-with-disabled': [
    {
      variations: enabled,
      targeting: [{ query: 'a eq "b"', variation: 'enabled', disabled: true }],
      defaultRule: { variation: 'disabled' },
    },
    'write "disable"',
  ],
};
