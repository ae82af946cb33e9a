/**
 * Every route that the app has, read from its router, so that a new one cannot be forgotten here.
 */
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN } from '../support/app.js';
import { routesOf } from '../support/routes.js';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

const app = sharedApp();
const environment = sharedEnvironment(app);

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

/**
 * The routes in docs/protocol.md, with the methods that each answers. Everything else is answered
 * 405 or 404.
 */
const ADMIN_ROUTES: Record<string, string> = {
  '/admin/v1/environments': 'GET',
  '/admin/v1/environments/:id': 'GET, PUT, DELETE',
  '/admin/v1/environments/:id/configs': 'GET',
  '/admin/v1/environments/:id/changes': 'POST',
  '/admin/v1/environments/:id/evaluate': 'POST',
  '/admin/v1/environments/:id/fleet': 'GET',
  '/admin/v1/environments/:id/history': 'GET',
  '/admin/v1/environments/:id/history/:place': 'GET',
  '/admin/v1/environments/:id/rollback': 'POST',
  '/admin/v1/environments/:id/promote': 'POST',
  '/admin/v1/environments/:id/keys': 'GET, POST',
  '/admin/v1/keys/:id': 'DELETE',
  '/admin/v1/rejected': 'GET',
  '/admin/v1/rejected/:id': 'DELETE',
  '/admin/v1/rejected/:id/retry': 'POST',
  '/admin/v1/restore': 'POST',
  '/admin/v1/self': 'GET',
  '/admin/v1/operators': 'GET, POST',
  '/admin/v1/operators/:name': 'PUT, DELETE',
  '/admin/v1/operators/:name/rotate': 'POST',
  '/admin/v1/sessions': 'GET, DELETE',
  '/admin/v1/sessions/:id': 'DELETE',
  '/admin/v1/sign-out': 'POST',
  '/admin/v1/audit': 'GET',
  '/admin/v1/delivery': 'GET',
  '/admin/v1/delivery/events': 'GET',
};
const OTHER_ROUTES: Record<string, string> = {
  '/admin/v1/sign-in': 'GET, POST',
  '/admin/v1/oidc/start': 'GET',
  '/admin/v1/oidc/callback': 'GET',
  '/livez': 'GET, HEAD',
  '/readyz': 'GET, HEAD',
  '/metrics': 'GET, HEAD',
  '/openapi.json': 'GET, HEAD',
  '/api/v1/sse/config': 'GET',
  '/api/v1/sse/recover/:token': 'GET',
  '/api/v1/configs/:from': 'GET, HEAD',
  '/api/v2/configs/eval-with-context/:context': 'GET, HEAD, OPTIONS',
  '/api/v1/telemetry': 'POST, OPTIONS',
  '/api/v1/known-loggers': 'POST, OPTIONS',
  '/api/v1/context-shapes': 'POST, OPTIONS',
  '/ofrep/v1/evaluate/flags': 'POST, OPTIONS',
  '/ofrep/v1/evaluate/flags/:key': 'POST, OPTIONS',
  '/ofrep/v1/streams/:token': 'GET, OPTIONS',
};

/** A path that the pattern matches: of an environment that exists, and of things that do not. */
function exampleOf(pattern: string): string {
  const id = pattern.startsWith('/admin/v1/keys') ? 'unknown' : environment.id;
  return pattern
    .replace(':id', id)
    .replace(':token', 'x')
    .replace(':from', '0')
    .replace(':name', 'unknown')
    .replace(':place', '1');
}

describe('the routes of the app', () => {
  it('the routes of the app are those that are documented, and no other', () => {
    const documented = [...Object.keys(ADMIN_ROUTES), ...Object.keys(OTHER_ROUTES)];
    expect(routesOf(app.app).sort()).toEqual(documented.sort());
  });
});

for (const [name, authorization] of Object.entries({
  'without a token': undefined,
  'with another token': 'Bearer another-admin-token-here',
  'with a prefix of the token': `Bearer ${ADMIN_TOKEN.slice(0, -1)}`,
  'with an empty token': 'Bearer ',
  'with the token in another scheme': `Basic ${Buffer.from(`admin:${ADMIN_TOKEN}`).toString('base64')}`,
  'with an API key': 'key',
})) {
  describe(`a request ${name}`, () => {
    for (const path of [...Object.keys(ADMIN_ROUTES), '/admin/v1/', '/admin/v1/unknown']) {
      it(`a request with a wrong or missing credential is refused at ${path}, whatever the method`, async () => {
        for (const method of METHODS) {
          const test = app.http[method](exampleOf(path));
          const header = authorization === 'key' ? `Bearer ${environment.key}` : authorization;
          if (header !== undefined) test.set('Authorization', header);
          const { status, headers, body } = await test;
          expect([method, status]).toEqual([method, 401]);
          expect(headers).toMatchObject({ 'www-authenticate': 'Bearer', 'cache-control': 'no-store' });
          if (method !== 'head') expect(body.error.code).toBe('unauthorized');
        }
      });
    }

    it('a refused request has no effect', async () => {
      await app.http
        .put('/admin/v1/environments/999')
        .set(authorization === undefined ? {} : { Authorization: authorization })
        .send({ projectId: 1, name: 'intruder' })
        .expect(401);
      await app.admin('get', '/environments/999').expect(404);
    });
  });
}

describe('the wrong method', () => {
  for (const [pattern, allowed] of Object.entries({ ...ADMIN_ROUTES, ...OTHER_ROUTES })) {
    it(`the wrong method is answered 405 with the right ones at ${pattern}`, async () => {
      const isStream = pattern.includes('/sse/') || pattern.endsWith('/events');
      const implied = allowed.includes('GET') && !isStream ? ['HEAD'] : [];
      const right = [...allowed.split(', '), ...implied];
      for (const method of METHODS.filter((each) => !right.includes(each.toUpperCase()))) {
        const answer = await app.http[method](exampleOf(pattern)).auth(ADMIN_TOKEN, { type: 'bearer' });
        expect([method, answer.status, answer.get('Allow')]).toEqual([method, 405, allowed]);
        expect(answer.get('Cache-Control')).toBe('no-store');
        if (method !== 'head' && !pattern.startsWith('/ofrep/'))
          expect(answer.body.error.code).toBe('method_not_allowed');
      }
    });
  }
});

describe('a path that does not exist', () => {
  it('a path that does not exist is answered 404 as JSON that must not be stored', async () => {
    for (const path of ['/', '/api', '/api/v1/configs', '/api/v2/configs/0', '/admin', '/favicon.ico']) {
      const answer = await app.http.get(path);
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 404, 'not_found']);
      expect(answer.get('Cache-Control')).toBe('no-store');
    }
    await app.admin('get', '/unknown').expect(404);
  });

  it('a path that does not exist is answered 400 when it cannot be decoded', async () => {
    const answer = await app.http.get('/api/v1/configs/%E0%A4%A').auth('test', environment.key);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'body_invalid']);
  });
});

describe('every answer', () => {
  it('every answer keeps silent about what the server is made of, and is not guessed at', async () => {
    for (const path of ['/livez', '/readyz', '/metrics', '/unknown', '/admin/v1/environments']) {
      const { headers } = await app.http.get(path);
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers).not.toHaveProperty('server');
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });
});
