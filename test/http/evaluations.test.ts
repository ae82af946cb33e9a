/** What the public browser SDKs are answered. [protocol] #evaluation-for-browsers */
import { Config as SdkConfig, Context as SdkContext } from '@prefab-cloud/prefab-cloud-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config, ConfigValue, Criterion } from '../../src/ruleset/model.js';
import { basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag, text } from '../support/configs.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

type Given = Record<string, Record<string, string | number | boolean>>;

const path = (contexts: Given = {}): string =>
  `/api/v2/configs/eval-with-context/${new SdkContext(contexts).encode()}?collectContextMode=PERIODIC_EXAMPLE`;

const get = (key: string, contexts: Given = {}, headers: Record<string, string> = {}) =>
  app.http.get(path(contexts)).set({ Authorization: basic(key, 'u'), ...headers });

interface Body {
  readonly evaluations: Record<string, { value: Record<string, unknown>; configEvaluationMetadata: object }>;
}

const evaluations = async (key: string, contexts: Given = {}): Promise<Body['evaluations']> =>
  ((await get(key, contexts).expect(200)).body as Body).evaluations;

async function clientKey(environment: TestEnvironment): Promise<{ id: string; key: string }> {
  const issued = await app.admin('post', `/environments/${environment.id}/keys`).send({ kind: 'client' });
  return issued.body as { id: string; key: string };
}

/** A config for clients with one value for everybody. */
const config = (key: string, valueType: string, value: ConfigValue): Config => ({
  key,
  configType: 'CONFIG',
  valueType,
  sendToClientSdk: true,
  rows: [{ values: [{ value }] }],
});

/** A flag that is on where the criterion holds. */
const ruled = (key: string, criterion: Criterion): Config => ({
  ...flag(key, false),
  rows: [{ values: [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }] }],
});

const isPro: Criterion = {
  propertyName: 'user.plan',
  operator: 'PROP_IS_ONE_OF',
  valueToMatch: { stringList: { values: ['pro'] } },
};

