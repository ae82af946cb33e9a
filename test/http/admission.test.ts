/** The limit of direct holds of a node, over real sockets. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { storeAway } from '../support/slow-store.js';
import { openSse } from '../support/sse.js';
import { until } from '../support/until.js';

const MAX_HOLDS = 3;

let app: TestApp;
let environment: TestEnvironment;

beforeAll(async () => {
  app = await startApp({ env: { HOLDFAST_MAX_HOLDS: `${MAX_HOLDS}` } });
  environment = await app.environment();
  await environment.commit(flag('a', true));
});

afterEach(() => app.closeStreams());

afterAll(() => app.close());

const refused = () => app.metric('holdfast_direct_holds_refused_total');

async function fill(): Promise<void> {
  for (let i = 0; i < MAX_HOLDS; i++) {
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
  }
}

describe('a node with HOLDFAST_MAX_HOLDS direct holds', () => {
  it('answers a further one 503 busy with Retry-After, and counts it', async () => {
    await fill();
    const before = await refused();
    const answer = await app.http.get('/api/v1/sse/config').set('Authorization', basic(environment.key));
    expect([answer.status, answer.body.error.code, answer.get('Retry-After')]).toEqual([503, 'busy', '1']);
    expect(answer.get('Cache-Control')).toBe('no-store');
    expect(await refused()).toBe(before + 1);
    expect(app.directHolds.size).toBe(MAX_HOLDS);
  });

  it('a node with HOLDFAST_MAX_HOLDS direct holds is not ready and says why, while it lives and serves', async () => {
    expect((await app.http.get('/readyz')).status).toBe(200);
    await fill();
    const { status, body } = await app.http.get('/readyz');
    expect([status, body.status, body.degraded]).toEqual([503, 'degraded', ['holds']]);
    expect(body.holds).toEqual({
      direct: MAX_HOLDS,
      max: MAX_HOLDS,
      error: `${MAX_HOLDS} of at most ${MAX_HOLDS} connections are held (HOLDFAST_MAX_HOLDS); new clients are better served by another node`,
    });
    expect((await app.http.get('/livez')).status).toBe(200);
    expect((await environment.subscribe()).status).toBe(200);
    await app.closeStreams();
    await until('the node is ready again', async () => (await app.http.get('/readyz')).status === 200);
  });

  it('a node with HOLDFAST_MAX_HOLDS direct holds asks the store nothing for one that it refuses', async () => {
    await fill();
    const asked = countVersionCalls();
    const stream = await openSse(`${app.url}/api/v1/sse/config`, { key: environment.key });
    expect([stream.status, asked()]).toEqual([503, 0]);
  });

  it('a node with HOLDFAST_MAX_HOLDS direct holds still subscribes and repairs the holds of proxies', async () => {
    await fill();
    expect((await environment.subscribe()).status).toBe(200);
  });

  it('a node with HOLDFAST_MAX_HOLDS direct holds takes another as soon as one has ended', async () => {
    await fill();
    await app.closeStreams();
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    expect(stream.status).toBe(200);
  });
});

describe('a herd that comes while the store is slow', () => {
  it('a herd that comes while the store is slow gets as many holds as there are places, and not one more', async () => {
    const before = await refused();
    const version = app.store.version.bind(app.store);
    let answer = (): void => undefined;
    const slow = new Promise<void>((resolve) => (answer = resolve));
    app.store.version = (id) => slow.then(() => version(id));
    const herd = Array.from({ length: 20 }, () => environment.open());
    await until('the others are refused', async () => (await refused()) === before + 20 - MAX_HOLDS);
    answer();
    app.store.version = version;
    const statuses = (await Promise.all(herd)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(MAX_HOLDS).fill(200), ...Array(20 - MAX_HOLDS).fill(503)]);
  });
});

describe('a place', () => {
  it('a place is given back by a subscription that fails', async () => {
    const unread = await app.environment();
    const read = app.store.read.bind(app.store);
    app.store.read = () => Promise.reject(storeAway());
    for (let i = 0; i <= MAX_HOLDS; i++) {
      const stream = await unread.open();
      await stream.closed;
      expect(stream.raw().toString()).toContain('store_unavailable');
    }
    app.store.read = read;
    await fill();
  });
});

/** Counts the requests to the store for a version from this call on. */
function countVersionCalls(): () => number {
  const { store } = app;
  let calls = 0;
  const own = store.version.bind(store);
  store.version = (id) => {
    calls++;
    return own(id);
  };
  return () => calls;
}
