/** Snapshots: the ruleset, or the delta from a version, as one body. */
import type { Response } from 'supertest';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeConfigs } from '../../src/ruleset/codec.js';
import type { Configs } from '../../src/ruleset/model.js';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { deletion, flag } from '../support/configs.js';

const CONTEXT = { contexts: [{ type: 'prefab-api-key', values: { 'user-id': { string: '7' } } }] };

let app: TestApp;
/** With three configs, each from a change of its own. */
let environment: TestEnvironment;
let versions: string[];

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

beforeEach(async () => {
  environment = await app.environment({ projectId: '3', defaultContext: CONTEXT });
  versions = [];
  for (const key of ['a', 'b', 'c']) versions.push((await environment.commit(flag(key, true))).version);
});

const get = (from: string, headers: Record<string, string> = {}) =>
  app.http.get(`/api/v1/configs/${from}`).auth('authuser', environment.key).set(headers).responseType('blob');

const keysOf = ({ configs = [] }: Configs) => configs.map(({ key }) => key);
const read = (answer: Response) => decodeConfigs(answer.body as Buffer);

describe('a snapshot', () => {
  it('a snapshot from 0 is everything, as protobuf, with pointer and default context', async () => {
    const answer = await get('0').expect(200).expect('Content-Type', 'application/x-protobuf');
    const configs = read(answer);
    expect(keysOf(configs)).toEqual(['a', 'b', 'c']);
    expect(configs.configServicePointer).toEqual({ projectId: '3', projectEnvId: environment.id });
    expect(configs.defaultContext).toEqual(CONTEXT);
  });

  it('a snapshot from a version is what is above it', async () => {
    expect(keysOf(read(await get(versions[0]!)))).toEqual(['b', 'c']);
    expect(keysOf(read(await get(versions[1]!)))).toEqual(['c']);
  });

  it('a snapshot from the current version has no configs, and is not empty: SDKs need the pointer', async () => {
    const answer = await get(versions[2]!).expect(200);
    expect(read(answer)).toEqual({
      configServicePointer: { projectId: '3', projectEnvId: environment.id },
      defaultContext: CONTEXT,
    });
  });

  it('a snapshot from a version that is ahead has no configs; the stream finds out', async () => {
    expect(keysOf(read(await get('9223372036854775807').expect(200)))).toEqual([]);
  });

  it('a snapshot has tombstones, for those who had the config', async () => {
    await environment.commit(deletion('b'));
    expect(read(await get('0')).configs!.at(-1)).toMatchObject({ key: 'b', configType: 'DELETED' });
    expect(keysOf(read(await get(versions[2]!)))).toEqual(['b']);
  });

  it('a snapshot of an empty environment is the pointer', async () => {
    const empty = await app.environment();
    const answer = await app.http
      .get('/api/v1/configs/0')
      .auth('u', empty.key)
      .responseType('blob')
      .expect(200);
    expect(read(answer)).toEqual({ configServicePointer: { projectId: '1', projectEnvId: empty.id } });
  });

  it('a snapshot shows a change immediately after its commit was answered', async () => {
    await environment.commit(flag('d', true));
    expect(keysOf(read(await get('0')))).toContain('d');
  });

  it('a snapshot has ids above 2^53 in full', async () => {
    const id = '9007199254740993';
    await environment.commit({ ...flag('large', true), id });
    expect(read(await get('0')).configs!.at(-1)).toMatchObject({ key: 'large', id });
  });
});

describe('the JSON form of a snapshot', () => {
  it('the JSON form of a snapshot is the proto3-JSON of the same', async () => {
    const answer = await app.http
      .get('/api/v1/configs/0?format=json')
      .auth('authuser', environment.key)
      .expect(200)
      .expect('Content-Type', /^application\/json\b/);
    expect(answer.body).toEqual(read(await get('0')));
    expect((answer.body as Configs).configs![0]).toMatchObject({
      id: versions[0],
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
    });
  });

  it('the JSON form of a snapshot is a datafile: it can be committed to another environment as it is', async () => {
    const datafile = await app.http
      .get('/api/v1/configs/0?format=json')
      .auth('authuser', environment.key)
      .expect(200);
    const other = await app.environment({ projectId: '3' });
    const answer = await app.admin('post', `/environments/${other.id}/changes`).send(datafile.body as object);
    expect([answer.status, answer.body.version]).toEqual([200, versions[2]]);
  });
});