describe('an answer', () => {
  it('has each kind of value as the SDK reads it', async () => {
    const environment = await app.environment();
    await environment.commit(
      flag('bool', true),
      config('int', 'INT', { int: '42' }),
      config('double', 'DOUBLE', { double: 1.5 }),
      config('string', 'STRING', { string: 'a "text"' }),
      config('list', 'STRING_LIST', { stringList: { values: ['a', 'b'] } }),
      config('json', 'JSON', { json: { json: '{"a": [1, null]}' } }),
      config('duration', 'DURATION', { duration: { definition: 'PT1M1.5S' } }),
      { ...config('log-level.a', 'LOG_LEVEL', { logLevel: 'INFO' }), configType: 'LOG_LEVEL' },
    );
    const { body } = await get(environment.key)
      .expect(200)
      .expect('Content-Type', /^application\/json/);
    const read = SdkConfig.digest(body as never);
    expect(Object.fromEntries(Object.entries(read).map(([key, { value }]) => [key, value]))).toEqual({
      bool: true,
      int: 42,
      double: 1.5,
      string: 'a "text"',
      list: ['a', 'b'],
      json: { a: [1, null] },
      duration: { ms: 61_500, seconds: 61.5 },
      'log-level.a': 'INFO',
    });
  });

  it('has all digits of an integer above 2^53', async () => {
    const environment = await app.environment();
    await environment.commit(config('large', 'INT', { int: '9007199254740993' }));
    expect((await get(environment.key)).text).toContain('"value":{"int":9007199254740993}');
  });

  it('says which config, row and rule decided', async () => {
    const environment = await app.environment();
    const { configs } = await environment.commit({
      ...flag('a', false),
      rows: [
        {
          values: [
            { criteria: [isPro], value: { bool: true } },
            {
              value: {
                weightedValues: {
                  weightedValues: [
                    { weight: 0, value: { bool: true } },
                    { weight: 1, value: { bool: false } },
                  ],
                },
              },
            },
          ],
        },
      ],
    });
    const metadata = { configRowIndex: 0, type: 'FEATURE_FLAG', valueType: 'BOOL', id: configs[0]!.id };
    expect((await evaluations(environment.key, { user: { plan: 'pro' } })).a).toEqual({
      value: { bool: true },
      configEvaluationMetadata: { ...metadata, conditionalValueIndex: 0 },
    });
    expect((await evaluations(environment.key)).a).toEqual({
      value: { bool: false },
      configEvaluationMetadata: { ...metadata, conditionalValueIndex: 1, weightedValueIndex: 1 },
    });
  });

  it('has only what clients may see, and no rule', async () => {
    const environment = await app.environment();
    await environment.commit(
      ruled('flag', { ...isPro, valueToMatch: { stringList: { values: ['a-secret-plan'] } } }),
      text('config.of.servers', 'a-secret-value'),
      { ...config('segment', 'BOOL', { bool: true }), configType: 'SEGMENT' },
      config('config.of.clients', 'STRING', { string: 'x' }),
    );
    for (const key of [environment.key, (await clientKey(environment)).key]) {
      const { text: body } = await get(key).expect(200);
      expect(Object.keys((JSON.parse(body) as Body).evaluations)).toEqual(['config.of.clients', 'flag']);
      expect(body).not.toContain('secret');
    }
  });

  it('leaves out what has no value here, and counts it', async () => {
    const environment = await app.environment();
    await environment.commit(
      flag('there', true),
      { ...flag('unmatched', true), rows: [{ values: [{ criteria: [isPro], value: { bool: true } }] }] },
      config('withheld', 'STRING', { provided: { source: 'ENV_VAR', lookup: 'SECRET_NAME' } }),
      config('unreadable', 'INT_RANGE', { intRange: { start: '1' } }),
    );
    const count = (why: string) => app.metric(`holdfast_evaluations_undecided_total{why="${why}"}`);
    const kinds = ['unmatched', 'withheld', 'unreadable'];
    const before = await Promise.all(kinds.map(count));
    const { text: body } = await get(environment.key).expect(200);
    expect(Object.keys((JSON.parse(body) as Body).evaluations)).toEqual(['there']);
    expect(body).not.toContain('SECRET_NAME');
    expect(await Promise.all(kinds.map(count))).toEqual(before.map((each) => each + 1));
  });

  it('is of the contexts in the path, over the default context of the environment', async () => {
    const defaultContext = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    const environment = await app.environment({ defaultContext });
    await environment.commit(ruled('a', isPro));
    const isOn = async (contexts: Given) => (await evaluations(environment.key, contexts)).a!.value.bool;
    expect(await isOn({})).toBe(true);
    expect(await isOn({ device: { plan: 'free' } })).toBe(true);
    expect(await isOn({ user: { plan: 'free' } })).toBe(false);
    expect(await isOn({ user: { plan: 'pro' } })).toBe(true);
  });

  it('of an environment without configs has no values', async () => {
    expect(await evaluations((await app.environment()).key)).toEqual({});
  });

  it("is of the key's environment", async () => {
    const [ours, theirs] = [await app.environment(), await app.environment()];
    await ours.commit(flag('ours', true));
    await theirs.commit(flag('theirs', true));
    expect(Object.keys(await evaluations((await clientKey(ours)).key))).toEqual(['ours']);
  });

  it('fits a context as large as pages have them, and 431 says when it does not', async () => {
    const environment = await app.environment();
    await environment.commit(ruled('a', isPro));
    const values = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`property.${i}`, 'x'.repeat(20)]),
    );
    expect((await evaluations(environment.key, { user: { ...values, plan: 'pro' } })).a!.value).toEqual({
      bool: true,
    });
    expect((await get(environment.key, { user: { key: 'x'.repeat(16_000) } })).status).toBe(431);
  });
});

