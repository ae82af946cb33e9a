/** The answers to the public browser SDKs. [protocol] #evaluation-for-browsers */
import { Config as SdkConfig } from '@prefab-cloud/prefab-cloud-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asking, config, isPro, path, ruled, type Body, type Given } from '../prefab/sdk.js';
import { basic, startApp, type TestApp } from '../support/app.js';
import { flag, text } from '../support/configs.js';

let app: TestApp;
let get: ReturnType<typeof asking>['get'];
let evaluations: ReturnType<typeof asking>['evaluations'];

beforeAll(async () => {
  app = await startApp();
  ({ get, evaluations } = asking(app));
});

afterAll(() => app.close());

describe('an answer', () => {
  it('an answer has each kind of value as the SDK reads it', async () => {
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
    // An object would do too, but for the error that the SDK then writes to the console of the
    // page.
    expect((body as Body).evaluations.json!.value).toEqual({ json: '{"a": [1, null]}' });
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

  it('an answer has all digits of an integer above 2^53', async () => {
    const environment = await app.environment();
    await environment.commit(config('large', 'INT', { int: '9007199254740993' }));
    expect((await get(environment.key)).text).toContain('"value":{"int":9007199254740993}');
  });

  it('an answer says which config, row and rule decided', async () => {
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

  it('an answer has only what clients may see, and no rule', async () => {
    const environment = await app.environment();
    await environment.commit(
      ruled('flag', { ...isPro, valueToMatch: { stringList: { values: ['a-secret-plan'] } } }),
      text('config.of.servers', 'a-secret-value'),
      { ...config('segment', 'BOOL', { bool: true }), configType: 'SEGMENT' },
      config('config.of.clients', 'STRING', { string: 'x' }),
    );
    for (const key of [environment.key, (await environment.clientKey()).key]) {
      const { text: body } = await get(key).expect(200);
      expect(Object.keys((JSON.parse(body) as Body).evaluations)).toEqual(['config.of.clients', 'flag']);
      expect(body).not.toContain('secret');
    }
  });

  it('an answer leaves out what has no value here, and counts it', async () => {
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

  it('an answer is of the contexts in the path, over the default context of the environment', async () => {
    const defaultContext = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    const environment = await app.environment({ defaultContext });
    await environment.commit(ruled('a', isPro));
    const isOn = async (contexts: Given) => (await evaluations(environment.key, contexts)).a!.value.bool;
    expect(await isOn({})).toBe(true);
    expect(await isOn({ device: { plan: 'free' } })).toBe(true);
    expect(await isOn({ user: { plan: 'free' } })).toBe(false);
    expect(await isOn({ user: { plan: 'pro' } })).toBe(true);
  });

  it('an answer of an environment without configs has no values', async () => {
    expect(await evaluations((await app.environment()).key)).toEqual({});
  });

  it("an answer is of the key's environment", async () => {
    const [ours, theirs] = [await app.environment(), await app.environment()];
    await ours.commit(flag('ours', true));
    await theirs.commit(flag('theirs', true));
    expect(Object.keys(await evaluations((await ours.clientKey()).key))).toEqual(['ours']);
  });

  it('an answer fits a context as large as pages have them, and 431 says when it does not', async () => {
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

describe('contexts in a path', () => {
  it('contexts in a path may have slashes in their base64, encoded or decoded on the way', async () => {
    const environment = await app.environment();
    await environment.commit(ruled('pro', isPro));
    // Some of these have a slash in their base64.
    const contexts = Array.from({ length: 30 }, (_, i) => ({
      contexts: [
        { type: 'user', values: { plan: { string: 'pro' }, name: { string: `${'?'.repeat(i)}ÿÿÿ` } } },
      ],
    }));
    const segments = contexts.map((each) => Buffer.from(JSON.stringify(each)).toString('base64'));
    const slashed = segments.filter((segment) => segment.includes('/'));
    expect(slashed.length).toBeGreaterThan(3);
    for (const segment of slashed) {
      for (const path of [segment, encodeURIComponent(segment)]) {
        const answer = await app.http
          .get(`/api/v2/configs/eval-with-context/${path}`)
          .set('Authorization', basic(environment.key, 'u'));
        expect([answer.status, answer.body.evaluations.pro.value]).toEqual([200, { bool: true }]);
      }
    }
  });

  it('contexts in a path may have a property that rules cannot read, which is named in the answer', async () => {
    const environment = await app.environment();
    await environment.commit(ruled('pro', isPro));
    const given = { contexts: [{ type: 'user', values: { plan: { string: 'pro' }, tags: { bool: [{}] } } }] };
    const segment = encodeURIComponent(Buffer.from(JSON.stringify(given)).toString('base64'));
    const answer = await app.http
      .get(`/api/v2/configs/eval-with-context/${segment}`)
      .set('Authorization', basic(environment.key, 'u'));
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        evaluations: { pro: { value: { bool: true } } },
        metadata: { ignoredContext: 'contexts[0].values["tags"]' },
      },
    ]);
  });

  it('contexts in a path lead to doubles that are written as such', async () => {
    const environment = await app.environment();
    await environment.commit(config('double', 'DOUBLE', { double: 3 }));
    expect((await get(environment.key)).text).toContain('{"value":{"double":3.0}');
  });
});

describe('a key', () => {
  it('a key is taken as the password of HTTP Basic, or as a bearer token', async () => {
    const environment = await app.environment();
    for (const key of [environment.key, (await environment.clientKey()).key]) {
      await get(key).expect(200);
      await app.http.get(path()).set('Authorization', `Bearer ${key}`).expect(200);
    }
  });

  it('a key that is missing, unknown or revoked is refused, in a way that pages can read and that never prompts for a password', async () => {
    const environment = await app.environment();
    const { id, key } = await environment.clientKey();
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
  it('contexts that cannot be read are refused with the field and a remedy, and the answer must not be stored', async () => {
    const environment = await app.environment();
    const bad = Buffer.from('{"contexts":[{"type":1}]}').toString('base64');
    const answer = await app.http
      .get(`/api/v2/configs/eval-with-context/${encodeURIComponent(bad)}`)
      .set('Authorization', basic(environment.key));
    expect([answer.status, answer.body.error]).toMatchObject([
      400,
      {
        code: 'field_invalid',
        field: 'contexts[0].type',
        message: 'contexts[0].type must be a text',
        requestId: answer.headers['x-request-id'],
      },
    ]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'access-control-allow-origin': '*' });
  });
});

describe('a preflight', () => {
  it('a preflight is answered without a key, with what the SDK sends', async () => {
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
