/**
 * The package as an application gets it from `npm run build`: the exports of the package, by their
 * names, in a process of its own.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endProcess, startProcess } from '../support/processes.js';
import { startApp, type TestApp } from '../support/app.js';
import { text } from '../support/configs.js';
import { until } from '../support/until.js';

const EXAMPLE = join(import.meta.dirname, '../../examples/client/service.mjs');

let app: TestApp;
let folder: string;
beforeAll(async () => {
  app = await startApp({ env: { GRIP_URL: '' } });
  folder = await mkdtemp(join(tmpdir(), 'hf-example-'));
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

it('the example shows a flag, and shows it again when it changes, and ends', async () => {
  const environment = await app.environment();
  await environment.commit(text('greeting', 'good morning'));
  const service = startProcess({
    command: process.execPath,
    args: [EXAMPLE],
    env: { URLS: app.url, KEY: environment.key },
    cwd: folder,
    logFile: join(folder, 'log'),
    onOrphaned: 'SIGKILL',
  });
  await until('the flag is shown', () => service.logs().includes('greeting: good morning'), {
    context: () => service.logs(),
  });
  await environment.commit(text('greeting', 'good evening'));
  await until(
    'it is shown again',
    () => service.logs().includes('changes greeting\ngreeting: good evening'),
    {
      context: () => service.logs(),
    },
  );
  await endProcess(service, 'SIGTERM', 10_000);
  expect(await readdir(join(folder, 'data'))).toEqual(['flags']);
});
