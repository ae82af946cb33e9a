/** The routes of delivery: the state of all nodes, and the stream of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DELIVERY_WATCHERS_MAX } from '../../src/delivery/board.js';
import type { DeliveryDifference } from '../../src/delivery/difference.js';
import type { DeliveryState, NodeReport } from '../../src/delivery/model.js';
import { reportText } from '../../src/delivery/reporter.js';
import type { Config } from '../../src/ruleset/model.js';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { until } from '../support/until.js';

function flag(key: string): Config {
  const rows = [{ values: [{ value: { bool: true } }] }];
  return { key, configType: 'FEATURE_FLAG', valueType: 'BOOL', rows };
}

let app: TestApp;
let leading: AbortController;
let led: Promise<void>;
let streams: SseConnection[];

beforeEach(async () => {
  app = await startApp();
  leading = new AbortController();
  led = Promise.resolve();
  streams = [];
});
afterEach(async () => {
  leading.abort();
  await led;
  for (const stream of streams) stream.close();
  await app.close();
});

const delivery = async (): Promise<DeliveryState> =>
  (await app.admin('get', '/delivery').expect(200)).body as DeliveryState;

async function operatorToken(body: object): Promise<string> {
  const answer = await app.admin('post', '/operators').send(body).expect(201);
  return (answer.body as { token: string }).token;
}

async function watch(token = ADMIN_TOKEN): Promise<SseConnection> {
  const headers = { authorization: `Bearer ${token}` };
  const stream = await openSse(`${app.url}/admin/v1/delivery/events`, { headers });
  streams.push(stream);
  return stream;
}

const endOf = async (stream: SseConnection): Promise<unknown> =>
  JSON.parse((await stream.waitForEvent(({ event }) => event === 'end')).data);

describe('the state of delivery', () => {
  it('a node alone answers with itself, its proxy and the changes that it leads', async () => {
    const environment = await app.environment();
    led = app.lead(leading.signal);
    await until('the node leads', async () => (await delivery()).nodes[0]?.leader === true);
    const { version } = await environment.commit(flag('one'), flag('two'));
    await until('its proxy fails', async () => (await delivery()).nodes[0]?.proxies[0]?.state === 'failing');
    await until('the change is in the time line', async () => (await delivery()).changes.length > 0);
    const state = await delivery();
    expect(state.stalenessSeconds).toBe(100);
    const [node] = state.nodes;
    expect(node).toMatchObject({ id: state.answeredBy, leader: true, status: 'degraded', ageMs: 0 });
    expect(node?.problems).toContainEqual({
      part: 'proxy',
      reason: expect.stringContaining('http://127.0.0.1:5561') as string,
    });
    expect(node?.proxies[0]).toMatchObject({ waiting: expect.any(Number) as number, repairsPerMinute: 0 });
    expect(state.changes[0]).toMatchObject({ environment: environment.id, version, configs: 2 });
    expect(state.changes[0]?.appliedMs).toBeGreaterThanOrEqual(0);
  });

  it('a node shows what other nodes reported', async () => {
    const own = (await delivery()).nodes[0] as NodeReport;
    await app.store.nodeReports.write('other', reportText({ ...own, id: 'other', leader: true }), 60_000);
    app.clock.ahead += 5_000;
    const { nodes } = await delivery();
    expect(nodes.map(({ id, leader }) => [id === own.id ? 'own' : id, leader]).sort()).toEqual([
      ['other', true],
      ['own', false],
    ]);
  });

  it('an operator with a list of environments sees no changes of others', async () => {
    const [mine, other] = [await app.environment(), await app.environment()];
    led = app.lead(leading.signal);
    await until('the node leads', async () => (await delivery()).nodes[0]?.leader === true);
    await mine.commit(flag('mine'));
    await other.commit(flag('other'));
    await until('both changes are in the time line', async () => (await delivery()).changes.length === 2);
    const token = await operatorToken({ name: 'ann', role: 'viewer', environments: [mine.id] });
    const answer = await app.http.get('/admin/v1/delivery').auth(token, { type: 'bearer' }).expect(200);
    const { changes } = answer.body as DeliveryState;
    expect(changes.map(({ environment }) => environment)).toEqual([mine.id]);
    const stream = await watch(token);
    const { data } = await stream.waitForEvent(({ event }) => event === 'snapshot');
    expect((JSON.parse(data) as DeliveryState).changes).toHaveLength(1);
  });
});

describe('the stream of delivery', () => {
  it('the stream begins with a snapshot and goes on with what changed', async () => {
    const environment = await app.environment();
    led = app.lead(leading.signal);
    const stream = await watch();
    expect(stream.headers['content-type']).toContain('text/event-stream');
    expect(stream.headers['cache-control']).toBe('no-store');
    const { data } = await stream.waitForEvent(({ event }) => event === 'snapshot');
    expect((JSON.parse(data) as DeliveryState).nodes).toHaveLength(1);
    const { version } = await environment.commit(flag('one'));
    await stream.waitForEvent(
      ({ event, data }) =>
        event === 'change' &&
        (JSON.parse(data) as DeliveryDifference).changes.some((change) => change.version === version),
    );
    expect(stream.errors).toEqual([]);
    expect(stream.events.filter(({ event }) => event === 'snapshot')).toHaveLength(1);
  });

  it('the stream ends when its token is revoked', async () => {
    const token = await operatorToken({ name: 'ann', role: 'viewer' });
    const stream = await watch(token);
    await stream.waitForEvent(({ event }) => event === 'snapshot');
    await app.admin('delete', '/operators/ann').expect(200);
    expect(await endOf(stream)).toEqual({ reason: 'token' });
    expect(await stream.closed).toBe('ended');
  });

  it('the stream ends when its token expires', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const stream = await watch(await operatorToken({ name: 'ann', role: 'viewer', expiresAt }));
    await stream.waitForEvent(({ event }) => event === 'snapshot');
    app.clock.ahead += 3_700_000;
    expect(await endOf(stream)).toEqual({ reason: 'token' });
  });

  it('the stream ends when its node stops, and then none begins', async () => {
    const stream = await watch();
    await stream.waitForEvent(({ event }) => event === 'snapshot');
    app.enter('stopping');
    expect(await endOf(stream)).toEqual({ reason: 'stopping' });
    expect(await stream.closed).toBe('ended');
    expect((await watch()).status).toBe(503);
  });

  it('refuses one watcher too many, and takes another when one has left', async () => {
    for (let i = 0; i < DELIVERY_WATCHERS_MAX; i++) expect((await watch()).status).toBe(200);
    const refused = await watch();
    expect(refused.status).toBe(503);
    await refused.closed;
    expect(JSON.parse(refused.raw().toString())).toMatchObject({ error: { code: 'busy' } });
    streams[0]?.close();
    await until('there is room again', async () => (await watch()).status === 200);
  });
});
