/** `holdfast/admin` against a running app. docs/admin-client.md */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AdminError, createAdminClient, type AdminClient } from '../../src/admin/index.js';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';

let app: TestApp;
let admin: AdminClient;

beforeAll(async () => {
  app = await startApp();
  admin = createAdminClient({ url: `${app.url}/`, token: ADMIN_TOKEN });
  await app.environment({ name: 'Production' });
});

afterAll(() => app.close());

const PRODUCTION = { params: { path: { id: '1' } } };

async function errorOf(call: Promise<unknown>): Promise<AdminError> {
  const error: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof AdminError)) throw new Error('an AdminError was expected', { cause: error });
  return error;
}

describe('the client of the administration', () => {
  it('the client of the administration reads what the server has', async () => {
    const { data } = await admin.get('/admin/v1/environments');
    expect(data.environments.map(({ id, name }) => [id, name])).toEqual([['1', 'Production']]);
    const named = await admin.get('/admin/v1/environments/{id}', { params: { path: { id: 'Production' } } });
    expect(named.data.id).toBe('1');
  });

  it('the client of the administration commits a change to the version that it read', async () => {
    const { version } = await admin.get('/admin/v1/environments/{id}/configs', PRODUCTION);
    const change = (read: string | undefined) =>
      admin.post('/admin/v1/environments/{id}/changes', {
        params: { path: { id: '1' }, header: { 'If-Match': `"${read ?? ''}"` } },
        body: { configs: [flag('flag.a', true)] },
      });
    const { data } = await change(version);
    expect(data).toMatchObject({ previous: version });
    const error = await errorOf(change('1'));
    expect([error.status, error.code]).toEqual([412, 'version_mismatch']);
  });

  it('the client of the administration issues and revokes a key', async () => {
    const { data, response } = await admin.post('/admin/v1/environments/{id}/keys', {
      ...PRODUCTION,
      body: { kind: 'client', name: 'pages' },
    });
    expect([response.status, data.kind, data.key.length > 20]).toEqual([201, 'client', true]);
    const revoked = await admin.delete('/admin/v1/keys/{id}', { params: { path: { id: data.id } } });
    expect(revoked.data.revokedAt).toBeDefined();
  });

  it('an error of the server has status, code, field, message and the id of the request', async () => {
    const error = await errorOf(
      admin.put('/admin/v1/environments/{id}', {
        params: { path: { id: '2' } },
        body: { projectId: '1', name: '12' },
        headers: { 'X-Request-Id': 'request-of-the-test' },
      }),
    );
    expect(error).toMatchObject({
      name: 'AdminError',
      status: 400,
      code: 'field_invalid',
      field: 'name',
      requestId: 'request-of-the-test',
    });
    expect(error.message).not.toBe('');
  });

  it('a token from a function is asked for before each request', async () => {
    let token: string | undefined = 'wrong';
    const client = createAdminClient({ url: app.url, token: () => token });
    expect(await errorOf(client.get('/admin/v1/self'))).toMatchObject({ status: 401, code: 'unauthorized' });
    token = ADMIN_TOKEN;
    expect((await client.get('/admin/v1/self')).data.role).toBe('admin');
  });

  it('a server that does not answer is an error with the code unreachable and its cause', async () => {
    const client = createAdminClient({ url: 'http://127.0.0.1:1', token: 't' });
    const error = await errorOf(client.get('/admin/v1/self'));
    expect([error.status, error.code, error.cause instanceof Error]).toEqual([0, 'unreachable', true]);
  });

  it('a request that its caller ended rejects with the reason of the caller', async () => {
    const reason = new Error('enough');
    await expect(admin.get('/admin/v1/self', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('an answer of another server is an error with the code unexpected', async () => {
    const client = createAdminClient({
      url: 'http://flags.example.org',
      fetch: () => Promise.resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 })),
    });
    const error = await errorOf(client.get('/admin/v1/self'));
    expect(error).toMatchObject({ status: 502, code: 'unexpected', field: undefined, requestId: undefined });
  });

  it('a path keeps its parameters whatever is in them', async () => {
    const error = await errorOf(
      admin.get('/admin/v1/environments/{id}', { params: { path: { id: 'a/b?c#d' } } }),
    );
    expect([error.status, error.code]).toEqual([404, 'environment_unknown']);
  });
});
