/** The link that a first start prints, in Chromium, on a server with the embedded store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complaintsOf, launchChromium } from '../support/chromium.js';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

let folder: string;
let server: RunningProcess;
let browser: Browser;
let link: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-first-link-'));
  browser = await launchChromium();
  server = startProcess({
    command: process.execPath,
    args: [MAIN, 'serve'],
    env: { PATH: process.env.PATH ?? '', PORT: '0', HOME: folder },
    cwd: folder,
    logFile: join(folder, 'serve.log'),
    onOrphaned: 'SIGTERM',
  });
  const printed = () => /\S+\/console\/#code=\S+/.exec(server.logs())?.[0];
  const options = { timeout: 40_000, context: () => server.tail() };
  link = await until('it prints the link', printed, options);
});

afterAll(async () => {
  await browser.close();
  await endProcess(server, 'SIGTERM', 15_000);
  rmSync(folder, { recursive: true, force: true });
});

describe('the link of a first start', () => {
  it('the link of a first start signs in, and is not in the address afterwards', async () => {
    const page = await browser.newPage();
    const complaints = complaintsOf(page);
    await page.goto(link);
    await page.getByRole('link', { name: 'flag.welcome-banner' }).waitFor();
    expect(page.url()).not.toContain('code');
    await page.reload();
    await page.getByRole('link', { name: 'flag.welcome-banner' }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  it('the link of a first start does not sign in twice, and says so', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await page.getByText('Not signed in').waitFor();
    await page.getByLabel('Operator token').waitFor();
    await context.close();
  }, 60_000);
});
