/**
 * Flags and evaluations after flagd's documentation (https://flagd.dev/reference/) and the
 * evaluations that its providers are tested with. A row is a context and the value that flagd
 * gives.
 */
import type { ContextValue } from '../../src/evaluate/contexts.js';

/** A flag, and contexts with the value that each gets. */
export interface Example {
  readonly flag: Readonly<Record<string, unknown>>;
  readonly rows: readonly (readonly [Readonly<Record<string, ContextValue>>, unknown])[];
  /**
   * Marks of the context that flagd treats in a way that has no form here: the conversion says so,
   * and rows that have it are in `different`.
   */
  readonly different?: Example['rows'];
}

const email = { var: 'email' };
const on = { on: true, off: false };
const colours = { red: '#FF0000', blue: '#0000FF', green: '#00FF00' };
const shorthand = { true: 'yes', false: 'no' };

/** A flag that is on or off by a condition. */
const when = (condition: unknown): Example['flag'] => ({
  state: 'ENABLED',
  variants: on,
  defaultVariant: 'off',
  targeting: { if: [condition, 'on'] },
});

/** Shared parts, as `$evaluators` of the file. */
export const EVALUATORS = {
  emailWithFaas: { in: ['@faas.com', { var: ['email'] }] },
  isBallmer: { '==': ['ballmer@macrosoft.com', { var: ['email'] }] },
};

