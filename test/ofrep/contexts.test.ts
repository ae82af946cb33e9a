/** OpenFeature's context as contexts by type. Each row is one of docs/openfeature.md. */
import { describe, expect, it } from 'vitest';
import type { Contexts } from '../../src/evaluate/contexts.js';
import { CONTEXT_MAX_DEPTH, readOfrepContexts } from '../../src/ofrep/contexts.js';
import { refusal } from '../ruleset/errors.js';

/** As plain objects. */
function plain(contexts: Contexts): Record<string, unknown> {
  return Object.fromEntries([...contexts].map(([type, context]) => [type, Object.fromEntries(context)]));
}
const read = (context: unknown) => plain(readOfrepContexts({ context }).contexts);
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

describe('a context', () => {
  it.each([
    ['a targeting key', { targetingKey: 'u1' }, { user: { key: 'u1' } }],
    ['a name with a dot', { 'user.email': 'a@b' }, { user: { email: 'a@b' } }],
    ['a name with two dots', { 'user.address.city': 'Bonn' }, { user: { 'address.city': 'Bonn' } }],
    ['names in a name', { user: { email: 'a@b' } }, { user: { email: 'a@b' } }],
    [
      'names in names in a name',
      { user: { address: { city: 'Bonn' } } },
      { user: { 'address.city': 'Bonn' } },
    ],
    [
      'a name without a dot, which is one of the user too',
      { plan: 'pro' },
      { '': { plan: 'pro' }, user: { plan: 'pro' } },
    ],
    [
      'several types',
      { targetingKey: 'u', 'user.age': 7, team: { id: 3 } },
      { user: { age: 7, key: 'u' }, team: { id: 3 } },
    ],
    [
      'texts, numbers and booleans',
      { a: 'x', b: 1.5, c: false, d: '' },
      { '': { a: 'x', b: 1.5, c: false, d: '' }, user: { a: 'x', b: 1.5, c: false, d: '' } },
    ],
    ['a date, which is a text', { 'x.at': '2026-01-02T03:04:05Z' }, { x: { at: '2026-01-02T03:04:05Z' } }],
    ['a list, as texts', { 'x.a': ['x', 1, true, null] }, { x: { a: ['x', '1', 'true'] } }],
    ['an empty list', { 'x.a': [] }, { x: { a: [] } }],
    ['null, which is nothing', { a: null, user: { key: null } }, {}],
    ['an empty object, which is nothing', { user: {} }, {}],
    ['an empty targeting key', { targetingKey: '' }, { user: { key: '' } }],
    ['an empty name', { '': 'x' }, { '': { '': 'x' } }],
  ])('a context has %s', (_what, context, contexts) => {
    expect(read(context)).toEqual(contexts);
  });

  it('a context has names that mean something to JavaScript as names like any other', () => {
    const context: unknown = JSON.parse('{"__proto__": {"a": 1}, "constructor": "x", "toString.b": 2}');
    const { contexts } = readOfrepContexts({ context });
    expect(contexts.get('__proto__')).toEqual(new Map([['a', 1]]));
    expect(contexts.get('')).toEqual(new Map([['constructor', 'x']]));
    expect(contexts.get('toString')).toEqual(new Map([['b', 2]]));
  });

  it.each([{ 'user.key': 'u2' }, { user: { key: 'u2' } }])(
    'a context that has %j keeps it next to a targeting key',
    (user) => {
      expect(read({ targetingKey: 'u1', ...user })).toEqual({ user: { key: 'u2' } });
    },
  );

  it.each<[string, object, object]>([
    ['an attribute of the user', { 'user.email': 'own', email: 'bare' }, { email: 'own' }],
    ['an attribute in an object', { email: 'bare', user: { email: 'own' } }, { email: 'own' }],
    ['a targeting key', { targetingKey: 'own', key: 'bare' }, { key: 'own' }],
    ['nothing', { email: 'bare', 'team.name': 'x', team: { id: 1 } }, { email: 'bare' }],
  ])('a context without types is that of the user, after %s', (_what, context, user) => {
    expect(read(context).user).toEqual(user);
  });

  it('a context of no one is read', () => {
    for (const body of [{}, { context: null }, { context: {} }, { context: { targetingKey: null } }]) {
      expect(readOfrepContexts(body)).toEqual({ contexts: new Map(), ignored: [] });
    }
  });
});

describe('an attribute that no rule could read', () => {
  it.each<[string, unknown, string[]]>([
    ['a list in a list', { a: [['x']] }, ['context.a']],
    ['an object in a list', { user: { roles: ['x', { y: 1 }] } }, ['context.user.roles']],
    ['an object in a list, with a name of its own', { 'a b': { c: [{}] } }, ['context."a b".c']],
    ['a number that a double cannot hold', { a: Infinity }, ['context.a']],
    ['an equal duplicate', { 'user.email': 'a', user: { email: 'a' } }, ['context.user.email']],
    [
      'an equal duplicate of a list',
      { 'user.roles': ['a', 1], user: { roles: ['a', '1'] } },
      ['context.user.roles'],
    ],
  ])(
    'an attribute that no rule could read is ignored and named, and the others are read: %s',
    (_what, context, ignored) => {
      const read = readOfrepContexts({ context: { ...(context as object), plan: 'pro', targetingKey: 'u' } });
      expect(read.ignored).toEqual(ignored);
      expect(read.contexts.get('')?.get('plan')).toBe('pro');
      expect(read.contexts.get('user')?.get('key')).toBe('u');
    },
  );

  it('an attribute that no rule could read is one that is nested deeper than the limit', () => {
    expect(Object.keys(read(nested(CONTEXT_MAX_DEPTH)))).toEqual(['a']);
    const field = `context${'.a'.repeat(CONTEXT_MAX_DEPTH)}`;
    for (const levels of [CONTEXT_MAX_DEPTH + 1, 5_000]) {
      expect(readOfrepContexts({ context: nested(levels) })).toEqual({
        contexts: new Map(),
        ignored: [field],
      });
    }
  });
});

describe('a refusal', () => {
  it.each([
    [undefined, 'body_invalid -'],
    [null, 'body_invalid -'],
    [[], 'body_invalid -'],
    ['text', 'body_invalid -'],
    [{ context: [] }, 'field_invalid context'],
    [{ context: 'u1' }, 'field_invalid context'],
    [{ context: { targetingKey: 7 } }, 'field_invalid context.targetingKey'],
    [{ context: { targetingKey: { a: 1 } } }, 'field_invalid context.targetingKey'],
    [{ context: { 'user.email': 'a', user: { email: 'b' } } }, 'field_invalid context.user.email'],
  ])('a refusal of %j names the field', (body, expected) => {
    expect(refusal(() => readOfrepContexts(body))).toBe(expected);
  });
});
