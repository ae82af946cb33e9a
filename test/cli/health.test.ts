/** `holdfast health`, as a container's check runs it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ownUrl } from '../../src/cli/commands/health.js';
import { startApp, type TestApp } from '../support/app.js';
import { freePort } from '../support/ports.js';
import { run } from './run.js';

describe('the server of these settings', () => {
  it.each([
    [{}, 'http://127.0.0.1:8080'],
    [{ PORT: '9000', HOST: '0.0.0.0' }, 'http://127.0.0.1:9000'],
    [{ PORT: '9000', HOLDFAST_ADMIN_PORT: '9001', HOST: '0.0.0.0' }, 'http://127.0.0.1:9001'],
    [
      { HOLDFAST_ADMIN_PORT: '9001', HOST: '10.0.0.1', HOLDFAST_ADMIN_HOST: '10.0.0.2' },
      'http://10.0.0.2:9001',
    ],
    [{ HOST: '::' }, 'http://127.0.0.1:8080'],
    [{ HOST: '::1' }, 'http://[::1]:8080'],
    [{ HOLDFAST_ADMIN_PORT: 'tcp://10.96.0.1:8081' }, 'http://127.0.0.1:8080'],
  ])('the server of these settings is asked at its own port: %j', (env, url) => {
    expect(ownUrl(env)).toBe(url);
  });

  it('the server of these settings is unknown with a port that the system chooses, and a wrong one is named', async () => {
    expect(await run(['health'], { env: { PORT: '0' } })).toMatchObject({
      code: 2,
      err: 'holdfast: The port is one that the system chose: say where the server is with --url.\n',
    });
    expect(await run(['health'], { env: { PORT: 'x' } })).toMatchObject({
      code: 2,
      err: expect.stringContaining('PORT must be'),
    });
  });
});

describe('holdfast health', () => {
  let app: TestApp;
  let env: Record<string, string>;
  beforeEach(async () => {
    app = await startApp();
    env = { PORT: new URL(app.url).port };
  });
  afterEach(() => app.close());

  it('holdfast health prints one line and ends with 0 while the server lives, also one that is not ready', async () => {
    const place = `http://127.0.0.1:${env.PORT}/livez`;
    expect(await run(['health'], { env })).toMatchObject({ code: 0, out: `alive: ${place}\n`, err: '' });
    app.enter('stopping');
    expect(await run(['health'], { env })).toMatchObject({ code: 0 });
    const { out } = await run(['health', '--json', '--url', `${app.url}/`]);
    expect(JSON.parse(out)).toEqual({ url: `${app.url}/livez`, healthy: true, state: 'alive' });
  });

  it('holdfast health --ready ends with 1 for a server that is not ready, and says its state', async () => {
    expect(await run(['health', '--ready'], { env })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^ready: http/),
    });
    app.enter('stopping');
    expect(await run(['health', '--ready'], { env })).toMatchObject({
      code: 1,
      out: '',
      err: `holdfast: http://127.0.0.1:${env.PORT}/readyz answered 503: stopping\n`,
    });
  });
});

describe('holdfast health without an answer', () => {
  const silent = createServer(() => undefined);
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    ({ port } = silent.address() as AddressInfo);
  });
  afterAll(() => {
    silent.closeAllConnections();
    silent.close();
  });

  it('holdfast health without an answer ends with 1 when nothing listens, and names the place', async () => {
    const unused = await freePort();
    const { code, err } = await run(['health'], { env: { PORT: `${unused}` } });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^holdfast: http:\/\/127\.0\.0\.1:\d+\/livez does not answer \(.*ECONNREFUSED.*\)\n$/,
    );
  });

  it('holdfast health without an answer ends with 1 after --timeout', async () => {
    expect(await run(['health', '--timeout', '0.1'], { env: { PORT: `${port}` } })).toMatchObject({
      code: 1,
      err: `holdfast: http://127.0.0.1:${port}/livez does not answer within 0.1 s\n`,
    });
    expect(await run(['health', '--timeout', 'soon'])).toMatchObject({ code: 2 });
  });
});