describe('an ETag', () => {
  it('answers 304 to who has that version, without a body', async () => {
    const etag = (await get('0')).get('ETag')!;
    const answer = await get('0', { 'If-None-Match': etag });
    expect([answer.status, answer.get('ETag'), (answer.body as Buffer).length]).toEqual([304, etag, 0]);
    for (const header of [`W/${etag}`, `"other", ${etag}`, '*']) {
      expect((await get('0', { 'If-None-Match': header })).status).toBe(304);
    }
  });

  it('answers 200 to who has another', async () => {
    const etag = (await get('0')).get('ETag')!;
    await environment.commit(flag('d', true));
    expect((await get('0', { 'If-None-Match': etag })).status).toBe(200);
    for (const header of ['"other"', etag.replaceAll('"', ''), '""']) {
      expect((await get('0', { 'If-None-Match': header })).status).toBe(200);
    }
  });

  it('an ETag is another one for each environment, version and form', async () => {
    const other = await app.environment();
    const etags = [
      (await get('0')).get('ETag'),
      (await app.http.get('/api/v1/configs/0?format=json').auth('u', environment.key)).get('ETag'),
      (await app.http.get('/api/v1/configs/0').auth('u', other.key)).get('ETag'),
    ];
    await environment.commit(flag('d', true));
    etags.push((await get('0')).get('ETag'));
    expect(new Set(etags).size).toBe(4);
    for (const etag of etags) expect(etag).toMatch(/^"[\w-]+"$/);
  });

  it('an ETag does not save a refused key: 401 comes first', async () => {
    const etag = (await get('0')).get('ETag')!;
    await app.http.get('/api/v1/configs/0').set('If-None-Match', etag).expect(401);
  });
});

describe('the headers of a snapshot', () => {
  it('let a CDN serve it, also while we are down, and make clients revalidate', async () => {
    const { headers } = await get('0');
    expect(headers).toMatchObject({
      'cache-control': 'public, no-cache',
      'cdn-cache-control': 'public, max-age=1, stale-while-revalidate=60, stale-if-error=86400',
      'surrogate-key': `environment-${environment.id}`,
      vary: 'Authorization, Accept-Encoding',
    });
    expect(headers['surrogate-control']).toBe(headers['cdn-cache-control']);
  });

  it('the headers of a snapshot are on a 304 too', async () => {
    const fresh = await get('0');
    const { headers } = await get('0', { 'If-None-Match': fresh.get('ETag')! });
    for (const name of ['cache-control', 'cdn-cache-control', 'surrogate-key', 'vary', 'etag']) {
      expect([name, headers[name]]).toEqual([name, fresh.headers[name]]);
    }
  });
});

describe('a version that is none', () => {
  for (const from of ['-1', 'abc', '0x1', '1.5', '01', '1e3', '9223372036854775808', '%20', '1%2F2']) {
    it(`a version that is none is refused: ${from}`, async () => {
      const answer = await app.http.get(`/api/v1/configs/${from}`).auth('authuser', environment.key);
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
        400,
        'field_invalid',
        'from',
      ]);
      expect(answer.get('Cache-Control')).toBe('no-store');
      expect(answer.get('Surrogate-Key')).toBeUndefined();
    });
  }
});

describe('a form that is none', () => {
  it('a form that is none is refused by name', async () => {
    for (const query of ['format=xml', 'format=', 'format=json&format=json']) {
      const answer = await app.http.get(`/api/v1/configs/0?${query}`).auth('authuser', environment.key);
      expect([answer.status, answer.body.error.field]).toEqual([400, 'format']);
      expect(answer.get('Cache-Control')).toBe('no-store');
    }
  });
});

describe('other methods', () => {
  it('other methods are refused, and HEAD is GET without its body', async () => {
    for (const method of ['post', 'put', 'delete'] as const) {
      const answer = await app.http[method]('/api/v1/configs/0').auth('authuser', environment.key);
      expect([answer.status, answer.get('Allow'), answer.get('Cache-Control')]).toEqual([
        405,
        'GET, HEAD',
        'no-store',
      ]);
    }
    const head = await app.http.head('/api/v1/configs/0').auth('authuser', environment.key).expect(200);
    expect(head.get('ETag')).toBe((await get('0')).get('ETag'));
  });
});
