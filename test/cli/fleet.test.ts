/** `holdfast fleet` against a node with direct holds. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { until } from '../support/until.js';
import { run, start } from './run.js';

describe('holdfast fleet', () => {
  let app: TestApp;
  let environment: TestEnvironment;
  let env: Record<string, string>;

  beforeEach(async () => {
    app = await startApp();
    environment = await app.environment();
    await environment.commit(flag('a', true));
    env = {
      HOLDFAST_URL: app.url,
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_ENVIRONMENT: environment.id,
    };
  });
  afterEach(() => app.close());

  it('holdfast fleet prints where the clients of an environment stand, by key', async () => {
    const stream = await environment.open();
    await stream.waitForEvent(() => true);
    const { code, out, err } = await run(['fleet'], { env });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(
      /^At version \d+: at least 1 current, 0 to be verified, 0 behind for more than \d+ s\n/,
    );
    expect(out).toMatch(/KEY +PROXY +STREAM +VERSION +STATE +HOLDS +HEARD\n/);
    expect(out).toMatch(/ direct +configs +\d+ +current +1 +0 s ago\n/);
  });

  it('holdfast fleet --json prints the answer of the server', async () => {
    const { code, out } = await run(['fleet', '--json'], { env });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      holds: { current: 0, under_t: 0, over_t: 0 },
      entries: [],
      truncated: false,
    });
  });

  it('holdfast fleet --watch goes on until Ctrl-C, and refuses to look too often', async () => {
    const running = start(['fleet', '--watch', '--json', '--every', '0.5'], { env });
    await until('two looks', () => running.slept().length > 2);
    running.stop();
    expect(await running.done).toBe(0);
    expect(running.slept()).toContain(500);
    expect(await run(['fleet', '--every', '0.1'], { env })).toMatchObject({ code: 2 });
  });

  it('holdfast fleet needs an operator and an environment that exists', async () => {
    expect(
      await run(['fleet'], { env: { ...env, HOLDFAST_ADMIN_TOKEN: 'no token of this server' } }),
    ).toMatchObject({ code: 1, out: '' });
    expect(await run(['fleet', '--environment', '987654321'], { env })).toMatchObject({ code: 1, out: '' });
  });
});
