/**
 * Requests at the edge, for every route that the app has: a new one cannot be
 * forgotten here.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isForProxies, route } from '../../edge/src/route.js';
import { startApp, type TestApp } from '../support/app.js';
import { routesOf } from '../support/routes.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

const STREAMS = ['/api/v1/sse/config', '/ofrep/v1/streams/:token'];

function kindOf(path: string, method = 'GET'): string {
  return route(method, path).to;
}

describe('the routes of the app at the edge', () => {
  it('the routes of the app at the edge are streams by Fanout, answers by the cache, and nothing for operators', () => {
    const routes = routesOf(app.app);
    const of = (kind: string) =>
      routes.filter((pattern) => kindOf(pattern.replace(/:\w+/, 'x')) === kind).sort();
    expect(of('fanout')).toEqual(STREAMS);
    expect(of('origin')).toEqual(['/api/v1/sse/recover/:token']);
    expect(of('cache').filter((path) => !/^\/(?:api|ofrep)\//.test(path))).toEqual([]);
    expect(of('nowhere').filter((path) => /^\/(?:api|ofrep)\//.test(path))).toEqual([]);
  });
});

describe('a stream', () => {
  it.each(['/api/v1/sse/config', '/api/v1/sse/config/', '/API/v1/SSE/config', '/ofrep/v1/streams/t0K-en_1'])(
    'a stream is at %s',
    (path) => expect(kindOf(path)).toBe('fanout'),
  );

  it.each(['HEAD', 'POST', 'OPTIONS', 'DELETE'])(
    'a stream is not asked for by %s, which the origin answers',
    (method) => {
      expect(route(method, '/api/v1/sse/config')).toEqual({ to: 'origin', grip: false });
      expect(route(method, '/ofrep/v1/streams/x')).toEqual({ to: 'origin', grip: false });
    },
  );

  it.each([
    '/api/v1/sse/config/x',
    '/api/v1/sse/configs',
    '/ofrep/v1/streams/',
    '/ofrep/v1/streams/a/b',
    '/x/api/v1/sse/config',
  ])('a stream is not at %s', (path) => expect(kindOf(path)).toBe('cache'));
});

describe('what operators call', () => {
  it.each([
    '/admin',
    '/admin/v1/keys/x',
    '/ADMIN/v1/keys/x',
    '//admin/v1/keys/x',
    '/%61dmin/v1/keys/x',
    '/admin%2fv1%2fkeys',
    '/\\admin/v1',
    '/metrics',
    '/metrics/',
    '/Metrics',
    '/livez',
    '/readyz',
  ])('what operators call is not reached at %s, by any method', (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect(kindOf(path, method)).toBe('nowhere');
  });
});

describe('everything else', () => {
  it.each([
    '/',
    '/api/v1/configs/0',
    '/api/v2/configs/eval-with-context/eyJ9',
    '/page.html',
    '/administration',
    '/100%',
  ])('everything else is asked by way of the cache: GET %s', (path) => expect(kindOf(path)).toBe('cache'));

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])('goes past the cache by %s', (method) => {
    expect(route(method, '/ofrep/v1/evaluate/flags')).toEqual({ to: 'origin', grip: false });
  });
});

describe('the recovery link', () => {
  it('the recovery link keeps what a proxy says, and is never cached', () => {
    expect(route('GET', '/api/v1/sse/recover/token')).toEqual({ to: 'origin', grip: true });
  });
});

describe('headers that only proxies may send', () => {
  it.each(['Grip-Sig', 'grip-last', 'GRIP-HOLD', 'Pushpin-Route'])(
    'headers that only proxies may send are known: %s',
    (name) => expect(isForProxies(name)).toBe(true),
  );
  it.each(['Authorization', 'X-Grip-Sig', 'Gripe', 'Last-Event-ID'])(
    'headers that only proxies may send are not %s',
    (name) => expect(isForProxies(name)).toBe(false),
  );
});
