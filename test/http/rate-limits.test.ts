/** Limits of the requests of clients, over real sockets. */
import { afterEach, describe, expect, it } from 'vitest';
import { basic, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { readLink } from '../support/stream.js';

let app: TestApp;

afterEach(() => app.close());

/** Starts a node with these limits; ten seconds of requests may come together. */
async function start(env: Record<string, string>) {
  app = await startApp({ env });
  const environment = await app.environment();
  await environment.commit(flag('a', true));
  const { key } = environment;
  const snapshot = (forwarded = '') =>
    app.http.get('/api/v1/configs/0').set('Authorization', basic(key)).set('X-Forwarded-For', forwarded);
  const flags = () => app.http.post('/ofrep/v1/evaluate/flags/a').set('X-API-Key', key).send({ context: {} });
  return { environment, key, snapshot, flags };
}

describe('a limit of requests', () => {
  it('a limit of requests by key is 429 with Retry-After, counted, in the form of the route', async () => {
    const { snapshot, flags } = await start({ HOLDFAST_RATE_KEY: '1' });
    for (let i = 0; i < 10; i++) expect((await snapshot()).status).toBe(200);
    const refused = await snapshot();
    expect([refused.status, refused.body.error.code]).toEqual([429, 'rate_limited']);
    expect(refused.body.error.message).toContain('HOLDFAST_RATE_KEY');
    expect(Number(refused.get('Retry-After'))).toBeGreaterThanOrEqual(1);
    expect(refused.get('Cache-Control')).toBe('no-store');
    const ofrep = await flags();
    expect([ofrep.status, ofrep.body.errorCode]).toEqual([429, 'GENERAL']);
    expect(ofrep.get('Access-Control-Allow-Origin')).toBe('*');
    expect(await app.metric('holdfast_rate_limited_total{limit="key"}')).toBe(2);
    const other = await app.environment();
    const answer = await app.http.get('/api/v1/configs/0').set('Authorization', basic(other.key));
    expect(answer.status).toBe(200);
  });

  it('a limit of requests is 503 on streams, and leaves the recovery link of proxies alone', async () => {
    const { environment, key, snapshot } = await start({ HOLDFAST_RATE_KEY: '1' });
    const held = await environment.subscribe();
    expect(held.status).toBe(200);
    for (let i = 0; i < 9; i++) await snapshot();
    const refused = await app.http.get('/api/v1/sse/config').set('Authorization', basic(key));
    expect([refused.status, refused.body.error.code]).toEqual([503, 'busy']);
    expect(Number(refused.get('Retry-After'))).toBeGreaterThanOrEqual(1);
    const recovered = await environment.recover(readLink(held).path, '0');
    expect(recovered.status).toBe(200);
  });

  it('a limit of requests by address counts before the key is looked up, and by what a trusted proxy says', async () => {
    const { snapshot } = await start({
      HOLDFAST_RATE_ADDRESS: '1',
      HOLDFAST_TRUSTED_PROXIES: 'loopback',
    });
    const wrong = () =>
      app.http
        .get('/api/v1/configs/0')
        .set('Authorization', basic('no key'))
        .set('X-Forwarded-For', '1.2.3.4');
    for (let i = 0; i < 10; i++) expect((await wrong()).status).toBe(401);
    expect((await wrong()).status).toBe(429);
    expect((await snapshot('1.2.3.4')).status).toBe(429);
    expect((await snapshot('1.2.3.5')).status).toBe(200);
    expect(await app.metric('holdfast_rate_limited_total{limit="address"}')).toBe(2);
    expect((await app.http.get('/readyz')).status).toBe(200);
  });
});
