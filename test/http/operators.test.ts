/** Operators: each role against every route of the table, tokens, environments by name, audit. */
import { describe, expect, it } from 'vitest';
import { flag } from '../support/configs.js';
import { sharedApp } from '../support/shared.js';
import { until } from '../support/until.js';
import { operatorRoles } from './operator-roles.js';

const app = sharedApp();
let names = 0;

interface Made {
  readonly name: string;
  readonly token: string;
}

async function operator(settings: object): Promise<Made> {
  const body = { name: `operator-${++names}`, ...settings };
  return (await app.admin('post', '/operators').send(body).expect(201)).body as Made;
}

function as(token: string, method: string, path: string) {
  const verb = method.toLowerCase() as 'get' | 'put' | 'post' | 'delete';
  return app.http[verb](`/admin/v1${path}`).auth(token, { type: 'bearer' });
}

operatorRoles(app);

describe('the token of an operator', () => {
  it('a token is shown once and stored as a hash', async () => {
    const { name, token } = await operator({ role: 'viewer' });
    const { text } = await app.admin('get', '/operators').expect(200);
    expect(text).toContain(`"${name}"`);
    expect(text).not.toContain(token);
    const records = JSON.stringify(
      (await app.store.operators.all()).map((each) => Object.entries(each).flat().map(String)),
    );
    expect(records).not.toContain(token);
    expect(JSON.stringify(app.logs)).not.toContain(token);
  });

  it('a token is refused immediately after its operator is revoked', async () => {
    const { name, token } = await operator({ role: 'viewer' });
    await as(token, 'GET', '/environments').expect(200);
    await app.admin('delete', `/operators/${name}`).expect(200);
    expect((await as(token, 'GET', '/environments').expect(401)).body.error.code).toBe('unauthorized');
    await app.admin('delete', `/operators/${name}`).expect(404);
  });

  it('a token that was rotated is refused, and the new one works', async () => {
    const { name, token } = await operator({ role: 'viewer' });
    const { body } = await app.admin('post', `/operators/${name}/rotate`).send({}).expect(200);
    await as(token, 'GET', '/environments').expect(401);
    await as(body.token as string, 'GET', '/environments').expect(200);
  });

  it('a token is refused from its expiry on, with the remedy', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { name, token } = await operator({ role: 'viewer', expiresAt });
    await as(token, 'GET', '/environments').expect(200);
    app.clock.ahead = 61_000;
    const { body } = await as(token, 'GET', '/environments').expect(401);
    expect(body.error.message).toContain('rotate');
    await app.admin('put', `/operators/${name}`).send({ expiresAt: null }).expect(200);
    await as(token, 'GET', '/environments').expect(200);
    app.clock.ahead = 0;
  });

  it('a change of role and environments counts for the next request', async () => {
    const { id } = await app.environment();
    const { name, token } = await operator({ role: 'viewer' });
    await as(token, 'POST', `/environments/${id}/changes`).send({ configs: [] }).expect(403);
    const change = { role: 'editor', environments: [id] };
    const { body } = await app.admin('put', `/operators/${name}`).send(change).expect(200);
    expect(body).toMatchObject({ name, ...change });
    await as(token, 'POST', `/environments/${id}/changes`)
      .send({ configs: [flag('a', true)] })
      .expect(200);
  });

  it('a change at a revision that is over is refused with 412, and uses leave the revision alone', async () => {
    const created = await app
      .admin('post', '/operators')
      .send({ name: 'shared', role: 'viewer' })
      .expect(201);
    const { revision, token } = created.body as { revision: string; token: string };
    await app.http.get('/admin/v1/self').auth(token, { type: 'bearer' }).expect(200);
    const changeAt = (role: string) =>
      app.admin('put', '/operators/shared').set('If-Match', `"${revision}"`).send({ role });
    await changeAt('editor').expect(200);
    const refused = await changeAt('admin').expect(412);
    expect(refused.body.error.code).toBe('version_mismatch');
    const { operators } = (await app.admin('get', '/operators')).body as {
      operators: { name: string; role: string; revision: string }[];
    };
    const now = operators.find(({ name }) => name === 'shared');
    expect(now).toMatchObject({ role: 'editor', revision: refused.body.error.revision as string });
    await app.admin('put', '/operators/shared').send({ role: 'viewer' }).expect(200);
  });

  it('the day on which a token was last used is kept', async () => {
    const { name, token } = await operator({ role: 'viewer' });
    await as(token, 'GET', '/environments').expect(200);
    const today = new Date().toISOString().slice(0, 10);
    await until('it is written', async () => {
      const { body } = await app.admin('get', '/operators');
      const found = (body.operators as { name: string; lastUsedOn?: string }[]).find(
        (each) => each.name === name,
      );
      return found?.lastUsedOn === today;
    });
  });

  it('refuses a name that is taken, root, and fields that are wrong, each with its field', async () => {
    const { name } = await operator({ role: 'viewer' });
    for (const [body, field] of [
      [{ name, role: 'viewer' }, 'name'],
      [{ name: 'root', role: 'viewer' }, 'name'],
      [{ name: 'Root', role: 'viewer' }, 'name'],
      [{ name: 'with space', role: 'viewer' }, 'name'],
      [{ name: 'x', role: 'owner' }, 'role'],
      [{ name: 'x', role: 'viewer', environments: [] }, 'environments'],
      [{ name: 'x', role: 'viewer', environments: [{}] }, 'environments'],
      [{ name: 'x', role: 'viewer', environments: ['0'] }, 'environments'],
      [{ name: 'x', role: 'viewer', expiresAt: 'tomorrow' }, 'expiresAt'],
      [{ name: 'x', role: 'viewer', token: 'mine' }, 'token'],
    ] as const) {
      const answer = await app.admin('post', '/operators').send(body).expect(400);
      expect([body, answer.body.error.field]).toEqual([body, field]);
    }
    const root = await app.admin('put', '/operators/root').send({ role: 'viewer' }).expect(404);
    expect(root.body.error.message).toContain('HOLDFAST_ADMIN_TOKEN');
  });
});

