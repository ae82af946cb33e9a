/** Administration: environments and keys. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { basic, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { keysIn, readBody } from '../support/stream.js';

const CONTEXT = { contexts: [{ type: 'prefab-api-key', values: { 'user-id': { string: '7' } } }] };
const OTHER_CONTEXT = { contexts: [{ type: 'team', values: { size: { int: '9007199254740993' } } }] };

let app: TestApp;
/** Above those that `app.environment()` gives out. */
let nextId = 1_000;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

const put = (id: number | string, body: object) => app.admin('put', `/environments/${id}`).send(body);

describe('an environment', () => {
  it('an environment is created with 201, at version 0 and without configs', async () => {
    const id = nextId++;
    const answer = await put(id, { projectId: '3', name: 'Production' }).expect(201);
    expect(answer.body).toEqual({
      id: `${id}`,
      projectId: '3',
      name: 'Production',
      version: '0',
      configs: 0,
      revision: expect.stringMatching(/^[\w-]{22}$/) as string,
    });
  });

  it('an environment is updated with 200', async () => {
    const id = nextId++;
    await put(id, { projectId: '3', name: 'before' }).expect(201);
    const answer = await put(id, { projectId: '3', name: 'after' }).expect(200);
    expect(answer.body.name).toBe('after');
    expect((await app.admin('get', `/environments/${id}`)).body).toEqual(answer.body);
  });

  it('an environment can be read, with its version and its number of configs that are not deleted', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true), flag('b', true));
    const { version } = await environment.commit({ key: 'a', configType: 'DELETED' });
    const answer = await app.admin('get', `/environments/${environment.id}`).expect(200);
    expect(answer.body).toMatchObject({ id: environment.id, version, configs: 1 });
    expect(answer.get('Cache-Control')).toBe('no-store');
  });

  it('an environment is in the list', async () => {
    const [first, second] = [nextId++, nextId++];
    await put(second, { projectId: '3', name: 'second' }).expect(201);
    await put(first, { projectId: '3', name: 'first' }).expect(201);
    const answer = await app.admin('get', '/environments').expect(200);
    const ids = answer.body.environments.map(({ id }: { id: string }) => Number(id)) as number[];
    expect(ids.filter((id) => id === first || id === second)).toEqual([first, second]);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('settings of an environment are replaced at the revision of If-Match only, which flags leave alone', async () => {
    const environment = await app.environment();
    const path = `/environments/${environment.id}`;
    const { revision, name } = (await app.admin('get', path).expect(200)).body as Record<string, string>;
    await environment.commit(flag('a', true));
    const putAt = (tag: string, settings: object) =>
      app
        .admin('put', path)
        .set('If-Match', tag)
        .send({ projectId: '1', name, ...settings });
    const changed = await putAt(`"${revision}"`, { name: `${name} new` }).expect(200);
    expect((changed.body as { revision: string }).revision).not.toBe(revision);
    const refused = await putAt(`"${revision}"`, { name: `${name} lost` }).expect(412);
    expect(refused.body.error).toMatchObject({
      code: 'version_mismatch',
      message: expect.stringContaining('changed by someone else') as string,
      revision: (changed.body as { revision: string }).revision,
    });
    expect((await app.admin('get', path)).body).toMatchObject({ name: `${name} new` });
    await putAt('*', {}).expect(200);
    const unreadable = await putAt('"5"', {}).expect(400);
    expect(unreadable.body.error).toMatchObject({ code: 'field_invalid', field: 'If-Match' });
    const absent = app.admin('put', '/environments/998877').set('If-Match', `"${revision}"`);
    await absent.send({ projectId: '1', name: 'absent' }).expect(412);
  });

  it('one of several concurrent renames at one revision is made', async () => {
    const environment = await app.environment();
    const path = `/environments/${environment.id}`;
    const { revision } = (await app.admin('get', path)).body as { revision: string };
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((name) =>
        app
          .admin('put', path)
          .set('If-Match', `"${revision}"`)
          .send({ projectId: '1', name: `${environment.id} ${name}` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it('an environment that does not exist is answered 404, with the way to create it', async () => {
    for (const path of ['', '/keys', '/configs']) {
      const answer = await app.admin('get', `/environments/424242${path}`).expect(404);
      expect(answer.body.error).toMatchObject({ code: 'environment_unknown' });
      expect(answer.body.error.message).toContain('PUT /admin/v1/environments/424242');
    }
  });

  it('an environment may have a number above 2^53', async () => {
    const id = '9223372036854775807';
    await put(id, { projectId: id, name: 'the last' }).expect(201);
    expect((await app.admin('get', `/environments/${id}`)).body).toMatchObject({ id, projectId: id });
  });

  it('an environment can be put twice concurrently: one request creates it', async () => {
    const id = nextId++;
    const answers = await Promise.all([1, 2, 3].map(() => put(id, { projectId: 3, name: 'same' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 201]);
  });

  it('an environment keeps its project once it has configs, which carry its number', async () => {
    const environment = await app.environment({ projectId: '1' });
    await environment.commit(flag('a', true));
    const answer = await put(environment.id, { projectId: '2', name: 'other' }).expect(400);
    expect(answer.body.error).toMatchObject({ code: 'field_invalid', field: 'projectId' });
    expect((await app.admin('get', `/environments/${environment.id}`)).body.projectId).toBe('1');
  });

  it('an environment shows its configs without tombstones, with its version as the ETag', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true), flag('b', true));
    const { version } = await environment.commit({ key: 'a', configType: 'DELETED' });
    const answer = await app.admin('get', `/environments/${environment.id}/configs`).expect(200);
    expect(answer.body.configs.map(({ key }: { key: string }) => key)).toEqual(['b']);
    expect(answer.get('ETag')).toBe(`"${version}"`);
  });

  it('an environment is not changed by a request that is refused', async () => {
    const id = nextId++;
    const before = (await put(id, { projectId: '3', name: 'kept', defaultContext: CONTEXT }).expect(201))
      .body;
    await put(id, { projectId: '3', name: 'new', defaultContext: { contexts: 'none' } }).expect(400);
    await put(id, { projectId: '3', name: 'new', unknown: 1 }).expect(400);
    expect((await app.admin('get', `/environments/${id}`)).body).toEqual(before);
  });
});

describe('a default context', () => {
  it('a default context comes back as it was given', async () => {
    const id = nextId++;
    await put(id, { projectId: '3', name: 'with a context', defaultContext: OTHER_CONTEXT }).expect(201);
    const answer = await app.admin('get', `/environments/${id}`);
    expect(answer.body.defaultContext).toEqual(OTHER_CONTEXT);
  });

  it('a default context that changes makes a new version, and an event without configs', async () => {
    const environment = await app.environment({ defaultContext: CONTEXT });
    const before = await environment.commit(flag('a', true));
    const settings = { projectId: '1', name: 'changed', defaultContext: OTHER_CONTEXT };
    const { version } = (await put(environment.id, settings).expect(200)).body as { version: string };
    expect(BigInt(version)).toBeGreaterThan(BigInt(before.version));
    const { text } = await environment.subscribe({ 'last-event-id': before.version });
    expect(keysIn(text)).toEqual([]);
    expect(readBody(text).events).toMatchObject([
      {
        id: version,
        configs: { defaultContext: OTHER_CONTEXT, configServicePointer: { projectEnvId: environment.id } },
      },
    ]);
  });

  it('a default context can be taken away again', async () => {
    const environment = await app.environment({ defaultContext: CONTEXT });
    await environment.commit(flag('a', true));
    const answer = await put(environment.id, { projectId: '1', name: 'without' }).expect(200);
    expect(answer.body).not.toHaveProperty('defaultContext');
    const [event] = readBody((await environment.subscribe()).text).events;
    expect(event!.configs).not.toHaveProperty('defaultContext');
  });

  it('a default context that is put again makes no new version, and neither does a name', async () => {
    const environment = await app.environment({ defaultContext: CONTEXT });
    const { version } = await environment.commit(flag('a', true));
    const settings = { projectId: '1', name: 'another name', defaultContext: CONTEXT };
    expect((await put(environment.id, settings).expect(200)).body.version).toBe(version);
  });
});

describe('a key', () => {
  const create = (id: string, body: object) => app.admin('post', `/environments/${id}/keys`).send(body);
  const list = async (id: string) =>
    (await app.admin('get', `/environments/${id}/keys`).expect(200)).body.keys as Record<string, unknown>[];

  it('a key that is created while its environment is deleted is refused, and revoked when it comes back', async () => {
    const { id } = await app.environment();
    const addKey = app.store.addKey.bind(app.store);
    const held = vi.spyOn(app.store, 'addKey').mockImplementationOnce(async (key) => {
      await app.admin('delete', `/environments/${id}`).send({ confirm: id }).expect(200);
      await addKey(key);
    });
    const { body } = await create(id, { kind: 'server', name: 'late' }).expect(404);
    held.mockRestore();
    expect(body.error.code).toBe('environment_unknown');
    await put(Number(id), { projectId: '1', name: `again ${id}` }).expect(201);
    const late = (await list(id)).find(({ name }) => name === 'late');
    expect(late).toMatchObject({ revokedAt: expect.any(String) as string });
  });

  it('a key has a text that names its project and environment, and is shown when it is created', async () => {
    const environment = await app.environment({ projectId: '3' });
    const { body } = await create(environment.id, { kind: 'server', name: 'backend' }).expect(201);
    expect(body).toMatchObject({ kind: 'server', name: 'backend', environment: environment.id });
    expect(body.key).toMatch(new RegExp(`^[0-9a-f]{16}-P3-E${environment.id}-SDK-[0-9a-f]{32}$`));
    const client = await create(environment.id, { kind: 'client' }).expect(201);
    expect(client.body.key).toContain('-CLIENT-');
  });

  it('a key works immediately', async () => {
    const environment = await app.environment();
    const { body } = await create(environment.id, { kind: 'server' }).expect(201);
    await app.http
      .get('/api/v1/configs/0')
      .set('Authorization', basic(body.key as string))
      .expect(200);
  });

  it('a key is another one each time', async () => {
    const environment = await app.environment();
    const made = await Promise.all([1, 2, 3].map(() => create(environment.id, { kind: 'server' })));
    expect(new Set(made.map(({ body }) => body.key as string)).size).toBe(3);
    expect(new Set(made.map(({ body }) => body.id as string)).size).toBe(3);
  });

  it('a key is never shown again: the list has neither its text nor its hash', async () => {
    const environment = await app.environment();
    const keys = await list(environment.id);
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['createdAt', 'environment', 'id', 'kind', 'name'],
    ]);
    const { hash } = (await app.store.keys()).find(({ id }) => id === environment.keyId)!;
    const shown = JSON.stringify(keys);
    expect(shown).not.toContain(hash);
    for (const part of environment.key.split('-SDK-')) expect(shown).not.toContain(part);
  });

  it('a key is stored as a hash only', async () => {
    const environment = await app.environment();
    expect(JSON.stringify(await app.store.keys(), bigints)).not.toContain(environment.key.split('-')[0]);
  });

  it('a key is listed with its own environment only', async () => {
    const [one, other] = [await app.environment(), await app.environment()];
    expect((await list(one.id)).map(({ id }) => id)).toEqual([one.keyId]);
    expect((await list(other.id)).map(({ id }) => id)).toEqual([other.keyId]);
  });

  it('a key is revoked, which the list shows and which can be repeated', async () => {
    const environment = await app.environment();
    const first = await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    expect(first.body).toMatchObject({ id: environment.keyId, revokedAt: expect.any(String) });
    app.clock.ahead = 60_000;
    const second = await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    app.clock.ahead = 0;
    expect(second.body).toEqual(first.body);
    expect(await list(environment.id)).toMatchObject([{ revokedAt: first.body.revokedAt }]);
  });

  it('a key with an expiry that is over, or is no time, is not created', async () => {
    const environment = await app.environment();
    for (const expiresAt of ['2020-01-01T00:00:00Z', 'tomorrow', 5]) {
      const body = { kind: 'server', expiresAt };
      const answer = await app.admin('post', `/environments/${environment.id}/keys`).send(body).expect(400);
      expect(answer.body.error).toMatchObject({ code: 'field_invalid', field: 'expiresAt' });
    }
    await app.admin('post', `/environments/${environment.id}/keys`).send({ kind: 'server', expiresAt: null });
    expect(await list(environment.id)).toHaveLength(2);
  });

  it('a list of keys has when each was last used, and nothing for one that never was', async () => {
    const environment = await app.environment();
    await app.store.keyUse.note(new Map([[environment.keyId, 1_800_000_000_000]]));
    await app.admin('post', `/environments/${environment.id}/keys`).send({ kind: 'server' });
    const used = (await list(environment.id)).map(({ id, lastUsedAt }) => [id, lastUsedAt]);
    expect(used).toEqual([
      [environment.keyId, '2027-01-15T08:00:00.000Z'],
      [expect.any(String), undefined],
    ]);
  });

  it('a key that does not exist is answered 404 when it is revoked', async () => {
    const answer = await app.admin('delete', '/keys/unknown').expect(404);
    expect(answer.body.error.code).toBe('not_found');
  });

  it('a key has no id that means something to a proxy or a path', async () => {
    const environment = await app.environment();
    expect(environment.keyId).toMatch(/^[A-Za-z0-9-]+$/);
  });
});

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}
