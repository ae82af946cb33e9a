/**
 * Operators of each role and reach against every route of the table, which the router is made of.
 * Run on both stores: operators.test.ts has a data directory, test/e2e/operators.redis.test.ts Redis.
 */
import { describe, expect, it } from 'vitest';
import type { Response, Test } from 'supertest';
import type { AdminRoute } from '../../src/http/admin/route.js';
import { ADMIN_ROUTES } from '../../src/http/admin/table.js';
import { includesRole } from '../../src/operators/operator.js';
import { OPERATOR_ROLES } from '../../src/store/operators.js';
import type { TestApp } from '../support/app.js';
import { openSse } from '../support/sse.js';

export function operatorRoles(app: TestApp): void {
  let names = 0;

  async function operator(settings: object): Promise<{ readonly token: string }> {
    const body = { name: `with-role-${++names}`, ...settings };
    return (await app.admin('post', '/operators').send(body).expect(201)).body as { token: string };
  }

  function as(token: string, method: string, path: string): Test {
    const verb = method.toLowerCase() as 'get' | 'put' | 'post' | 'delete';
    return app.http[verb](`/admin/v1${path}`).auth(token, { type: 'bearer' });
  }

  /** A request that is refused for its input at most, so that nothing is changed by it. */
  async function call(
    token: string,
    { method, path, answerType }: AdminRoute,
    environment: string,
  ): Promise<Pick<Response, 'status' | 'body'>> {
    const filled = path
      .replace('/environments/:id', `/environments/${environment}`)
      .replace(/:\w+/g, 'unknown');
    // A stream does not end by itself: its status is known when it begins.
    if (answerType !== undefined) return statusOfStream(token, filled);
    const test = as(token, method, filled);
    return method === 'GET' ? test : test.send({ unknown: true });
  }

  async function statusOfStream(token: string, path: string): Promise<Pick<Response, 'status' | 'body'>> {
    const headers = { authorization: `Bearer ${token}` };
    const stream = await openSse(`${app.url}/admin/v1${path}`, { headers });
    if (stream.status === 200) {
      stream.close();
      return { status: 200, body: {} };
    }
    await stream.closed;
    return { status: stream.status, body: JSON.parse(stream.raw().toString()) as unknown };
  }

  describe('the role of an operator', () => {
    for (const role of OPERATOR_ROLES) {
      it(`an operator with role ${role} is refused exactly at the routes that need more`, async () => {
        const { token } = await operator({ role });
        const { id } = await app.environment();
        for (const route of ADMIN_ROUTES) {
          const { status, body } = await call(token, route, id);
          const shown = `${route.method} ${route.path}`;
          expect([shown, status === 403]).toEqual([shown, !includesRole(role, route.role)]);
          expect([shown, status]).not.toEqual([shown, 401]);
          expect([shown, status]).not.toEqual([shown, 500]);
          if (status !== 403) continue;
          expect(body.error).toMatchObject({ code: 'forbidden', needed: route.role, role });
          expect(body.error.message).toContain(`needs the role ${route.role}`);
        }
      });
    }
  });

  describe('the environments of an operator', () => {
    it('an operator with a list is refused at every route of another environment or of the installation', async () => {
      const [own, other] = [await app.environment(), await app.environment()];
      const { token } = await operator({ role: 'admin', environments: [own.id] });
      for (const route of ADMIN_ROUTES) {
        const shown = `${route.method} ${route.path}`;
        const there = await call(token, route, other.id);
        expect([shown, there.status === 403]).toEqual([shown, route.scope !== 'own']);
        const here = await call(token, route, own.id);
        expect([shown, here.status === 403]).toEqual([shown, route.scope === 'installation']);
      }
    });

    it('other environments, their keys and their entries do not appear for an operator with a list', async () => {
      const [own, other] = [await app.environment(), await app.environment()];
      const { token } = await operator({ role: 'admin', environments: [own.id] });
      const { body } = await as(token, 'GET', '/environments').expect(200);
      expect(body.environments.map(({ id }: { id: string }) => id)).toEqual([own.id]);
      await as(token, 'DELETE', `/keys/${other.keyId}`).expect(403);
      await as(token, 'GET', `/environments/environment%20${other.id}`).expect(403);
      const audit = (await as(token, 'GET', '/audit?count=500').expect(200)).body as {
        entries: { environment?: string }[];
      };
      expect(new Set(audit.entries.map(({ environment }) => environment))).toEqual(new Set([own.id]));
      await as(token, 'DELETE', `/keys/${own.keyId}`).expect(200);
    });
  });
}
