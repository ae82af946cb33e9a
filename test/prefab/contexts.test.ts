/** Contexts in a path, as the unmodified browser SDK writes them. */
import { Context as SdkContext } from '@prefab-cloud/prefab-cloud-js';
import { describe, expect, it } from 'vitest';
import { canonical, type Contexts } from '../../src/evaluate/contexts.js';
import { CONTEXTS_MAX, PROPERTIES_MAX, readPrefabContexts } from '../../src/prefab/contexts.js';
import { refusal } from '../ruleset/errors.js';

type Given = ConstructorParameters<typeof SdkContext>[0];

const read = (segment: string): Contexts => readPrefabContexts(segment).contexts;
const bySdk = (contexts: unknown): Contexts =>
  read(decodeURIComponent(new SdkContext(contexts as Given).encode()));

const encode = (body: unknown): string => Buffer.from(JSON.stringify(body)).toString('base64');

const user = (values: unknown): string => encode({ contexts: [{ type: 'user', values }] });

const plain = (contexts: Contexts) =>
  Object.fromEntries([...contexts].map(([type, context]) => [type, Object.fromEntries(context)]));

describe('what the SDK sends', () => {
  it('what the SDK sends is read as the application gave it', () => {
    const given = {
      user: { key: 'ümläut 🎈', age: 42, score: 1.5, admin: true, guest: false, balance: -7 },
      device: { os: 'linux' },
      '': { plan: 'pro' },
      team: {},
    };
    expect(plain(bySdk(given))).toEqual(given);
  });

  it('what the SDK sends is read when there are no contexts', () => {
    expect(plain(bySdk({}))).toEqual({});
  });

  it('what the SDK sends may have dates, lists and what is not set, which it writes as booleans', () => {
    const at = new Date(0);
    const given = {
      user: { at, roles: ['a', 'b'], levels: [1, true], none: null, unset: undefined, nan: NaN },
    };
    expect(plain(bySdk(given))).toEqual({
      user: { at: '1970-01-01T00:00:00.000Z', roles: ['a', 'b'], levels: ['1', 'true'] },
    });
  });

  it('what the SDK sends may have integers that JSON has rounded, and larger ones', () => {
    const { user: found } = plain(bySdk({ user: { id: 2 ** 60, huge: 1e300 } }));
    expect(found).toEqual({ id: 2n ** 60n, huge: 1e300 });
  });

  it('what the SDK sends may name a property and a type like a member of every object', () => {
    const contexts = read(encode({ contexts: [{ type: '__proto__', values: { constructor: { int: 1 } } }] }));
    expect(contexts.get('__proto__')?.get('constructor')).toBe(1);
  });
});

describe('others may send', () => {
  it('exact integers as text, lists under their own kind, and a context without type or values', () => {
    const values = {
      id: { int: '9007199254740993' },
      small: { int: '-5' },
      roles: { stringList: ['a'] },
      groups: { stringList: { values: ['b'] } },
    };
    const found = plain(read(encode({ contexts: [{ type: 'user', values }, {}] })));
    expect(found).toEqual({
      user: { id: 9007199254740993n, small: -5, roles: ['a'], groups: ['b'] },
      '': {},
    });
  });

  it('base64 for URLs, and without padding', () => {
    const text = user({ key: { string: '??>>~~ä' } });
    const forUrls = text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    expect(forUrls).not.toBe(text);
    expect(canonical(read(forUrls))).toBe(canonical(read(text)));
  });

  it('plus signs that something on the way took for spaces', () => {
    const text = user({ key: { string: '>>>>>>' } });
    expect(text).toContain('+');
    expect(plain(read(text.replaceAll('+', ' ')))).toEqual(plain(read(text)));
  });

  it('a type twice: the last counts', () => {
    const contexts = ['a', 'b'].map((key) => ({ type: 'user', values: { key: { string: key } } }));
    expect(plain(read(encode({ contexts })))).toEqual({ user: { key: 'b' } });
  });
});

describe('a property that no rule could read', () => {
  it.each<[string, string]>([
    ['a bare value', user({ key: 'a' })],
    ['a value of two kinds', user({ key: { string: 'a', int: 1 } })],
    ['an unknown kind', user({ key: { text: 'a' } })],
    ['a string that is none', user({ key: { string: 1 } })],
    ['an int with a fraction', user({ key: { int: 1.5 } })],
    ['an int as any text', user({ key: { int: '1e3' } })],
    ['an int text beyond 64 bits', user({ key: { int: '9223372036854775808' } })],
    ['a double as text', user({ key: { double: '1' } })],
    ['an object as a property', user({ key: { bool: { a: 1 } } })],
    ['objects in a list', user({ key: { bool: [{}] } })],
    ['a string list that is none', user({ key: { stringList: 'a' } })],
  ])(
    'a property that no rule could read is ignored and named, and the others are read: %s',
    (_case, segment) => {
      const body = JSON.parse(Buffer.from(segment, 'base64').toString()) as {
        contexts: { values: object }[];
      };
      body.contexts[0]!.values = { ...body.contexts[0]!.values, plan: { string: 'pro' } };
      const { contexts, ignored } = readPrefabContexts(encode(body));
      expect(ignored).toEqual(['contexts[0].values["key"]']);
      expect(plain(contexts)).toEqual({ user: { plan: 'pro' } });
    },
  );
});

describe('what cannot be read', () => {
  it.each<[string, string, string]>([
    ['no base64', '$$$', 'context'],
    ['base64 of no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64'), 'context'],
    ['base64 of no JSON', Buffer.from('{').toString('base64'), 'context'],
    ['a list', encode([]), 'context'],
    ['nothing', encode(null), 'context'],
    ['an object without contexts', encode({ context: [] }), 'context'],
    ['contexts that are no list', encode({ contexts: {} }), 'context'],
    ['a context that is no object', encode({ contexts: ['user'] }), 'contexts[0]'],
    ['a type that is no text', encode({ contexts: [{}, { type: 1 }] }), 'contexts[1].type'],
    ['values that are no object', encode({ contexts: [{ values: [] }] }), 'contexts[0].values'],
  ])('what cannot be read is refused with its place: %s', (_case, segment, field) => {
    expect(refusal(() => readPrefabContexts(segment))).toBe(`field_invalid ${field}`);
  });

  it('what cannot be read is too many contexts, or too many properties', () => {
    const contexts = (count: number) =>
      encode({ contexts: Array.from({ length: count }, (_, i) => ({ type: `${i}` })) });
    expect(read(contexts(CONTEXTS_MAX)).size).toBe(CONTEXTS_MAX);
    expect(refusal(() => readPrefabContexts(contexts(CONTEXTS_MAX + 1)))).toBe('field_invalid context');
    const properties = (count: number) =>
      encode({
        contexts: ['a', 'b'].map((type) => ({
          type,
          values: Object.fromEntries(Array.from({ length: count / 2 }, (_, i) => [`p${i}`, { int: i }])),
        })),
      });
    expect(read(properties(PROPERTIES_MAX)).size).toBe(2);
    expect(refusal(() => readPrefabContexts(properties(PROPERTIES_MAX + 2)))).toBe('field_invalid context');
  });
});