/** Examples by the key of their flag. */
export const FLAGD: Readonly<Record<string, Example>> = {
  'new-welcome-banner': {
    flag: {
      state: 'ENABLED',
      variants: on,
      defaultVariant: 'off',
      targeting: { if: [{ ends_with: [email, '@example.com'] }, 'on', 'off'] },
      metadata: { version: '17' },
    },
    rows: [
      [{ email: 'user@example.com' }, true],
      [{ email: 'user@example.org' }, false],
      [{}, false],
    ],
  },
  'static-number': {
    flag: { state: 'ENABLED', variants: { '1': 1, '2': 2 }, defaultVariant: '1', targeting: {} },
    rows: [[{}, 1]],
  },
  'static-object': {
    flag: {
      state: 'ENABLED',
      variants: { empty: {}, template: { showImages: true, imagesPerPage: 100 } },
      defaultVariant: 'template',
    },
    rows: [[{}, { showImages: true, imagesPerPage: 100 }]],
  },
  'empty-text': {
    flag: { state: 'ENABLED', variants: { zero: '', 'non-zero': 'str' }, defaultVariant: 'zero' },
    rows: [[{}, '']],
  },
  'zero-by-target': {
    flag: {
      state: 'ENABLED',
      variants: { zero: 0, 'non-zero': 1 },
      defaultVariant: 'non-zero',
      targeting: { if: [{ $ref: 'isBallmer' }, 'zero'] },
    },
    rows: [
      [{ email: 'ballmer@macrosoft.com' }, 0],
      [{ email: 'ballmer@none.com' }, 1],
    ],
  },
  'header-color-starts-with': {
    flag: {
      state: 'ENABLED',
      variants: colours,
      defaultVariant: 'blue',
      targeting: { if: [{ starts_with: [email, 'user@faas'] }, 'red', 'green'] },
    },
    rows: [
      [{ email: 'user@faas.com' }, '#FF0000'],
      [{ email: 'foo@bar.com' }, '#00FF00'],
      [{}, '#00FF00'],
    ],
  },
  'header-color-ends-with': {
    flag: {
      state: 'ENABLED',
      variants: colours,
      defaultVariant: 'blue',
      targeting: { if: [{ ends_with: [email, 'faas.com'] }, 'red', 'green'] },
    },
    rows: [
      [{ email: 'user@faas.com' }, '#FF0000'],
      [{ email: 'foo@bar.com' }, '#00FF00'],
    ],
  },
  'header-color-version': {
    flag: {
      state: 'ENABLED',
      variants: colours,
      defaultVariant: 'blue',
      targeting: { if: [{ sem_ver: [{ var: 'version' }, '>=', '1.0.0'] }, 'red', 'green'] },
    },
    rows: [
      [{ version: '1.0.1' }, '#FF0000'],
      [{ version: '1.0.0' }, '#FF0000'],
      [{ version: '0.1.0' }, '#00FF00'],
      [{ version: '1.0.0-alpha' }, '#00FF00'],
      [{ version: 'not-a-version' }, '#00FF00'],
      [{}, '#00FF00'],
    ],
    different: [
      [{ version: 'v1.2.0' }, '#FF0000'],
      [{ version: '1.2' }, '#FF0000'],
    ],
  },
  'version-compared': {
    flag: {
      state: 'ENABLED',
      variants: { equal: 'equal', greater: 'greater', lesser: 'lesser', none: 'none' },
      defaultVariant: 'none',
      targeting: {
        if: [
          { sem_ver: [{ var: 'version' }, '=', '2.0.0'] },
          'equal',
          {
            if: [
              { sem_ver: [{ var: 'version' }, '>', '2.0.0'] },
              'greater',
              { if: [{ sem_ver: [{ var: 'version' }, '<', '2.0.0'] }, 'lesser', 'none'] },
            ],
          },
        ],
      },
    },
    rows: [
      [{ version: '2.0.0' }, 'equal'],
      [{ version: '2.1.0' }, 'greater'],
      [{ version: '1.9.0' }, 'lesser'],
      [{ version: '2.0.0-alpha' }, 'lesser'],
      [{ version: '2.0.0.0' }, 'none'],
    ],
  },
  'version-range': {
    flag: {
      state: 'ENABLED',
      variants: { minor: 'minor', major: 'major', none: 'none' },
      defaultVariant: 'none',
      targeting: {
        if: [
          { sem_ver: [{ var: 'version' }, '~', '3.0.0'] },
          'minor',
          { sem_ver: [{ var: 'version' }, '^', '3.0.0'] },
          'major',
          'none',
        ],
      },
    },
    rows: [
      [{ version: '3.0.1' }, 'minor'],
      [{ version: '3.1.0' }, 'major'],
      [{ version: '4.0.0' }, 'none'],
    ],
  },
  'version-with-v': {
    flag: when({ sem_ver: [{ var: 'version' }, '=', 'v1.0.0'] }),
    rows: [
      [{ version: '1.0.0' }, true],
      [{ version: '2.0.0' }, false],
    ],
    different: [[{ version: 'V1.0.0' }, true]],
  },
  'version-in-part': {
    flag: when({ sem_ver: [{ var: 'version' }, '^', '1'] }),
    rows: [
      [{ version: '1.5.0' }, true],
      [{ version: '1.0.0' }, true],
      [{ version: '2.0.0' }, false],
    ],
    different: [
      [{ version: '1' }, true],
      [{ version: 1 }, true],
    ],
  },
  'version-with-build': {
    flag: when({ sem_ver: [{ var: 'version' }, '=', '1.0.0+build'] }),
    rows: [
      [{ version: '1.0.0' }, true],
      [{ version: '1.0.0+other' }, true],
      [{ version: '2.0.0' }, false],
    ],
  },
  'prefix-or-suffix': {
    flag: {
      state: 'ENABLED',
      variants: { prefix: 'prefix', postfix: 'postfix', none: 'none' },
      defaultVariant: 'none',
      targeting: {
        if: [
          { starts_with: [{ var: 'id' }, 'abc'] },
          'prefix',
          { if: [{ ends_with: [{ var: 'id' }, 'xyz'] }, 'postfix', 'none'] },
        ],
      },
    },
    rows: [
      [{ id: 'abcdef' }, 'prefix'],
      [{ id: 'uvwxyz' }, 'postfix'],
      [{ id: 'abcxyz' }, 'prefix'],
      [{ id: 'lmnopq' }, 'none'],
    ],
  },
  'prefix-of-digits': {
    flag: when({ starts_with: [{ var: 'id' }, '12'] }),
    rows: [[{ id: '123' }, true]],
    different: [[{ id: 123 }, false]],
  },
  'chained-conditions': {
    flag: {
      state: 'ENABLED',
      variants: { alpha: 'alpha', beta: 'beta', ga: 'ga' },
      defaultVariant: 'ga',
      targeting: {
        if: [
          { '===': [{ var: 'customerId' }, 'customer-A'] },
          'alpha',
          { in: [{ var: 'customerId' }, ['customer-B1', 'customer-B2']] },
          'beta',
          'ga',
        ],
      },
    },
    rows: [
      [{ customerId: 'customer-A' }, 'alpha'],
      [{ customerId: 'customer-B2' }, 'beta'],
      [{ customerId: 'customer-C' }, 'ga'],
      [{}, 'ga'],
    ],
  },
  'boolean-shorthand': {
    flag: {
      state: 'ENABLED',
      variants: { true: true, false: false },
      defaultVariant: 'false',
      targeting: { '>=': [{ var: 'age' }, 18] },
    },
    rows: [
      [{ age: 20 }, true],
      [{ age: 18 }, true],
      [{ age: 17 }, false],
      [{}, false],
    ],
    different: [[{ age: '20' }, true]],
  },
  'less-than': {
    flag: when({ '<': [{ var: 'age' }, 18] }),
    rows: [
      [{ age: 17 }, true],
      [{ age: 18 }, false],
    ],
    different: [[{}, true]],
  },
  'between-inclusive': {
    flag: when({ '<=': [1, { var: 'n' }, 10] }),
    rows: [
      [{ n: 1 }, true],
      [{ n: 10 }, true],
      [{ n: 11 }, false],
    ],
  },
  between: {
    flag: when({ '<': [1, { var: 'n' }, 10] }),
    rows: [
      [{ n: 5 }, true],
      [{ n: 1 }, false],
      [{ n: 11 }, false],
    ],
  },
  'domain-without-else': {
    flag: when({ ends_with: [email, '@ingen.com'] }),
    rows: [
      [{ email: 'john.arnold@ingen.com' }, true],
      [{ email: 'john@INGEN.com' }, false],
      [{ email: 'x@other.com' }, false],
    ],
  },
  'locale-list': {
    flag: when({ in: [{ var: 'locale' }, ['us', 'ca']] }),
    rows: [
      [{ locale: 'us' }, true],
      [{ locale: 'de' }, false],
      [{}, false],
    ],
  },
  'number-list': {
    flag: when({ in: [{ var: 'n' }, [1, 2]] }),
    rows: [
      [{ n: 1 }, true],
      [{ n: 3 }, false],
    ],
    different: [[{ n: '1' }, false]],
  },
  'equals-with-coercion': {
    flag: when({ '==': [{ var: 'n' }, 5] }),
    rows: [
      [{ n: 5 }, true],
      [{ n: '5' }, true],
      [{ n: 6 }, false],
      [{}, false],
    ],
    different: [[{ n: '5.0' }, true]],
  },
  'equals-strictly': {
    flag: when({ '===': [{ var: 'n' }, '5'] }),
    rows: [[{ n: '5' }, true]],
    different: [[{ n: 5 }, false]],
  },
  'not-equal': {
    flag: when({ '!=': [{ var: 'plan' }, 'free'] }),
    rows: [
      [{ plan: 'pro' }, true],
      [{ plan: 'free' }, false],
      [{}, true],
    ],
  },
  'not-contains': {
    flag: when({ '!': { in: ['Spring', { var: 'town' }] } }),
    rows: [
      [{ town: 'Springfield' }, false],
      [{ town: 'Illinois' }, true],
      [{}, true],
    ],
  },
  'contains-in-text-or-list': {
    flag: when({ in: ['admin', { var: 'roles' }] }),
    rows: [
      [{ roles: ['admin', 'dev'] }, true],
      [{ roles: ['administrator'] }, false],
      [{ roles: 'superadmin' }, true],
      [{ roles: 'dev' }, false],
      [{}, false],
    ],
  },
  'targeting-key': {
    flag: {
      state: 'ENABLED',
      variants: { miss: 'miss', hit: 'hit' },
      defaultVariant: 'miss',
      targeting: {
        if: [{ '==': [{ var: 'targetingKey' }, '5c3d8535-f81a-4478-a6d3-afaa4d51199e'] }, 'hit', null],
      },
    },
    rows: [
      [{ key: '5c3d8535-f81a-4478-a6d3-afaa4d51199e' }, 'hit'],
      [{ key: 'f20bd32d-703b-48b6-bc8e-79d53c85134a' }, 'miss'],
    ],
  },
  'shared-evaluator': {
    flag: {
      state: 'ENABLED',
      variants: { recursive: 'recursive', binet: 'binet' },
      defaultVariant: 'recursive',
      targeting: { if: [{ $ref: 'emailWithFaas' }, 'binet', null] },
    },
    rows: [
      [{ email: 'user@faas.com' }, 'binet'],
      [{ email: 'user@bar.com' }, 'recursive'],
    ],
  },
  'several-branches': {
    flag: {
      state: 'ENABLED',
      variants: { a: 'a', b: 'b', c: 'c' },
      defaultVariant: 'c',
      targeting: {
        if: [
          {
            and: [
              { '==': [{ var: 'plan' }, 'pro'] },
              { or: [{ ends_with: [email, '@x.com'] }, { ends_with: [email, '@y.com'] }] },
            ],
          },
          'a',
          { '==': [{ var: 'plan' }, 'pro'] },
          'b',
        ],
      },
    },
    rows: [
      [{ plan: 'pro', email: 'u@y.com' }, 'a'],
      [{ plan: 'pro', email: 'u@z.com' }, 'b'],
      [{ plan: 'free', email: 'u@y.com' }, 'c'],
    ],
  },
  'shorthand-with-null-as-default': {
    flag: {
      state: 'ENABLED',
      variants: shorthand,
      defaultVariant: 'false',
      targeting: { starts_with: [email, 'a'] },
    },
    rows: [
      [{ email: 'abc' }, 'yes'],
      [{ email: 'xbc' }, 'no'],
      [{}, 'no'],
      [{ email: 1 }, 'no'],
    ],
  },
  'shorthand-of-equality': {
    flag: {
      state: 'ENABLED',
      variants: { ...shorthand, other: 'other' },
      defaultVariant: 'other',
      targeting: { '==': [email, 'a'] },
    },
    rows: [
      [{ email: 'a' }, 'yes'],
      [{}, 'no'],
    ],
  },
  'one-share': {
    flag: {
      state: 'ENABLED',
      variants: { single: 'single', fallback: 'fallback' },
      defaultVariant: 'fallback',
      targeting: { fractional: [['single', 1]] },
    },
    rows: [[{ key: 'any' }, 'single']],
  },
};

