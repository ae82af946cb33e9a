/** The view of operators: liveness, readiness, metrics. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNodeSettings } from '../../src/config/node.js';
import { createLog } from '../../src/observe/log.js';
import { VERSION } from '../../src/core/version.js';
import { startOnStore } from '../../src/app/node.js';
import { ADMIN_TOKEN, basic, GRIP_KEY, LINK_SECRET, sign, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { openSse } from '../support/sse.js';
import { readLink } from '../support/stream.js';
import { until } from '../support/until.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

describe('GET /livez', () => {
  it('answers while the process does, whatever the phase', async () => {
    for (const phase of ['starting', 'serving', 'stopping'] as const) {
      app.enter(phase);
      const answer = await app.http.get('/livez');
      expect([phase, answer.status, answer.text]).toEqual([phase, 200, 'ok\n']);
      expect(answer.get('Cache-Control')).toBe('no-store');
    }
    app.enter('serving');
  });
});

describe('GET /readyz', () => {
  it('GET /readyz is 200 only between the start and the stop', async () => {
    const expected = { starting: [503, 'starting'], serving: [200, 'ready'], stopping: [503, 'stopping'] };
    for (const phase of ['starting', 'serving', 'stopping'] as const) {
      app.enter(phase);
      const { status, body, headers } = await app.http.get('/readyz');
      expect([status, body.status]).toEqual(expected[phase]);
      expect(headers['cache-control']).toBe('no-store');
    }
    app.enter('serving');
  });

  it('GET /readyz has the detail: store, feed lag, environments, holds and proxies', async () => {
    const environment = await app.environment();
    await environment.subscribe();
    const { body } = await app.http.get('/readyz').expect(200);
    expect(body).toEqual({
      status: 'ready',
      store: {
        name: expect.stringMatching(/^file /),
        state: 'current',
        missingEnvironments: 0,
        recoveringEnvironments: 0,
        writes: { state: 'ok' },
      },
      feed: { lagMs: expect.any(Number) },
      environments: expect.any(Number),
      holds: { direct: 0, max: expect.any(Number) },
      lease: { leader: false },
      clock: {},
      publisher: { leader: false, proxies: [] },
      canary: 'off',
      version: VERSION,
    });
    expect(body.environments).toBeGreaterThan(0);
  });
});

describe('GET /metrics', () => {
  it('GET /metrics is Prometheus text with a help and a type for each of our names', async () => {
    const answer = await app.http.get('/metrics').expect(200);
    expect(answer.get('Content-Type')).toMatch(/^text\/plain; .*version=/);
    const names = (keyword: string) =>
      [...answer.text.matchAll(new RegExp(`^# ${keyword} (holdfast_\\w+)`, 'gm'))].map(([, name]) => name);
    expect(names('HELP')).toEqual(names('TYPE'));
    expect(names('HELP')).toEqual(
      expect.arrayContaining([
        'holdfast_subscribes_total',
        'holdfast_recoveries_total',
        'holdfast_data_lost_total',
        'holdfast_commits_total',
        'holdfast_http_requests_total',
        'holdfast_publish_lag_seconds',
        'holdfast_direct_holds',
        'holdfast_leader',
        'holdfast_store_up',
        'holdfast_feed_lag_seconds',
      ]),
    );
    expect(answer.text).toContain('process_cpu_seconds_total');
  });

  it('holdfast_build_info has the versions of Holdfast and of Node as labels of a constant', async () => {
    const series = `holdfast_build_info{version="${VERSION}",node="${process.version}"}`;
    expect(await app.metric(series)).toBe(1);
  });

  it('counts requests by route, never by path', async () => {
    const environment = await app.environment();
    const series = 'holdfast_http_requests_total{route="/api/v1/configs/:from",status="200"}';
    const before = await app.metric(series);
    for (const from of ['0', '123456789']) {
      await app.http.get(`/api/v1/configs/${from}`).set('Authorization', basic(environment.key)).expect(200);
    }
    await app.http.get('/no/such/987654321').expect(404);
    await until('both are counted', async () => (await app.metric(series)) === before + 2);
    const { text } = await app.http.get('/metrics');
    expect(text).toContain('route="/admin/v1/environments/:id/keys",status="201"');
    expect(text).not.toMatch(/123456789|987654321/);
  });
});

describe('no secret', () => {
  it('no secret is in the metrics, in readiness or in the log, whatever was asked before', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const token = await sign();
    const { path } = readLink(await environment.subscribe({ 'last-event-id': '9223372036854775807' }));
    await environment.recover(path, '0');
    await app.http
      .get('/api/v1/configs/0')
      .set('Authorization', basic(`${environment.key}x`))
      .expect(401);
    await app.http.get('/admin/v1/environments').auth(ADMIN_TOKEN, { type: 'basic' } as never);
    await app.http.get(`${path}x`).set('Grip-Sig', token).expect(403);
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    await environment.recover(path, '0');
    const hash = (await app.store.keys()).find(({ id }) => id === environment.keyId)!.hash;
    const shown = [
      (await app.http.get('/metrics')).text,
      (await app.http.get('/readyz')).text,
      JSON.stringify(app.logs),
    ].join('\n');
    expect(app.logs.length).toBeGreaterThan(1);
    const secrets = [
      environment.key,
      hash,
      ADMIN_TOKEN,
      LINK_SECRET,
      GRIP_KEY,
      token,
      path.split('/').at(-1)!,
    ];
    for (const secret of secrets) expect(shown).not.toContain(secret);
  });
});

describe('a store that is away', () => {
  it('a store that is away serves what is in memory, and answers 503 to the rest', async () => {
    const other = await startApp();
    try {
      const environment = await other.environment();
      const { version } = await environment.commit(flag('a', true));
      await other.http.get('/api/v1/configs/0').set('Authorization', basic(environment.key)).expect(200);
      await other.store.close();
      await other.http.get('/api/v1/configs/0').set('Authorization', basic(environment.key)).expect(200);
      expect((await environment.subscribe({ 'last-event-id': version })).status).toBe(200);
      const commit = await other
        .admin('post', `/environments/${environment.id}/changes`)
        .send({ configs: [flag('b', true)] });
      expect([commit.status, commit.body.error.code, commit.get('Retry-After')]).toEqual([
        503,
        'store_unavailable',
        '1',
      ]);
      expect(commit.get('Cache-Control')).toBe('no-store');
    } finally {
      await other.close();
    }
  });
});

describe('a node that stops', () => {
  it('a node that stops says so immediately, still answers, ends its streams over the drain time, and then is gone', async () => {
    const settings = readNodeSettings({ PORT: '0', HOST: '127.0.0.1', HOLDFAST_DRAIN: '2' });
    const secrets = { adminTokens: [ADMIN_TOKEN], linkSecrets: [LINK_SECRET] };
    const environment = await app.environment();
    const node = await startOnStore(settings, secrets, app.store, createLog('silent'));
    expect((await fetch(`${node.url}/readyz`)).status).toBe(200);
    const open = () => openSse(`${node.url}/api/v1/sse/config`, { key: environment.key });
    const streams = [await open(), await open()];
    const stopped = node.stop();
    const ready = await fetch(`${node.url}/readyz`);
    expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'stopping']);
    expect(streams.some((stream) => !stream.isClosed())).toBe(true);
    expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(['ended', 'ended']);
    await stopped;
    await expect(fetch(`${node.url}/livez`)).rejects.toThrow();
  });
});
