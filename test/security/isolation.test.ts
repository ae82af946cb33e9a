/**
 * Isolation: on each path another environment's key, a revoked key and made-up headers get nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  basic,
  gripLast,
  inSeconds,
  sign,
  startApp,
  type TestApp,
  type TestEnvironment,
} from '../support/app.js';
import { flag, keys } from '../support/configs.js';
import { openSse } from '../support/sse.js';
import { channelsOf, instructions, keysIn, readLink } from '../support/stream.js';

let app: TestApp;
let ours: TestEnvironment;
let theirs: TestEnvironment;
/** The path of the recovery link, which is the same for both. */
let link: string;

beforeAll(async () => {
  app = await startApp();
  [ours, theirs] = [await app.environment(), await app.environment()];
  await ours.commit(flag('ours', true));
  await theirs.commit(flag('theirs', true));
  ({ path: link } = readLink(await ours.subscribe()));
});

afterAll(() => app.close());

const snapshotKeys = async (key: string, path = '/api/v1/configs/0?format=json') => {
  const { body } = await app.http.get(path).set('Authorization', basic(key)).expect(200);
  return (body as { configs: { key: string }[] }).configs.map((config) => config.key);
};

describe("a key of one environment gets nothing of another's", () => {
  it("a key of one environment gets nothing of another's in a snapshot, whatever the path and the query ask for", async () => {
    for (const path of [
      '/api/v1/configs/0?format=json',
      `/api/v1/configs/0?format=json&environment=${theirs.id}&projectEnvId=${theirs.id}&id=${theirs.id}`,
    ]) {
      expect(await snapshotKeys(ours.key, path)).toEqual(['ours']);
    }
  });

  it("a key of one environment gets nothing of another's in values for OpenFeature, whatever path, query, headers and context ask for", async () => {
    const theirFlag = '/ofrep/v1/evaluate/flags/theirs';
    const ask = (path: string) =>
      app.http
        .post(`${path}?environment=${theirs.id}&id=${theirs.id}`)
        .set({ 'X-API-Key': ours.key, Authorization: basic(theirs.key), 'X-Environment': theirs.id })
        .send({
          context: { environment: theirs.id, 'prefab-api-key': { 'user-id': 1 } },
          environment: theirs.id,
        });
    expect((await ask(theirFlag)).status).toBe(404);
    const all = await ask('/ofrep/v1/evaluate/flags');
    expect(all.body.flags.map((each: { key: string }) => each.key)).toEqual(['ours']);
    expect(all.body.metadata.environment).toBe(ours.id);
  });

  it("a key of one environment gets nothing of another's in a stream through a proxy, whatever headers say", async () => {
    const answer = await ours.subscribe({
      'grip-last': gripLast(theirs.id, '0', theirs.keyId),
      'grip-channel': `environment-${theirs.id}`,
      'x-environment': theirs.id,
    });
    expect(keysIn(answer.text)).toEqual(['ours']);
    expect(channelsOf(answer).join()).not.toMatch(new RegExp(`environment-${theirs.id};|${theirs.keyId}`));
  });

  it("a key of one environment gets nothing of another's in a direct stream, when it is opened and when something changes", async () => {
    const stream = await ours.open();
    await theirs.commit(flag('theirs.more', true));
    const { version } = await ours.commit(flag('ours', false));
    await stream.waitForEvent(({ id }) => id === version);
    expect(new Set(keys(stream.events))).toEqual(new Set(['ours']));
    await app.closeStreams();
  });

  it("a key of one environment gets nothing of another's over the recovery link, by which the hold then ends", async () => {
    const mixed = gripLast(theirs.id, '0', ours.keyId);
    const answer = await ours.recover(link, '0', { 'grip-last': mixed });
    expect([answer.status, answer.text, instructions(answer)]).toEqual([200, '', []]);
  });

  it("a key of one environment gets nothing of another's by administration, where an API key counts for nothing", async () => {
    for (const path of [`/environments/${theirs.id}/configs`, `/environments/${ours.id}/configs`]) {
      for (const credential of [basic(ours.key), `Bearer ${ours.key}`]) {
        await app.http.get(`/admin/v1${path}`).set('Authorization', credential).expect(401);
      }
    }
  });
});

