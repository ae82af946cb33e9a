/**
 * Caching of evaluations by browsers and CDNs, and revalidation. [protocol]
 * #evaluation-for-browsers
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config, Criterion } from '../../src/ruleset/model.js';
import { asking, isPro, path, ruled, type Given } from '../prefab/sdk.js';
import { startApp, type TestApp } from '../support/app.js';
import { flag, text } from '../support/configs.js';

let app: TestApp;
let get: ReturnType<typeof asking>['get'];
let evaluations: ReturnType<typeof asking>['evaluations'];

beforeAll(async () => {
  app = await startApp();
  ({ get, evaluations } = asking(app));
});

afterAll(() => app.close());

describe('the ETag', () => {
  const etag = async (key: string, contexts: Given) => (await get(key, contexts).expect(200)).headers.etag!;
  const asked = { user: { key: 'a', plan: 'pro' }, device: { os: 'linux' } };

  it('the ETag is the same for equal contexts in another order, and for another key of the environment', async () => {
    const environment = await app.environment();
    await environment.commit(ruled('a', isPro));
    const same = await etag(environment.key, asked);
    const turned = { device: { os: 'linux' }, user: { plan: 'pro', key: 'a' } };
    expect(path(turned)).not.toBe(path(asked));
    expect(await etag(environment.key, turned)).toBe(same);
    expect(await etag((await environment.clientKey()).key, asked)).toBe(same);
  });

  it('the ETag has nothing of the contexts in it', async () => {
    const environment = await app.environment();
    const given = await etag(environment.key, { user: { email: 'someone@example.com' } });
    expect(given).toMatch(new RegExp(`^"${environment.id}-\\d+-[\\w-]{22}"$`));
  });

  it('the ETag is another one for other contexts', async () => {
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
    app.clock.ahead = 3_700_000;
    const after = await get(environment.key, {}, { 'If-None-Match': before.headers.etag! });
    app.clock.ahead = 0;
    expect(before.body).toMatchObject({ evaluations: { later: { value: { bool: false } } } });
    expect([after.status, after.body]).toMatchObject([
      200,
      { evaluations: { later: { value: { bool: true } } } },
    ]);
  });

  it('the ETag that the client has is answered 304 without a body, with the same headers', async () => {
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

  it('the ETag of another answer is answered in full', async () => {
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
  it('caches may keep an answer for its key: browsers ask each time, a CDN serves it while we are down', async () => {
    const environment = await app.environment();
    const { headers } = await get(environment.key, {}, { Origin: 'https://page.example' }).expect(200);
    expect(headers).toMatchObject({
      'cache-control': 'public, no-cache',
      'cdn-cache-control': 'public, max-age=1, stale-while-revalidate=60, stale-if-error=86400',
      'surrogate-control': 'public, max-age=1, stale-while-revalidate=60, stale-if-error=86400',
      'surrogate-key': `values-${environment.id}`,
      // Not Origin: every one gets the same.
      vary: 'Authorization, Accept-Encoding',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'ETag',
    });
  });
});
