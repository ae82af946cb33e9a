/** `environments`, `operators` and `audit` against the real app. */
import { describe, expect, it } from 'vitest';
import type { SessionRecord } from '../../src/store/sessions.js';
import { ADMIN_TOKEN } from '../support/app.js';
import { flag } from '../support/configs.js';
import { sharedApp } from '../support/shared.js';
import { until } from '../support/until.js';
import { run, type Result } from './run.js';

const app = sharedApp();

function holdfast(...argv: string[]): Promise<Result> {
  return run(argv, { env: { HOLDFAST_URL: app.url, HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN } });
}

async function printed(...argv: string[]): Promise<string> {
  const { code, out, err } = await holdfast(...argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

async function failed(...argv: string[]): Promise<string> {
  const { code, out, err } = await holdfast(...argv);
  expect({ isZero: code === 0, out }).toEqual({ isZero: false, out: '' });
  return err;
}

const json = async <T>(...argv: string[]): Promise<T> =>
  JSON.parse((await holdfast(...argv, '--json')).out) as T;

/** What `operators create` prints, once. */
async function token(...argv: string[]): Promise<string> {
  const { code, out, err } = await holdfast(...argv);
  expect({ code, err }).toEqual({
    code: 0,
    err: 'The token is shown this once; the server keeps only a hash of it.\n',
  });
  return /^token {2}(hfo_\S+)$/m.exec(out)?.[1] ?? '';
}

describe('environments on a server', () => {
  it('environments put creates by number, and renames by name without changing anything else', async () => {
    expect(await printed('environments', 'put', '700', '--name', 'preview', '--project', '7')).toBe(
      'Environment 700 is created, named preview\n',
    );
    const defaultContext = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    await app.admin('put', '/environments/700').send({ projectId: '7', name: 'preview', defaultContext });
    expect(await printed('environments', 'put', 'preview', '--name', 'review apps')).toBe(
      'Environment 700 is there, named review apps\n',
    );
    const { body } = await app.admin('get', '/environments/review%20apps').expect(200);
    expect(body).toMatchObject({ id: '700', projectId: '7', defaultContext });
    expect(await printed('environments', 'list')).toMatch(/^700 +7 +review apps +\d+ +0$/m);
  });

  it('environments put of a name that does not exist, or of a new number without a name, says what to do', async () => {
    expect(await failed('environments', 'put', 'abc', '--name', 'x')).toContain(
      'holdfast environments put 2 --name abc',
    );
    expect(await failed('environments', 'put', '701')).toContain('needs a name: --name');
    expect(await failed('environments', 'put', '0', '--name', 'x')).toContain('from 1');
  });

  it('environments delete needs its name again, and the audit trail has the message', async () => {
    await printed('environments', 'put', '702', '--name', 'gone');
    expect(await failed('environments', 'delete', 'gone', '--confirm', 'other')).toContain('confirm');
    expect(
      await printed('environments', 'delete', 'gone', '--confirm', 'gone', '--message', 'ticket 4711'),
    ).toMatch(/^Environment 702 is deleted, version \d+; 0 keys revoked\n$/);
    expect(await printed('environments', 'list')).not.toContain('gone');
    await until('the entry is written', async () =>
      (await printed('audit', '--action', 'deleteEnvironment')).includes('message=ticket 4711'),
    );
  });
});

describe('operators on a server', () => {
  it('operators are created, listed, changed, rotated and revoked, and the token does what its role says', async () => {
    const { id } = await app.environment();
    const first = await token('operators', 'create', 'ci', '--environments', `environment ${id}`);
    const asCi = (method: 'get' | 'post', path: string, bearer: string) =>
      app.http[method](`/admin/v1${path}`).auth(bearer, { type: 'bearer' });
    await asCi('post', `/environments/${id}/changes`, first)
      .send({ configs: [flag('a', true)] })
      .expect(200);
    const used = new RegExp(`^ci +editor +${id} +\\d{4}-\\d{2}-\\d{2}$`, 'm');
    await until('the use of the token is noted', async () => used.test(await printed('operators', 'list')));
    expect(await printed('operators', 'change', 'ci', '--role', 'viewer', '--environments', 'all')).toBe(
      'ci is changed: viewer\n',
    );
    await asCi('post', `/environments/${id}/changes`, first)
      .send({ configs: [flag('a', false)] })
      .expect(403);
    const second = await token('operators', 'rotate', 'ci', '--expires', '2099-01-01T00:00:00Z');
    await asCi('get', '/environments', first).expect(401);
    await asCi('get', '/environments', second).expect(200);
    const { operators } = await json<{ operators: object[] }>('operators', 'list');
    expect(operators).toContainEqual(
      expect.objectContaining({
        name: 'ci',
        role: 'viewer',
        environments: 'all',
        expiresAt: '2099-01-01T00:00:00.000Z',
      }),
    );
    expect(await printed('operators', 'change', 'ci', '--expires', 'never')).toBe('ci is changed: viewer\n');
    expect(await printed('operators', 'revoke', 'ci')).toBe('ci is revoked\n');
    await asCi('get', '/environments', second).expect(401);
    expect(await printed('operators', 'list')).not.toMatch(/^ci /m);
  });

  it('operators create prints the operator with its token as JSON', async () => {
    const made = await json<Record<string, unknown>>('operators', 'create', 'robot', '--role', 'admin');
    expect(made).toMatchObject({ name: 'robot', role: 'admin', environments: 'all' });
    expect(made.token).toMatch(/^hfo_/);
  });

  it('operators change without a change, an unknown operator and an unknown environment are refused in words', async () => {
    expect(await failed('operators', 'change', 'robot')).toContain('--role, --environments or --expires');
    expect(await failed('operators', 'revoke', 'stranger')).toContain('stranger');
    expect(await failed('operators', 'create', 'x', '--environments', 'nowhere')).toContain('named nowhere');
    expect(await failed('operators', 'create', 'x', '--role', 'owner')).toContain('viewer, editor, admin');
    expect(await failed('operators', 'create', 'x', '--expires', 'soon')).toContain('2027-01-31T00:00:00Z');
  });
});

describe('audit on a server', () => {
  it('audit lists what was done, newest first, filtered and page by page, in words and as JSON', async () => {
    const { id, keyId } = await app.environment();
    await app.admin('delete', `/keys/${keyId}`).expect(200);
    await until('three entries', async () => {
      const { entries } = await json<{ entries: { environment?: string }[] }>('audit');
      return entries.filter(({ environment }) => environment === id).length === 3;
    });
    const out = await printed('audit', '--subject', keyId, '--action', 'revokeKey');
    expect(out).toMatch(/^AT +OPERATOR +ACTION +ENVIRONMENT +SUBJECT +DETAILS\n.* root +revokeKey +/);
    expect(out.trim().split('\n')).toHaveLength(2);
    const page = await holdfast('audit', '--count', '2');
    const [, next = ''] = /^Older entries: --before (\S+)$/m.exec(page.err) ?? [];
    const older = await json<{ entries: { id: string }[] }>('audit', '--count', '2', '--before', next);
    const newest = await json<{ entries: { id: string }[]; next: string }>('audit', '--count', '2');
    expect(newest.next).toBe(next);
    expect(older.entries.map(({ id }) => id)).not.toContain(newest.entries[1]!.id);
  });

  it('audit sends neither the token nor any option of the connection as a parameter', async () => {
    const argv = ['audit', '--url', app.url, '--token', ADMIN_TOKEN, '--json', '--verbose'];
    const { code, out } = await run(argv);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveProperty('entries');
  });

  it('audit has no entry for an evaluation, which changes nothing', async () => {
    const { id } = await app.environment();
    await app.admin('post', `/environments/${id}/evaluate`).send({}).expect(200);
    await app.admin('post', `/environments/${id}/keys`).send({ kind: 'client', name: 'last' }).expect(201);
    const actions = async () =>
      (await json<{ entries: { action: string; environment?: string }[] }>('audit')).entries
        .filter(({ environment }) => environment === id)
        .map(({ action }) => action);
    await until('the last entry is written', async () => (await actions()).length === 3);
    expect(await actions()).toEqual(['createKey', 'createKey', 'putEnvironment']);
  });
});

describe('sessions on a server', () => {
  const session: SessionRecord = {
    ...{ id: 's1', name: 'ann@example.com', role: 'editor', environments: 'all', hash: 'a'.repeat(64) },
    ...{ issuer: 'https://login.test', subject: '1', claim: 'groups=editors', hasBegun: true, createdAt: 1 },
    expiresAt: Date.now() + 3_600_000,
  };

  it('sessions list prints people with their claims, and sessions end signs one out, or all', async () => {
    const { sessions } = app.store;
    await sessions.replace('s1', undefined, session);
    await sessions.replace('s2', undefined, { ...session, id: 's2', name: 'ben', hash: 'b' });
    expect(await printed('sessions', 'list')).toMatch(/^ann@example.com +editor +all +groups=editors /m);
    expect(await printed('sessions', 'end', 'ann@example.com')).toBe('1 session ended\n');
    expect(await printed('sessions', 'end', '--all')).toBe('1 session ended\n');
    expect(await printed('sessions', 'list')).toBe('No session is open.\n');
  });

  it('sessions end asks for a name or --all, and not both', async () => {
    expect(await failed('sessions', 'end')).toContain('--all');
    expect(await failed('sessions', 'end', 'ann', '--all')).toContain('give the name of a person');
  });
});