describe('the name of an environment', () => {
  const put = (id: number, name: string) =>
    app.admin('put', `/environments/${id}`).send({ projectId: '1', name });

  it('a name can be used in a path wherever a number can', async () => {
    await put(5_001, 'my staging/1').expect(201);
    const { body } = await app.admin('get', '/environments/my%20staging%2F1').expect(200);
    expect(body.id).toBe('5001');
    await app.admin('post', '/environments/my%20staging%2F1/keys').send({ kind: 'server' }).expect(201);
    await app
      .admin('post', '/environments/my%20staging%2F1/changes')
      .send({ configs: [flag('a', true)] })
      .expect(200);
  });

  it('refuses a name that another environment has, and one of digits', async () => {
    await put(5_002, 'unique').expect(201);
    for (const name of ['unique', '123']) {
      const { body } = await put(5_003, name).expect(400);
      expect(body.error).toMatchObject({ code: 'field_invalid', field: 'name' });
    }
    await put(5_002, 'unique').expect(200);
  });

  it('a name that concurrent requests give to several environments is refused to all but one', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => 5_100 + i);
    const answers = await Promise.all(ids.map(async (id) => put(id, 'wanted by many')));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...ids.slice(1).map(() => 400)]);
    for (const { body } of answers.filter(({ status }) => status === 400)) {
      expect(body.error).toMatchObject({ code: 'field_invalid', field: 'name' });
      expect(body.error.message).toContain('names are unique');
    }
  });

  it('an operator is created for environments by name, each of them once', async () => {
    await put(5_200, 'named').expect(201);
    const body = { name: 'by-name', role: 'viewer', environments: ['named', 5_200, '5201'] };
    const made = await app.admin('post', '/operators').send(body).expect(201);
    expect(made.body.environments).toEqual(['5200', '5201']);
    const unknown = await app.admin('put', '/operators/by-name').send({ environments: ['nowhere'] });
    expect(unknown.body.error).toMatchObject({ code: 'environment_unknown' });
  });

  it('answers 404 for a name that no environment has', async () => {
    const { body } = await app.admin('get', '/environments/nowhere').expect(404);
    expect(body.error).toMatchObject({ code: 'environment_unknown' });
    expect(body.error.message).toContain('named nowhere');
  });

  it('refuses a name that two environments have had since before names were unique', async () => {
    for (const id of [5_004n, 5_005n]) {
      const settings = { id, projectId: 1n, name: 'twice' };
      const by = { author: 'root', source: 'settings' } as const;
      await app.store.commit({ environment: id, expect: undefined, settings, live: 0, by });
    }
    const { body } = await app.admin('get', '/environments/twice').expect(400);
    expect(body.error).toMatchObject({ code: 'field_invalid', field: 'id' });
    expect(body.error.message).toContain('5004, 5005');
    await put(5_004, 'twice').expect(200);
    await put(5_004, 'once').expect(200);
    await app.admin('get', '/environments/twice').expect(200);
  });
});