/** Flags that flagd answers in a way that no ruleset can, with a part of the reason given. */
export const FLAGD_LEFT_OUT: Readonly<Record<string, readonly [Example['flag'], string]>> = {
  'disabled-flag': [{ state: 'DISABLED', variants: on, defaultVariant: 'on' }, 'disabled'],
  'state-missing': [{ variants: on, defaultVariant: 'on' }, 'its state is nothing'],
  'code-default': [{ state: 'ENABLED', variants: on, defaultVariant: null }, 'no value otherwise'],
  'code-default-by-target': [
    {
      state: 'ENABLED',
      variants: on,
      targeting: {
        if: [{ '==': ['jobs@orange.com', email] }, { if: [{ '==': [{ var: 'a' }, 'b'] }, 'on'] }],
      },
    },
    'default of the code',
  ],
  'mixed-types': [
    { state: 'ENABLED', variants: { on: true, off: 'false' }, defaultVariant: 'on' },
    'different types',
  ],
  'unknown-default': [{ state: 'ENABLED', variants: colours, defaultVariant: 'purple' }, 'purple'],
  'targeting-no-object': [
    { state: 'ENABLED', variants: on, defaultVariant: 'off', targeting: 'on' },
    'targeting is no object',
  ],
  'starts-with-null': [
    {
      state: 'ENABLED',
      variants: { ...shorthand, fallback: 'fallback' },
      defaultVariant: 'fallback',
      targeting: { starts_with: [{ var: 'num' }, 'abc'] },
    },
    'default variant for a context without the attribute',
  ],
  'sem-ver-null-in-and': [
    {
      state: 'ENABLED',
      variants: { ...shorthand, fallback: 'fallback' },
      defaultVariant: 'fallback',
      targeting: { and: [{ sem_ver: [{ var: 'v' }, '=', '1.0.0'] }, { '==': [email, 'a'] }] },
    },
    'default variant for a context without the attribute',
  ],
  'wrong-number-of-arguments': [
    {
      state: 'ENABLED',
      variants: on,
      defaultVariant: 'off',
      targeting: { if: [{ starts_with: ['abc'] }, 'on'] },
    },
    'where only an attribute can be read',
  ],
  'unknown-version-operator': [when({ sem_ver: [{ var: 'version' }, '===', '1.0.0'] }), 'has no form'],
  'missing-reference': [when({ $ref: 'nonexistent' }), 'leads nowhere'],
  'by-time': [when({ '>': [{ var: '$flagd.timestamp' }, 1] }), 'value of the evaluator'],
  'gradual-rollout': [
    {
      state: 'ENABLED',
      variants: on,
      defaultVariant: 'off',
      targeting: {
        fractional: [
          ['on', { '-': [{ var: '$flagd.timestamp' }, 1] }],
          ['off', 1],
        ],
      },
    },
    'a share of fractional is',
  ],
  'nested-in-share': [
    {
      state: 'ENABLED',
      variants: { a: 'a', b: 'b' },
      defaultVariant: 'a',
      targeting: {
        fractional: [
          [{ if: [{ '==': [{ var: 'tier' }, 'x'] }, 'a', 'b'] }, 50],
          ['b', 50],
        ],
      },
    },
    'is no text',
  ],
  'fractional-as-condition': [
    when({
      fractional: [
        [false, 0],
        [true, 100],
      ],
    }),
    'fractional has no form',
  ],
  'all-shares-zero': [
    {
      state: 'ENABLED',
      variants: on,
      defaultVariant: 'off',
      targeting: {
        fractional: [
          ['on', 0],
          ['off', 0],
        ],
      },
    },
    'all 0',
  ],
  'attribute-as-condition': [when({ '!!': [{ var: 'beta' }] }), 'truth of'],
  'attribute-with-default': [
    when({ '==': [{ var: ['email', 'noreply@example.com'] }, 'x'] }),
    'has a default',
  ],
};
