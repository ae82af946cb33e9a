/** Direct subscriptions: connections that this process keeps open, over real sockets. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { basic, KEEP_ALIVE_SECONDS, sign, startApp, type TestApp } from '../support/app.js';
import { deletion, flag, keys, read, text } from '../support/configs.js';
import { openSse } from '../support/sse.js';
import { readBody } from '../support/stream.js';
import { until } from '../support/until.js';

const MAX_AGE_SECONDS = 100;
const MAX = '9223372036854775807';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ env: { HOLDFAST_MAX_AGE: `${MAX_AGE_SECONDS}` } });
});

afterAll(() => app.close());

afterEach(async () => {
  await app.closeStreams();
  app.clock.ahead = 0;
  app.clock.random = undefined;
});

const ended = (reason: string) => app.metric(`holdfast_direct_holds_ended_total{reason="${reason}"}`);

describe('a direct subscription', () => {
  it('a direct subscription is an event stream without instructions and without an end', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream\b/),
      'cache-control': 'no-store, no-transform',
      'transfer-encoding': 'chunked',
    });
    expect(Object.keys(stream.headers).filter((name) => name.startsWith('grip-'))).toEqual([]);
    expect(stream.isClosed()).toBe(false);
  });

  it('a direct subscription begins with the same bytes as one through a proxy', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true), flag('b', true));
    app.clock.random = 0.5;
    const expected = (await environment.subscribe()).text;
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    expect(stream.raw().toString()).toBe(expected);
  });

  it('a direct subscription of a client that stands somewhere begins with what it lacks', async () => {
    const environment = await app.environment();
    const { version } = await environment.commit(flag('a', true));
    await environment.commit(flag('b', true));
    const stream = await environment.open({ 'last-event-id': version });
    await stream.waitForEvent(() => true);
    expect(keys(stream.events)).toEqual(['b']);
  });

  it('a direct subscription of a client that is current begins without an event, and gets the next change', async () => {
    const environment = await app.environment();
    const { version } = await environment.commit(flag('a', true));
    const stream = await environment.open({ 'x-prefab-start-at-id': version });
    await environment.commit(flag('b', true));
    await stream.waitForEvent(() => true);
    expect(keys(stream.events)).toEqual(['b']);
  });

  it('a direct subscription of a client that is ahead of the store begins with everything, which is counted once and raises no alarm', async () => {
    const environment = await app.environment();
    const { version } = await environment.commit(flag('a', true));
    const ahead = await app.metric('holdfast_clients_ahead_total');
    app.logs.length = 0;
    const stream = await environment.open({ 'last-event-id': MAX });
    const event = await stream.waitForEvent(() => true);
    expect([keys(stream.events), event.id]).toEqual([['a'], version]);
    expect(await app.metric('holdfast_clients_ahead_total')).toBe(ahead + 1);
    expect(app.logs.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('a direct subscription is counted, and so is its end when the client leaves', async () => {
    const environment = await app.environment();
    const [left, opened] = [
      await ended('client'),
      await app.metric('holdfast_subscribes_total{hold="direct",decision="current",stream="configs"}'),
    ];
    const stream = await environment.open();
    expect(await app.metric('holdfast_direct_holds')).toBe(1);
    expect(
      await app.metric('holdfast_subscribes_total{hold="direct",decision="current",stream="configs"}'),
    ).toBe(opened + 1);
    stream.close();
    await until('the end is counted', async () => (await ended('client')) === left + 1);
    expect(app.directHolds.size).toBe(0);
  });

  it('a direct subscription with a refused key is an answer of 401 and no stream', async () => {
    const environment = await app.environment();
    const stream = await openSse(`${app.url}/api/v1/sse/config`, { key: `${environment.key}x` });
    expect([stream.status, await stream.closed]).toEqual([401, 'ended']);
    expect(app.directHolds.size).toBe(0);
  });
});

describe('an open stream gets', () => {
  it('a change as soon as it is committed: one event with its configs, pointer and version', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    const { version } = await environment.commit(flag('b', true), deletion('a'));
    const event = await stream.waitForEvent(({ id }) => id === version);
    expect(read(event)).toMatchObject({
      configs: [{ key: 'b' }, { key: 'a', configType: 'DELETED' }],
      configServicePointer: { projectEnvId: environment.id },
    });
    expect(stream.events).toHaveLength(2);
  });

  it('bytes that are whole events, in the form of every other event', async () => {
    const environment = await app.environment();
    const stream = await environment.open();
    const { version } = await environment.commit(flag('a', true));
    await stream.waitForEvent(({ id }) => id === version);
    expect(readBody(stream.raw().toString()).events.map(({ id }) => id)).toEqual([version]);
    expect(stream.errors).toEqual([]);
  });

  it('every one of many changes, ascending, and none twice', async () => {
    const environment = await app.environment();
    const stream = await environment.open();
    const names = Array.from({ length: 30 }, (_, index) => `flag.${index}`);
    const commits = await Promise.all(names.map((name) => environment.commit(flag(name, true))));
    const last = commits.map(({ version }) => version).sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1))[0];
    await stream.waitForEvent(({ id }) => id === last);
    expect(keys(stream.events).sort()).toEqual([...names].sort());
    const ids = stream.events.map(({ id }) => BigInt(id!));
    expect(ids).toEqual([...ids].sort((a, b) => (a < b ? -1 : 1)));
  });

  it('a change that is too large for one event, as several', async () => {
    const environment = await app.environment();
    const stream = await environment.open();
    const names = Array.from({ length: 100 }, (_, index) => `config.${index}`);
    const { version } = await environment.commit(...names.map((name) => text(name, 'x'.repeat(1_000))));
    await stream.waitForEvent(({ id }) => id === version);
    expect(stream.events.length).toBeGreaterThan(1);
    expect(keys(stream.events)).toEqual(names);
  });

  it('a new default context, as an event without configs', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    const defaultContext = { contexts: [{ type: 'team', values: { name: { string: 'x' } } }] };
    const settings = { projectId: '1', name: 'x', defaultContext };
    const { body } = await app.admin('put', `/environments/${environment.id}`).send(settings).expect(200);
    const event = await stream.waitForEvent(({ id }) => id === body.version);
    expect(read(event)).toEqual({
      defaultContext,
      configServicePointer: { projectId: '1', projectEnvId: environment.id },
    });
  });

  it('nothing of another environment', async () => {
    const [environment, other] = [await app.environment(), await app.environment()];
    const stream = await environment.open();
    await other.commit(flag('theirs', true));
    const { version } = await environment.commit(flag('ours', true));
    await stream.waitForEvent(({ id }) => id === version);
    expect(keys(stream.events)).toEqual(['ours']);
  });

  it('a comment when it was idle, less than 30 seconds after the last', async () => {
    const environment = await app.environment();
    const stream = await environment.open();
    await stream.waitFor(({ retries }) => retries.length === 1);
    const comments = stream.comments.length;
    app.clock.ahead = KEEP_ALIVE_SECONDS * 1000;
    app.directHolds.tick();
    await stream.waitFor((now) => now.comments.length === comments + 1);
    app.clock.ahead += (KEEP_ALIVE_SECONDS - 1) * 1000;
    app.directHolds.tick();
    app.clock.ahead += 1000;
    app.directHolds.tick();
    await stream.waitFor((now) => now.comments.length === comments + 2);
    expect(stream.raw().toString()).toMatch(/retry: \d+\n(: keep-alive\n){2}$/);
    expect(KEEP_ALIVE_SECONDS).toBeLessThan(30);
  });
});

describe('an open stream ends', () => {
  it('immediately when its key is revoked, and the next attempt is refused', async () => {
    const [environment, other] = [await app.environment(), await app.environment()];
    const [stream, bystander] = [await environment.open(), await other.open()];
    const revoked = await ended('revoked');
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    expect(await stream.closed).toBe('ended');
    expect(await ended('revoked')).toBe(revoked + 1);
    expect((await environment.open()).status).toBe(401);
    expect(bystander.isClosed()).toBe(false);
  });

  it('an open stream ends between 80 % and 100 % of the age that is set', async () => {
    const environment = await app.environment();
    app.clock.random = 0;
    const first = await environment.open();
    app.clock.random = 0.999_999;
    const second = await environment.open();
    app.clock.ahead = 0.8 * MAX_AGE_SECONDS * 1000 - 1_000;
    app.directHolds.tick();
    expect([first.isClosed(), second.isClosed()]).toEqual([false, false]);
    app.clock.ahead = 0.8 * MAX_AGE_SECONDS * 1000;
    app.directHolds.tick();
    expect(await first.closed).toBe('ended');
    expect(second.isClosed()).toBe(false);
    app.clock.ahead = MAX_AGE_SECONDS * 1000;
    app.directHolds.tick();
    expect(await second.closed).toBe('ended');
  });
});

describe('who holds a subscription', () => {
  it('who holds a subscription is this process when the signature is forged', async () => {
    const environment = await app.environment();
    const forged = await sign({ key: Buffer.from('another key') });
    const stream = await environment.open({ 'grip-sig': forged, 'grip-hold': 'stream' });
    expect(stream.headers).not.toHaveProperty('grip-hold');
    expect(app.directHolds.size).toBe(1);
  });

  it('who holds a subscription is this process with HOLDFAST_HOLD=direct, whatever the signature is', async () => {
    const other = await startApp({ env: { HOLDFAST_HOLD: 'direct' } });
    try {
      const environment = await other.environment();
      const stream = await environment.open({ 'grip-sig': await sign() });
      expect(stream.status).toBe(200);
      expect(stream.headers).not.toHaveProperty('grip-hold');
      expect(other.directHolds.size).toBe(1);
    } finally {
      await other.close();
    }
  });

  it('who holds a subscription is this process without a proxy, because no signature can be valid', async () => {
    const other = await startApp({ env: { GRIP_URL: '' } });
    try {
      const environment = await other.environment();
      const stream = await environment.open({ 'grip-sig': await sign() });
      expect(stream.headers).not.toHaveProperty('grip-hold');
      expect(other.directHolds.size).toBe(1);
    } finally {
      await other.close();
    }
  });
});

describe('a drain', () => {
  it('a drain ends every stream properly, and refuses new ones until the process is gone', async () => {
    const other = await startApp();
    try {
      const environment = await other.environment();
      const { version } = await environment.commit(flag('a', true));
      const streams = await Promise.all([environment.open(), environment.open(), environment.open()]);
      await Promise.all(streams.map((stream) => stream.waitForEvent(({ id }) => id === version)));
      await other.directHolds.drain(0);
      expect(await Promise.all(streams.map(({ closed }) => closed))).toEqual(Array(3).fill('ended'));
      const late = await other.http.get('/api/v1/sse/config').set('Authorization', basic(environment.key));
      expect([late.status, late.body.error.code, late.get('Retry-After')]).toEqual([503, 'busy', '1']);
      expect(late.get('Cache-Control')).toBe('no-store');
      expect((await environment.subscribe()).status).toBe(200);
    } finally {
      await other.close();
    }
  });
});
