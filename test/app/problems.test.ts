/**
 * Problems that clients do not see and operators must: in readiness, in a metric, and in one line
 * of the log.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inSeconds, sign, startApp, type TestApp } from '../support/app.js';
import { until } from '../support/until.js';

let app: TestApp;
let stopping: AbortController;
let led: Promise<void>;

async function start(env: Record<string, string> = {}): Promise<void> {
  app = await startApp({ env });
  stopping = new AbortController();
  led = Promise.resolve();
}

// A request that is not provably from a proxy is refused, and not held here.
beforeEach(() => start({ HOLDFAST_HOLD: 'grip' }));

afterEach(async () => {
  stopping.abort();
  await led;
  await app.close();
});

const readiness = async () => (await app.http.get('/readyz').expect(200)).body as Record<string, unknown>;
const lines = (msg: string) => app.logs.filter((line) => line.msg === msg);

it.each([
  ['expired', 'a node whose clock is two hours ahead', { exp: inSeconds(-7_200) }],
  ['not-yet-valid', 'a node whose clock is two hours behind', { nbf: inSeconds(7_200) }],
])('a signature that is %s is shown, as on %s', async (kind, _, claims) => {
  const environment = await app.environment();
  expect(await readiness()).toMatchObject({ status: 'ready' });
  const token = await sign({ claims });
  for (let i = 0; i < 3; i++) await environment.subscribe({ 'grip-sig': token });
  expect(await readiness()).toMatchObject({
    status: 'degraded',
    degraded: ['clock'],
    clock: {
      error: expect.stringContaining("a proxy's signature") as string,
      since: expect.any(String) as string,
    },
  });
  expect(await app.metric(`holdfast_mistimed_signatures_total{kind="${kind}"}`)).toBe(3);
  expect(lines('a clock is wrong')).toMatchObject([{ level: 'error' }]);
});

it('a signature of another key that is expired shows nothing: everyone can make one', async () => {
  const environment = await app.environment();
  const token = await sign({ claims: { exp: inSeconds(-7_200) }, key: Buffer.from('some other key') });
  await environment.subscribe({ 'grip-sig': token });
  expect(await readiness()).toMatchObject({ status: 'ready' });
});

it('a clock that differs from the one of the store is shown, without any proxy', async () => {
  app.clock.ahead = -120_000;
  led = app.lead(stopping.signal);
  await until('the clocks are compared', () => lines('a clock is wrong').length > 0);
  expect(await readiness()).toMatchObject({
    degraded: ['clock'],
    clock: { error: expect.stringMatching(/120 s behind the store's/) as string },
  });
  expect(await app.metric('holdfast_clock_offset_seconds')).toBeCloseTo(120, 0);
});

it('one node leads and says so, also without a proxy, an inbox and a CDN', async () => {
  await app.close();
  await start({ GRIP_URL: '' });
  expect(await app.metric('holdfast_leader')).toBe(0);
  led = app.lead(stopping.signal);
  await until('the node leads', () => lines('leading: this node publishes, and reads the inbox').length > 0);
  expect(await app.metric('holdfast_leader')).toBe(1);
  expect(await readiness()).toMatchObject({ status: 'ready', lease: { leader: true }, publisher: 'off' });
});
