import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type LogLine, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { until } from '../support/until.js';

let app: TestApp;
let environment: TestEnvironment;
beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  await environment.commit(flag('a', true));
});
afterAll(() => app.close());

const SERIES = 'http_server_request_duration_seconds_count';

/** The access log's line of a request, by its id. */
async function lineOf(requestId: string): Promise<LogLine> {
  return until(`the log line of ${requestId}`, () =>
    app.logs.find((line) => line.msg === 'request' && line.requestId === requestId),
  );
}

describe('request ids', () => {
  it.each(['a', 'Root=1-67891233-abcdef012345678912345678', 'x'.repeat(128)])(
    'a request id that is well-formed is kept in the answer: %s',
    async (id) => {
      const answer = await app.http.get('/livez').set('X-Request-Id', id);
      expect(answer.headers['x-request-id']).toBe(id);
    },
  );

  it.each(['', 'two words', 'x'.repeat(129), 'é', '<script>', '"'])(
    'a request id that is not well-formed is replaced: %j',
    async (id) => {
      const answer = await app.http.get('/livez').set('X-Request-Id', id);
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('a request id is in the body of an error, and each request has another', async () => {
    const [first, second] = await Promise.all([app.http.get('/nothing'), app.http.get('/nothing')]);
    const { error } = first.body as { error: { code: string; requestId: string } };
    expect(error).toMatchObject({ code: 'not_found', requestId: first.headers['x-request-id'] });
    expect(second.headers['x-request-id']).not.toBe(error.requestId);
  });
});

describe('the access log', () => {
  it('the access log has a debug line per request with route, status, time, bytes, environment and key', async () => {
    const id = 'of-the-access-log';
    await app.http.get('/api/v1/configs/0?format=json').auth('user', environment.key).set('X-Request-Id', id);
    const line = await lineOf(id);
    expect(line).toMatchObject({
      level: 'debug',
      method: 'GET',
      route: '/api/v1/configs/:from',
      status: 200,
      environment: environment.id,
      key: environment.keyId,
    });
    expect(line.ms).toBeGreaterThanOrEqual(0);
    expect(line.bytes).toBeGreaterThan(100);
  });

  it('the access log has the pattern of a route, so that no token or key is in it', async () => {
    const id = 'with-secrets';
    await app.http
      .get('/ofrep/v1/streams/a-secret-token?at=1')
      .auth('user', environment.key)
      .set('X-Request-Id', id);
    const text = JSON.stringify(await lineOf(id));
    expect(text).toContain('/ofrep/v1/streams/:token');
    expect(text).not.toContain('a-secret-token');
    expect(text).not.toContain(environment.key);
  });

  it('the access log counts the bytes of one request alone on a connection that is kept', async () => {
    for (const id of ['kept-1', 'kept-2']) {
      await fetch(`${app.url}/livez`, { headers: { 'X-Request-Id': id } }).then((answer) => answer.text());
    }
    const first = (await lineOf('kept-1')).bytes as number;
    expect(Math.abs(((await lineOf('kept-2')).bytes as number) - first)).toBeLessThan(20);
  });
});

describe('the histogram of request durations', () => {
  const series = (method: string, route: string, status: string): string =>
    `${SERIES}{http_request_method="${method}",http_route="${route}",http_response_status_code="${status}"}`;

  it('the histogram of request durations has method, route pattern and status as its labels', async () => {
    const before = await app.metric(series('GET', '/api/v1/configs/:from', '401'));
    await app.http.get('/api/v1/configs/7');
    await until(
      'it is counted',
      async () => (await app.metric(series('GET', '/api/v1/configs/:from', '401'))) === before + 1,
    );
  });

  it('the histogram of request durations has one series for paths without a route and one for odd methods', async () => {
    await app.http.get('/x/1');
    await app.http.get('/x/2');
    await fetch(`${app.url}/x/3`, { method: 'PROPFIND' });
    await until('it is counted', async () => (await app.metric(series('GET', '', '404'))) >= 2);
    await until('it is counted', async () => (await app.metric(series('_OTHER', '', '404'))) === 1);
  });

  it('the histogram of request durations has a stream as soon as its head is sent, and once', async () => {
    const name = series('GET', '/api/v1/sse/config', '200');
    const before = await app.metric(name);
    const stream = await environment.open();
    await until('it is counted', async () => (await app.metric(name)) === before + 1);
    expect(stream.isClosed()).toBe(false);
    await app.closeStreams();
    expect(await app.metric(name)).toBe(before + 1);
  });
});
