/** Routes that are found without Express: the same answers as with it, and each path its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HotRoutes, type HotRoute } from '../../src/http/hot-routes.js';
import { startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';

let app: TestApp;
let key: string;

beforeAll(async () => {
  app = await startApp();
  const environment = await app.environment();
  key = environment.key;
  await environment.commit({ ...flag('a.flag', true), sendToClientSdk: true });
});

afterAll(() => app.close());

/** The parts of an answer that do not differ from request to request. */
async function ask(method: string, path: string, body?: string) {
  const answer = await fetch(`${app.url}${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` },
    ...(body !== undefined && { body }),
  });
  const headers = Object.fromEntries(answer.headers);
  delete headers.date;
  delete headers['x-request-id'];
  const text = (await answer.text()).replace(/"requestId":"[^"]+"/, '');
  return { status: answer.status, headers, text };
}

const CONTEXT = '{"context":{"targetingKey":"u"}}';
const CONTEXTS = Buffer.from('{"contexts":[]}').toString('base64url');

describe('a hot route', () => {
  it.each([
    ['POST', '/ofrep/v1/evaluate/flags/a.flag', '/OFREP/v1/evaluate/flags/a.flag', CONTEXT],
    ['POST', '/ofrep/v1/evaluate/flags/a.flag', '/ofrep/v1/evaluate/flags/a%2Eflag', CONTEXT],
    ['POST', '/ofrep/v1/evaluate/flags/a.flag', '/ofrep/v1/evaluate/flags/a.flag?x=%20', CONTEXT],
    ['POST', '/ofrep/v1/evaluate/flags/none', '/Ofrep/v1/evaluate/flags/none', CONTEXT],
    ['POST', '/ofrep/v1/evaluate/flags/a.flag', '/Ofrep/v1/evaluate/flags/a.flag', '{'],
    ['POST', '/ofrep/v1/evaluate/flags', '/ofrep/V1/evaluate/flags', CONTEXT],
    ['GET', '/api/v1/configs/0', '/api/v1/configs/0/', undefined],
    ['GET', '/api/v1/configs/0?format=json', '/API/v1/configs/0?format=json', undefined],
    ['GET', '/api/v1/configs/no', '/API/v1/configs/no', undefined],
    [
      'GET',
      `/api/v2/configs/eval-with-context/${CONTEXTS}`,
      `/api/v2/Configs/eval-with-context/${CONTEXTS}`,
      undefined,
    ],
  ])('a hot route answers %s %s as Express answers %s', async (method, hot, odd, body) => {
    const [direct, throughExpress] = [await ask(method, hot, body), await ask(method, odd, body)];
    expect(direct).toEqual(throughExpress);
  });

  it('a hot route is counted by its pattern, as with Express', async () => {
    const series = 'holdfast_http_requests_total{route="/api/v1/configs/:from",status="200"}';
    const before = await app.metric(series);
    await ask('GET', '/api/v1/configs/0');
    await ask('GET', '/API/v1/configs/0');
    expect((await app.metric(series)) - before).toBe(2);
  });
});

describe('hot routes', () => {
  const answer = (): Promise<void> => Promise.resolve();
  const one: HotRoute = { method: 'GET', path: '/a/:id', answer };
  const rest: HotRoute = { method: 'POST', path: '/b/:key', takesRest: true, answer };
  const fixed: HotRoute = { method: 'GET', path: '/a', answer };
  const routes = new HotRoutes([one, rest, fixed]);
  const find = (method: string, url: string) => routes.find({ method, url });

  it('hot routes are found by method, path and the form of the variable part', () => {
    expect(find('GET', '/a')).toEqual({ route: fixed, parameter: '' });
    expect(find('GET', '/a/1.x-y?q=/')).toEqual({ route: one, parameter: '1.x-y' });
    expect(find('POST', '/b/c/d')).toEqual({ route: rest, parameter: 'c/d' });
  });

  it.each([
    ['HEAD', '/a/1'],
    ['POST', '/a/1'],
    ['GET', '/a/'],
    ['GET', '/a/1/'],
    ['GET', '/a/%31'],
    ['GET', '/A/1'],
    ['POST', '/b/%2F'],
    ['POST', '/b/é'],
    ['POST', '/b/'],
    ['GET', 'http://x/a'],
  ])('hot routes leave %s %s to Express', (method, url) => {
    expect(find(method, url)).toBeUndefined();
  });
});