describe('a key', () => {
  it('is taken as the password of HTTP Basic, or as a bearer token', async () => {
    const environment = await app.environment();
    for (const key of [environment.key, (await clientKey(environment)).key]) {
      await get(key).expect(200);
      await app.http.get(path()).set('Authorization', `Bearer ${key}`).expect(200);
    }
  });

  it('that is missing, unknown or revoked is refused, in a way that pages can read and that asks nobody for a password', async () => {
    const environment = await app.environment();
    const { id, key } = await clientKey(environment);
    const { headers } = await get(key).expect(200);
    await app.admin('delete', `/keys/${id}`).expect(200);
    for (const authorization of [
      undefined,
      basic('a-P1-E1-CLIENT-b'),
      basic(key),
      'Bearer admin-token-of-the-tests',
    ]) {
      const request = app.http.get(path()).set('If-None-Match', headers.etag!);
      const answer = await (authorization === undefined
        ? request
        : request.set('Authorization', authorization));
      expect([answer.status, answer.body.error.code]).toEqual([401, 'unauthorized']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'cache-control': 'no-store',
        'www-authenticate': 'Bearer',
      });
      for (const name of ['cdn-cache-control', 'surrogate-control'])
        expect(answer.headers).not.toHaveProperty(name);
    }
  });
});

describe('contexts that cannot be read', () => {
  it('are refused with the field and what would be right, to be stored by nobody', async () => {
    const environment = await app.environment();
    const bad = Buffer.from('{"contexts":[{"type":1}]}').toString('base64');
    const answer = await app.http
      .get(`/api/v2/configs/eval-with-context/${encodeURIComponent(bad)}`)
      .set('Authorization', basic(environment.key));
    expect([answer.status, answer.body.error]).toEqual([
      400,
      { code: 'field_invalid', field: 'contexts[0].type', message: 'contexts[0].type must be a text' },
    ]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'access-control-allow-origin': '*' });
  });
});

describe('the ETag', () => {
  const etag = async (key: string, contexts: Given) => (await get(key, contexts).expect(200)).headers.etag!;
  const asked = { user: { key: 'a', plan: 'pro' }, device: { os: 'linux' } };

  it('is the same for equal contexts in another order, and for another key of the environment', async () => {
    const environment = await app.environment();
    await environment.commit(ruled('a', isPro));
    const same = await etag(environment.key, asked);
    const turned = { device: { os: 'linux' }, user: { plan: 'pro', key: 'a' } };
    expect(path(turned)).not.toBe(path(asked));
    expect(await etag(environment.key, turned)).toBe(same);
    expect(await etag((await clientKey(environment)).key, asked)).toBe(same);
  });

  it('has nothing of the contexts in it', async () => {
    const environment = await app.environment();
    const given = await etag(environment.key, { user: { email: 'someone@example.com' } });
    expect(given).toMatch(new RegExp(`^"${environment.id}-\\d+-[\\w-]{22}"$`));
  });

  it('is another one for other contexts', async () => {
    const environment = await app.environment();
    const all = [
      asked,
      {},
      { user: {} },
      { user: { key: 'a' } },
      { user: { key: 1 } },
      { user: { key: '1' } },
    ];
    const etags = await Promise.all(all.map((contexts) => etag(environment.key, contexts)));
    expect(new Set(etags).size).toBe(all.length);
  });

  it('changes with what clients may see, with a segment that it depends on and with the default context, and with nothing else', async () => {
    const environment = await app.environment();
    const inSegment: Criterion = { operator: 'IN_SEG', valueToMatch: { string: 'segment' } };
    const segment = { ...ruled('segment', isPro), configType: 'SEGMENT' };
    await environment.commit(segment, ruled('a', inSegment));
    const seen = [await etag(environment.key, asked)];
    const next = async () => seen.push(await etag(environment.key, asked));
    await environment.commit(text('config.of.servers', 'x'));
    await next();
    expect(new Set(seen).size).toBe(1);
    await environment.commit(flag('b', true));
    await next();
    expect(new Set(seen).size).toBe(2);
    await environment.commit({ ...segment, rows: [{ values: [{ value: { bool: false } }] }] });
    await next();
    expect(new Set(seen).size).toBe(3);
    const defaultContext = { contexts: [{ type: 'team', values: { key: { string: 'x' } } }] };
    await app
      .admin('put', `/environments/${environment.id}`)
      .send({ projectId: '1', name: 'x', defaultContext })
      .expect(200);
    await next();
    expect(new Set(seen).size).toBe(4);
  });

  it('changes when time passes a moment that a rule names', async () => {
    const environment = await app.environment();
    const noon = Date.now() + 3_600_000;
    const criterion = {
      propertyName: 'prefab.current-time',
      operator: 'PROP_AFTER',
      valueToMatch: { int: `${noon}` },
    };
    await environment.commit(ruled('later', criterion));
    const [before, still] = [await get(environment.key), await get(environment.key)];
    expect(still.headers.etag).toBe(before.headers.etag);
    app.nature.ahead = 3_700_000;
    const after = await get(environment.key, {}, { 'If-None-Match': before.headers.etag! });
    app.nature.ahead = 0;
    expect(before.body).toMatchObject({ evaluations: { later: { value: { bool: false } } } });
    expect([after.status, after.body]).toMatchObject([
      200,
      { evaluations: { later: { value: { bool: true } } } },
    ]);
  });

  it('that the asker has is answered 304 without a body, with the same headers', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const first = await get(environment.key, asked);
    for (const known of [first.headers.etag!, `W/${first.headers.etag!}`]) {
      const again = await get(environment.key, asked, { 'If-None-Match': known });
      expect([again.status, again.text]).toEqual([304, '']);
      for (const name of [
        'etag',
        'cache-control',
        'cdn-cache-control',
        'vary',
        'access-control-allow-origin',
      ])
        expect([name, again.headers[name]]).toEqual([name, first.headers[name]]);
    }
  });

  it('of another answer is answered in full', async () => {
    const environment = await app.environment();
    const { headers } = await get(environment.key, {});
    expect((await get(environment.key, asked, { 'If-None-Match': headers.etag! })).status).toBe(200);
  });
});

