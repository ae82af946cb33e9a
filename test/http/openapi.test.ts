/**
 * The OpenAPI document: valid, complete, and held against the running server by requests that are
 * generated from its schemas, within them and slightly outside.
 */
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it, vi } from 'vitest';
import { ADMIN_TOKEN } from '../support/app.js';
import { routesOf } from '../support/routes.js';
import { runs } from '../support/runs.js';
import { sharedApp } from '../support/shared.js';
import { document } from './openapi-document.js';
import { OIDC_OPERATIONS, openApiRun } from './openapi-run.js';

vi.setConfig({ testTimeout: 180_000 });

const app = sharedApp();

describe('the OpenAPI document', () => {
  it('the OpenAPI document is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result).toEqual({ valid: true });
  });

  it('the OpenAPI document has every route of a node, with its methods', async () => {
    const paths = routesOf(app.app).map((path) => path.replace(/:(\w+)/g, '{$1}'));
    expect(Object.keys(document.paths).sort()).toEqual(paths.sort());
    for (const [path, methods] of Object.entries(document.paths)) {
      const { headers } = await app.http
        .patch(path.replace(/[{}]/g, ''))
        .auth(ADMIN_TOKEN, { type: 'bearer' });
      const allowed = headers.allow!.split(', ').filter((each) => each !== 'OPTIONS' && each !== 'HEAD');
      expect([path, Object.keys(methods).sort()]).toEqual([
        path,
        allowed.map((each) => each.toLowerCase()).sort(),
      ]);
    }
  });

  it('the OpenAPI document is served without a credential', async () => {
    const { body } = await app.http.get('/openapi.json').expect(200);
    expect(body).toEqual(JSON.parse(JSON.stringify(document)));
  });
});

// A data directory has no inbox.
const INBOX = ['listRejected', 'dropRejected', 'retryRejected'];
openApiRun(app, { runs: runs(100), withoutSuccess: [...INBOX, ...OIDC_OPERATIONS] });
