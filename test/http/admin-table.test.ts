/** The table of the routes of administration, against the router that is built from it. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adminRoute } from '../../src/http/admin/route.js';
import { ADMIN_ROUTES } from '../../src/http/admin/table.js';
import { sharedApp } from '../support/shared.js';
import { routesOf } from '../support/routes.js';

const app = sharedApp();

describe('the table of administration', () => {
  it('the table of administration has every route that the app has below /admin', () => {
    const built = routesOf(app.app).filter((path) => path.startsWith('/admin/'));
    const declared = new Set(ADMIN_ROUTES.map(({ path }) => `/admin/v1${path}`));
    expect(built.sort()).toEqual([...declared].sort());
  });

  it('the table of administration has one route for each method of a path, and one name for each route', () => {
    const routes = ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(routes).size).toBe(routes.length);
    expect(new Set(ADMIN_ROUTES.map(({ operation }) => operation)).size).toBe(routes.length);
  });

  it('gives scope environment to exactly the routes whose path begins with one', () => {
    for (const { path, scope } of ADMIN_ROUTES) {
      expect({ path, isOne: scope === 'environment' }).toEqual({
        path,
        isOne: path.startsWith('/environments/:id'),
      });
    }
  });

  it('takes no route without a role or a scope', () => {
    const route = { method: 'GET', path: '/x', operation: 'x', summary: 'Does x', answers: {} } as const;
    const handle = () => undefined;
    // @ts-expect-error -- a route without a role does not compile
    adminRoute({ ...route, scope: 'own', handle });
    // @ts-expect-error -- nor one without a scope
    adminRoute({ ...route, role: 'viewer', handle });
    expect(adminRoute({ ...route, scope: 'own', role: 'viewer', handle }).role).toBe('viewer');
  });

  it('gives handlers the types of their schemas', () => {
    adminRoute({
      method: 'POST',
      path: '/x',
      operation: 'x',
      summary: 'Does x',
      role: 'viewer',
      scope: 'own',
      body: z.strictObject({ count: z.number() }),
      answers: { 200: z.object({ count: z.number() }) },
      handle: ({ body, environment }, response) => {
        const none: undefined = environment;
        // @ts-expect-error -- the answer has another type
        response.json({ count: none });
        response.json({ count: body.count });
      },
    });
  });
});

describe('a query of administration', () => {
  it('refuses a parameter of a query that the route does not have, with its name', async () => {
    const answer = await app.admin('get', '/environments?pretty=1').expect(400);
    expect(answer.body.error).toMatchObject({ code: 'field_invalid', field: 'pretty' });
    expect(answer.body.error.message).toContain('leave it out');
  });
});