describe('the audit trail', () => {
  interface Entry {
    readonly id: string;
    readonly action: string;
    readonly operator: string;
    readonly subject?: string;
    readonly environment?: string;
    readonly details?: Record<string, string>;
  }
  const list = async (query: string): Promise<{ entries: Entry[]; next?: string }> =>
    (await app.admin('get', `/audit?${query}`).expect(200)).body as { entries: Entry[]; next?: string };
  const found = async (query: string, count: number): Promise<Entry[]> => {
    await until(`${count} entries of ${query}`, async () => (await list(query)).entries.length >= count);
    return (await list(query)).entries;
  };

  it('the audit trail has who did what to which environment, newest first, and one log line each', async () => {
    const { id } = await app.environment();
    const { name, token } = await operator({ role: 'admin' });
    app.logs.length = 0;
    const { body: key } = await as(token, 'POST', `/environments/${id}/keys`).send({
      kind: 'client',
      name: 'shop',
    });
    const { body: change } = await as(token, 'POST', `/environments/${id}/changes`).send({
      configs: [flag('a', true)],
    });
    await as(token, 'DELETE', `/keys/${key.id}`).expect(200);
    const entries = await found(`operator=${name}`, 3);
    expect(entries).toMatchObject([
      { action: 'revokeKey', operator: name, environment: id, subject: key.id },
      { action: 'commitChange', operator: name, environment: id, details: { version: change.version } },
      { action: 'createKey', environment: id, subject: key.id, details: { kind: 'client', name: 'shop' } },
    ]);
    expect(JSON.stringify(entries)).not.toContain(key.key);
    const lines = app.logs.filter(({ msg }) => msg === 'administration');
    expect(lines.map(({ level, audit }) => [level, (audit as Entry).action])).toEqual([
      ['info', 'createKey'],
      ['info', 'commitChange'],
      ['info', 'revokeKey'],
    ]);
    expect(JSON.stringify(app.logs)).not.toContain(key.key);
  });

  it('the audit trail has one entry for refused tokens of one address, without the token, and counts each', async () => {
    const before = await app.metric('holdfast_admin_refused_total{reason="unknown"}');
    for (let i = 0; i < 5; i++)
      await as('hfo_a-wrong-token-of-somewhere', 'GET', '/environments').expect(401);
    const entries = await found('action=refuseCredential', 1);
    expect(entries.filter(({ details }) => details?.reason === 'unknown')).toHaveLength(1);
    expect(entries[0]).toMatchObject({ operator: '', subject: expect.stringContaining('127.0.0.1') });
    expect(JSON.stringify([entries, app.logs])).not.toContain('a-wrong-token');
    expect(await app.metric('holdfast_admin_refused_total{reason="unknown"}')).toBe(before + 5);
  });

  it('the audit trail is read page by page', async () => {
    const { id } = await app.environment();
    for (let i = 0; i < 4; i++) await app.admin('post', `/environments/${id}/keys`).send({ kind: 'client' });
    const all = await found(`environment=${id}`, 6);
    const first = await list(`environment=${id}&count=4`);
    const second = await list(`environment=${id}&count=4&before=${first.next}`);
    expect([...first.entries, ...second.entries]).toEqual(all);
    expect(second.next).toBeUndefined();
  });

  it('the audit trail has no entry for a request that failed', async () => {
    const { id } = await app.environment();
    await found(`environment=${id}`, 2);
    await app.admin('post', `/environments/${id}/keys`).send({ kind: 'other' }).expect(400);
    expect((await list(`environment=${id}`)).entries).toHaveLength(2);
  });

  it('the audit trail refuses parameters that are wrong', async () => {
    for (const query of ['count=0', 'count=501', 'before=x', 'environment=x', 'action=', 'actor=me']) {
      const { body } = await app.admin('get', `/audit?${query}`).expect(400);
      expect([query, body.error.field]).toEqual([query, query.split('=')[0]]);
    }
  });
});