describe('a key that was revoked gets nothing', () => {
  it('a key that was revoked gets nothing on any path, also of what it was given before: streams end, links end holds, and the same holds on another node', async () => {
    const environment = await app.environment();
    await environment.commit(flag('secret.flag', true));
    const held = await environment.subscribe();
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);

    expect(await stream.closed).toBe('ended');
    const authorization = basic(environment.key);
    for (const path of ['/api/v1/configs/0', '/api/v1/configs/0?format=json', '/api/v1/sse/config']) {
      for (const signature of [undefined, await sign()]) {
        const test = app.http.get(path).set('Authorization', authorization);
        const answer = await (signature === undefined ? test : test.set('Grip-Sig', signature));
        expect([path, answer.status, instructions(answer)]).toEqual([path, 401, []]);
        expect(answer.text).not.toContain('secret.flag');
      }
    }
    const direct = await openSse(`${app.url}/api/v1/sse/config`, { key: environment.key });
    expect([direct.status, await direct.closed]).toEqual([401, 'ended']);
    const recovered = await environment.recover(readLink(held).path, '0');
    expect([recovered.status, recovered.text, instructions(recovered)]).toEqual([200, '', []]);
    expect(app.directHolds.size).toBe(0);
  });

  it('a key that was revoked gets nothing with an ETag that it knows: a 304 would say that nothing changed', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const authorization = basic(environment.key);
    const { headers } = await app.http.get('/api/v1/configs/0').set('Authorization', authorization);
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    await app.http
      .get('/api/v1/configs/0')
      .set({ Authorization: authorization, 'If-None-Match': headers.etag! })
      .expect(401);
  });

  it('a key that was revoked gets nothing while it is being refused again and again: it stays revoked', async () => {
    const environment = await app.environment();
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await environment.subscribe()).status),
    );
    expect(new Set(statuses)).toEqual(new Set([401]));
  });
});

describe('headers that a client makes up', () => {
  const invented = {
    'grip-hold': 'stream',
    'grip-channel': 'environment-1',
    'grip-link': '</somewhere>; rel=next',
    'grip-keep-alive': 'x; timeout=1',
    'grip-last': 'environment-1; last-id=1',
    'grip-feature': 'state',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'internal',
    'x-forwarded-prefix': '/admin',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1;host=internal',
    'x-original-url': '/admin/v1/environments',
    'x-rewrite-url': '/admin/v1/environments',
    'x-http-method-override': 'DELETE',
    via: '1.1 pushpin',
  };

  it('change nothing of a snapshot', async () => {
    const get = (headers: object) =>
      app.http.get('/api/v1/configs/0').set({ Authorization: basic(ours.key), ...headers });
    const [plain, decorated] = [await get({}), await get(invented)];
    const varying = { date: '', 'x-request-id': '' };
    expect({ ...decorated.headers, ...varying }).toEqual({ ...plain.headers, ...varying });
    expect(decorated.body).toEqual(plain.body);
  });

  it('headers that a client makes up do not make a direct subscription one of a proxy, and none of them comes back', async () => {
    const stream = await ours.open({ ...invented, 'grip-sig': 'x.y.z' });
    expect(Object.keys(stream.headers).filter((name) => name.startsWith('grip-'))).toEqual([]);
    expect(JSON.stringify(stream.headers)).not.toMatch(/internal|pushpin|somewhere/);
    await app.closeStreams();
  });

  it('change nothing of the instructions to a proxy', async () => {
    app.clock.random = 0.5;
    const [plain, decorated] = [await ours.subscribe(), await ours.subscribe(invented)];
    app.clock.random = undefined;
    for (const name of instructions(plain)) expect(decorated.get(name)).toBe(plain.get(name));
  });

  it('open no way into administration', async () => {
    await app.http.get('/api/v1/configs/0').set(invented).expect(401);
    await app.http.get('/admin/v1/environments').set(invented).expect(404);
    await app.http.get('/livez').set(invented).expect(404);
  });
});

describe('a recovery request that is sent again by someone who saw it', () => {
  const request = async (signature: string) =>
    ours.recover(link, '0', signature === '' ? { 'grip-sig': '' } : { 'grip-sig': signature });

  it('a recovery request that is sent again by someone who saw it is refused when its signature has expired, although it was accepted before', async () => {
    const signature = await sign({ claims: { exp: inSeconds(120) } });
    expect((await request(signature)).status).toBe(200);
    app.clock.ahead = 181_000;
    expect((await request(signature)).status).toBe(403);
    app.clock.ahead = 0;
  });

  it('a recovery request that is sent again by someone who saw it is refused when its path has expired, although its signature has not', async () => {
    const signature = await sign({ claims: { exp: inSeconds(48 * 3600) } });
    app.clock.ahead = 12 * 3_600_000;
    expect((await request(signature)).status).toBe(403);
    app.clock.ahead = 0;
  });

  it('a recovery request that is sent again by someone who saw it is refused without either of the two', async () => {
    expect((await request('')).status).toBe(403);
    expect((await ours.recover('/api/v1/sse/recover/1.x', '0')).status).toBe(403);
  });

  it('a recovery request that is sent again by someone who saw it is believed for as long as the signature is, also after a thousand others', async () => {
    const signature = await sign({ claims: { exp: inSeconds(600), jti: 'first' } });
    expect((await request(signature)).status).toBe(200);
    for (let i = 0; i < 1_010; i += 101) {
      const others = Array.from({ length: 101 }, (_, j) => sign({ claims: { jti: `${i + j}` } }));
      for (const other of await Promise.all(others)) expect((await request(other)).status).toBe(200);
    }
    expect((await request(signature)).status).toBe(200);
    app.clock.ahead = 700_000;
    expect((await request(signature)).status).toBe(403);
    app.clock.ahead = 0;
  });
});