describe('weights without a property to hash', () => {
  const half = [true, false].map((bool) => ({ weight: 1, value: { bool } }));
  const drawn = (key: string): Config => ({
    ...flag(key, true),
    rows: [{ values: [{ value: { weightedValues: { weightedValues: half } } }] }],
  });

  it('draw the same for equal contexts, and not the same for all contexts and flags', async () => {
    const environment = await app.environment();
    await environment.commit(...Array.from({ length: 50 }, (_, i) => drawn(`flag.${i}`)));
    const values = async (contexts: Given) =>
      Object.values(await evaluations(environment.key, contexts)).map(({ value }) => value.bool);
    const first = await values({ user: { key: 'a', plan: 'x' } });
    expect(await values({ user: { plan: 'x', key: 'a' } })).toEqual(first);
    expect(await values({ user: { key: 'b', plan: 'x' } })).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([true, false]));
  });
});

describe('caches', () => {
  it('may keep an answer for its key: browsers ask each time, a CDN serves it while we are down', async () => {
    const environment = await app.environment();
    const { headers } = await get(environment.key, {}, { Origin: 'https://page.example' }).expect(200);
    expect(headers).toMatchObject({
      'cache-control': 'public, no-cache',
      'cdn-cache-control': 'public, max-age=1, stale-while-revalidate=60, stale-if-error=86400',
      'surrogate-control': 'public, max-age=1, stale-while-revalidate=60, stale-if-error=86400',
      'surrogate-key': `environment-${environment.id}`,
      // Not Origin: every one gets the same.
      vary: 'Authorization',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'ETag',
    });
  });
});

describe('a preflight', () => {
  it('is answered without a key, with what the SDK sends', async () => {
    const answer = await app.http.options(path()).set({
      Origin: 'https://page.example',
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': 'authorization,x-prefabcloud-client-version',
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'Authorization, Content-Type, X-PrefabCloud-Client-Version',
      'access-control-max-age': '7200',
    });
  });
});
