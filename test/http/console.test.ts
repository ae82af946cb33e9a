/** The files of the console, and their way into a browser. [protocol] #console */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consoleRoutes } from '../../src/http/console.js';
import { errorHandler, notFound } from '../../src/http/errors.js';
import { createLog } from '../../src/observe/log.js';
import { sign } from '../support/app.js';
import { sharedApp } from '../support/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'hf-console-'));
const log = createLog('fatal', { write: () => undefined });
const app = sharedApp();

function serving(files: string | null) {
  const site = express();
  site.use(consoleRoutes(files), notFound, errorHandler(log));
  return request(site);
}

beforeAll(() => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Holdfast</title>');
  writeFileSync(join(folder, 'assets/index-abc123.js'), 'export {};');
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('the console', () => {
  it.each(['/console/', '/console/e/1/flags', '/console/e/1/flags/a%2Fb.c'])(
    'the console answers the page at %s, to be asked for again',
    async (path) => {
      const answer = await serving(folder).get(path).expect(200);
      expect(answer.text).toContain('<title>Holdfast</title>');
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-cache');
    },
  );

  it('the console lets files with a hash in their names be kept', async () => {
    const answer = await serving(folder).get('/console/assets/index-abc123.js').expect(200);
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it('the console answers 404 for an asset that does not exist, not the page', async () => {
    const answer = await serving(folder).get('/console/assets/index-old.js').expect(404);
    expect(answer.body).toMatchObject({ error: { code: 'not_found' } });
  });

  it('the console has no way out of its folder', async () => {
    const answer = await serving(join(folder, 'assets')).get('/console/..%2findex.html');
    expect(answer.text).not.toContain('<title>');
  });

  it('the console has a policy that allows its own origin and nothing inline', async () => {
    const { headers } = await serving(folder).get('/console/');
    const policy = headers['content-security-policy']!;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|data:|\*/);
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it('the console answers 405 for methods that change something', async () => {
    const answer = await serving(folder).post('/console/').expect(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it('the console says how to build it when it was not built', async () => {
    const answer = await serving(null).get('/console/').expect(404);
    expect(answer.text).toContain('npm run build');
  });

  it('the console is at /console/ for a browser that asks for /console', async () => {
    const answer = await serving(folder).get('/console').expect(302);
    expect(answer.headers.location).toBe('/console/');
  });
});

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

describe('a request for the root of a node', () => {
  it('a request for the root of a node by a browser is sent to the console', async () => {
    const answer = await app.http.get('/').set('Accept', BROWSER).expect(302);
    expect(answer.headers.location).toBe('/console/');
  });

  it('a request for the root of a node by a program is answered 404 as JSON', async () => {
    const answer = await app.http.get('/').set('Accept', '*/*').expect(404);
    expect(answer.body).toMatchObject({ error: { code: 'not_found' } });
  });

  it('a request for the root of a node through a proxy is not sent to the console', async () => {
    await app.http
      .get('/')
      .set('Accept', BROWSER)
      .set('Grip-Sig', await sign())
      .expect(404);
  });

  it('a request for the root of a node on the port of clients is not sent to the console', async () => {
    const answer = await request(app.clientApp).get('/').set('Accept', BROWSER);
    expect(answer.status).toBe(404);
  });

  it('a request for the console on the port of clients, or through a proxy, finds nothing', async () => {
    expect((await request(app.clientApp).get('/console/')).status).toBe(404);
    const proxied = await app.http.get('/console/').set('Grip-Sig', await sign());
    expect(proxied.body).toMatchObject({
      error: { code: 'not_found', message: 'there is nothing at /console/' },
    });
  });
});

describe('GET /admin/v1/self', () => {
  it('GET /admin/v1/self answers the operator whose token the request has', async () => {
    await app
      .admin('post', '/operators')
      .send({ name: 'ann', role: 'editor', environments: ['7'] })
      .expect(201)
      .then(async ({ body }) => {
        const { token } = body as { token: string };
        const self = await app.http.get('/admin/v1/self').auth(token, { type: 'bearer' }).expect(200);
        expect(self.body).toEqual({ name: 'ann', role: 'editor', environments: ['7'] });
      });
    const root = await app.admin('get', '/self').expect(200);
    expect(root.body).toEqual({ name: 'root', role: 'admin', environments: 'all' });
  });
});

describe('POST /admin/v1/sign-in', () => {
  it('POST /admin/v1/sign-in refuses a wrong code in a way at which no browser asks for a password', async () => {
    const answer = await app.http.post('/admin/v1/sign-in').send({ code: 'wrong' }).expect(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
});
