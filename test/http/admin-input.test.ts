/** Bad input of environments and keys: the field is named, and nothing changes. */
import { describe, expect, it } from 'vitest';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

const app = sharedApp();
const environment = sharedEnvironment(app);

describe('an environment or a key is refused with', () => {
  const good = { projectId: '1', name: 'x' };
  const context = (value: unknown) => ({ ...good, defaultContext: value });
  const bodies: [string, string, unknown, string, string | undefined][] = [
    ['no body', '/environments/77', undefined, 'field_invalid', 'projectId'],
    ['a list', '/environments/77', [], 'body_invalid', undefined],
    ['text that is not JSON', '/environments/77', '{', 'body_invalid', undefined],
    ['no project', '/environments/77', { name: 'x' }, 'field_invalid', 'projectId'],
    ['project 0', '/environments/77', { ...good, projectId: 0 }, 'field_invalid', 'projectId'],
    [
      'a project with a fraction',
      '/environments/77',
      { ...good, projectId: 1.5 },
      'field_invalid',
      'projectId',
    ],
    [
      'a project that lost digits',
      '/environments/77',
      { ...good, projectId: 2 ** 60 },
      'field_invalid',
      'projectId',
    ],
    [
      'a project that is no number',
      '/environments/77',
      { ...good, projectId: 'x' },
      'field_invalid',
      'projectId',
    ],
    ['no name', '/environments/77', { projectId: '1' }, 'field_invalid', 'name'],
    ['an empty name', '/environments/77', { ...good, name: '' }, 'field_invalid', 'name'],
    [
      'a name of 201 characters',
      '/environments/77',
      { ...good, name: 'x'.repeat(201) },
      'field_invalid',
      'name',
    ],
    ['a name of another type', '/environments/77', { ...good, name: 5 }, 'field_invalid', 'name'],
    ['an unknown member', '/environments/77', { ...good, colour: 'red' }, 'field_invalid', 'colour'],
    ['a context of another type', '/environments/77', context('x'), 'field_invalid', 'defaultContext'],
    [
      'a context with an unknown member',
      '/environments/77',
      context({ contexts: [{ kind: 'user' }] }),
      'field_invalid',
      'defaultContext.contexts[0].kind',
    ],
    ['number 0', '/environments/0', good, 'field_invalid', 'id'],
    ['a number above 2^63 - 1', '/environments/9223372036854775808', good, 'field_invalid', 'id'],
  ];
  for (const [name, path, body, code, field] of bodies) {
    it(name, async () => {
      const before = (await app.admin('get', '/environments')).body as unknown;
      const test = app.admin('put', path).set('Content-Type', 'application/json');
      const answer = await (body === undefined ? test : test.send(body as object));
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([400, code, field]);
      expect(answer.body.error.message).toContain(field ?? ' ');
      expect((await app.admin('get', '/environments')).body).toEqual(before);
    });
  }

  const keys: [string, unknown, string | undefined][] = [
    ['no kind', {}, 'kind'],
    ['another kind', { kind: 'admin' }, 'kind'],
    ['a name of another type', { kind: 'server', name: 5 }, 'name'],
    ['a text of its own', { kind: 'server', key: 'mine' }, 'key'],
  ];
  for (const [name, body, field] of keys) {
    it(`${name} (of a key)`, async () => {
      const before = await app.store.keys();
      const answer = await app.admin('post', `/environments/${environment.id}/keys`).send(body as object);
      expect([answer.status, answer.body.error.code, answer.body.error.field]).toEqual([
        400,
        'field_invalid',
        field,
      ]);
      expect(answer.body.error.message).toContain(field);
      expect(await app.store.keys()).toEqual(before);
    });
  }

  it('64 KiB of it', async () => {
    const answer = await app.admin('put', '/environments/77').send({ ...good, name: 'x'.repeat(65_536) });
    expect([answer.status, answer.body.error.code]).toEqual([413, 'change_too_large']);
    expect(answer.body.error.message).toContain('65536 bytes');
  });
});
