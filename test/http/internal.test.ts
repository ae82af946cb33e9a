/**
 * Administration, metrics and health are not reached through a proxy. [protocol] #through-a-proxy
 */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, sign } from '../support/app.js';
import { routesOf } from '../support/routes.js';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

const app = sharedApp();
const environment = sharedEnvironment(app);

const refused = () => app.metric('holdfast_proxied_internal_requests_total');

describe('a request through a proxy for a route of operators', () => {
  it.each<[string, () => Promise<Record<string, string>>]>([
    ['a good signature', async () => ({ 'Grip-Sig': await sign() })],
    ['garbage for a signature', async () => ({ 'Grip-Sig': 'garbage' })],
    ['an empty signature', async () => ({ 'Grip-Sig': '' })],
    ['another header of proxies', async () => ({ 'Grip-Feature': 'status' })],
  ])(
    'a request through a proxy for a route of operators is answered 404 with %s, on every route that is not for clients',
    async (_, headers) => {
      const routes = routesOf(app.app).filter((path) => !/^\/(api|ofrep)\//.test(path));
      expect(routes.length).toBeGreaterThan(10);
      const paths = [...routes, '/admin', '/ADMIN/v1/environments', '/metrics/', '/Metrics', '/readyz/'];
      const before = await refused();
      for (const path of paths) {
        const answer = await app.http
          .get(path.replace(':id', environment.id))
          .auth(ADMIN_TOKEN, { type: 'bearer' })
          .set(await headers());
        expect([path, answer.status, (answer.body as { error: { code: string } }).error.code]).toEqual([
          path,
          404,
          'not_found',
        ]);
      }
      expect((await refused()) - before).toBe(paths.length);
    },
  );

  it('a request through a proxy for a route of operators is answered 404 for each method, and changes nothing', async () => {
    for (const method of ['put', 'post', 'delete'] as const) {
      const answer = await app
        .admin(method, '/environments/99')
        .set('Grip-Sig', await sign())
        .send({ projectId: '1', name: 'x' });
      expect(answer.status).toBe(404);
    }
    await app.admin('get', '/environments/99').expect(404);
  });

  it('a request through a proxy for a route of operators is answered 404 however many headers come before those of the proxy', async () => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    // Node keeps 2,000 headers of a request unless it is told otherwise.
    const many = 'a:\r\n'.repeat(2_500);
    socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${many}Grip-Sig: x\r\n\r\n`);
    const answer = (await socket.toArray()).join('');
    expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 404 Not Found');
  });

  it('a request through a proxy for a route of operators is answered as a path that does not exist', async () => {
    const [internal, unknown] = await Promise.all(
      ['/metrics', '/unknown'].map((path) => app.http.get(path).set('Grip-Sig', 'x')),
    );
    const withoutId = (text: string) => text.replace(/"requestId":"[^"]*"/, '');
    expect(withoutId(internal!.text).replace('/metrics', '/unknown')).toBe(withoutId(unknown!.text));
  });
});

describe('a request through a proxy for a route of clients', () => {
  it('a request through a proxy for a route of clients is answered', async () => {
    const answer = await app.http
      .get('/api/v1/configs/0')
      .auth('u', environment.key)
      .set('Grip-Sig', await sign());
    expect(answer.status).toBe(200);
  });
});
