/**
 * The page of delivery of the console in Chromium on real parts: Redis, Pushpin with the canary, a
 * bucket, and two nodes of which one is killed. docs/how-to/console.md
 */
import { Redis } from 'ioredis';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { flag } from '../support/configs.js';
import { expectClean, look, startConsoleBrowser, type ConsoleBrowser } from '../support/console-browser.js';
import { startS3, type S3Setup } from '../support/s3.js';
import { openSse } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const TIMEOUT = 180_000;

let stack: Stack;
let browser: ConsoleBrowser;
let redis: Redis;
let s3: S3Setup;

beforeAll(async () => {
  s3 = await startS3();
  stack = await startStack({ nodes: 2, canary: true, env: { HOLDFAST_BELT: s3.url } });
  browser = await startConsoleBrowser(stack);
  redis = new Redis(stack.redis.url);
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.commit(1, exampleConfigs());
}, TIMEOUT);

afterAll(async () => {
  redis.disconnect();
  await browser.stop();
  await stack.stop();
  await s3.stop();
});

afterEach(() => browser.closePages());

interface Node {
  readonly name: string;
  readonly leader: boolean;
}

/** The second node, which the page does not come from, made the leader. */
async function makeSecondLead(): Promise<void> {
  const nodes = async (): Promise<Node[]> =>
    ((await (await stack.admin('/admin/v1/delivery')).json()) as { nodes: Node[] }).nodes;
  const leader = async (): Promise<string | undefined> => (await nodes()).find((node) => node.leader)?.name;
  const second = `:${stack.nodes[1]!.port}`;
  // An attempt before this one may have left it dead.
  if (!(await nodes()).some(({ name }) => name.endsWith(second))) await stack.nodes[1]!.restart();
  await until('a node leads', async () => (await leader()) !== undefined, { timeout: 30_000 });
  if ((await leader())?.endsWith(second) === true) return;
  await stack.nodes[0]!.restart();
  await until('the second node leads', async () => (await leader())?.endsWith(second), { timeout: 60_000 });
}

const nodeRow = (page: Page, index: number) =>
  page
    .getByRole('region', { name: 'Table of nodes' })
    .getByRole('row')
    .filter({ hasText: `:${stack.nodes[index]!.port}` });

describe('the page of delivery', () => {
  it('the page of delivery shows holds, the canary and copies as they are now', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, await browser.operator('vera', 'viewer'), '/delivery');
    const proxies = page.getByRole('region', { name: 'Table of proxies' });
    await proxies.getByRole('columnheader', { name: 'Seen by the canary' }).waitFor();
    // The canary has a hold of its own, and commits every ten seconds: no column is without a value.
    const cells = () => proxies.getByRole('cell').allTextContents();
    await expect.poll(cells, { timeout: 40_000 }).not.toContain('unknown');
    await expect.poll(cells, { timeout: 40_000 }).not.toContain('nothing yet');
    const copies = page.getByRole('region', { name: 'Table of buckets' });
    await copies.getByText('up to date').waitFor();
    const { key } = await stack.createKey(1);
    const streams = [stack.url, stack.nodes[1]!.url, stack.nodes[1]!.url].map((url) =>
      openSse(`${url}/api/v1/sse/config`, { key }),
    );
    const nodes = page.getByRole('region', { name: 'Table of nodes' });
    await nodes.getByRole('cell', { name: '2', exact: true }).waitFor();
    for (const value of [true, false]) await stack.commit(1, [flag('flag.travels', value)]);
    const changes = page.getByRole('region', { name: 'Table of the last changes' });
    await changes.getByRole('link', { name: 'Production' }).nth(2).waitFor();
    await expect.poll(() => changes.getByRole('cell').allTextContents()).not.toContain('…');
    await copies.getByText('up to date').waitFor();
    await look(watched, 'delivery-two-nodes');
    for (const stream of await Promise.all(streams)) stream.close();
    expectClean(watched);
  }, 120_000);

  it('the page of delivery says that the leader is dead, and recovers with the next one', async () => {
    await makeSecondLead();
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/delivery');
    await nodeRow(page, 1).getByText('leader', { exact: true }).waitFor();
    // It stands still first: after a kill another node leads sooner than a report is missed.
    process.kill(stack.nodes[1]!.pid, 'SIGSTOP');
    await page
      .getByRole('alert')
      .filter({ hasText: /has not reported for|No node leads/ })
      .waitFor();
    await stack.nodes[1]!.kill();
    await look(watched, 'leader-dead');
    await nodeRow(page, 0).getByText('leader', { exact: true }).waitFor();
    await nodeRow(page, 1).waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('alert').count()).toBe(0);
    const { version } = await stack.commit(1, [flag('flag.after-the-kill', true)]);
    await until('the proxy accepted the change under the new leader', async () => {
      const state = (await (await stack.admin('/admin/v1/delivery')).json()) as {
        changes: { version: string; proxies: { acceptedMs?: number }[] }[];
      };
      return state.changes.some(
        (change) => change.version === version && change.proxies[0]?.acceptedMs !== undefined,
      );
    });
    await stack.nodes[1]!.restart();
    await nodeRow(page, 1).waitFor();
    expectClean(watched);
  }, 180_000);

  it('the page of delivery retries a rejected event, which is committed when its fault is gone', async () => {
    const json = JSON.stringify({ configs: [flag('flag.from-inbox', true)] });
    await redis.xadd('{holdfast}:inbox', '*', 'environment', '7', 'json', json);
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/delivery');
    const event = page.locator('.rejected-event');
    await event.waitFor();
    await stack.createEnvironment(7, { projectId: '1', name: 'Seven' });
    await event.getByRole('button', { name: 'Retry' }).click();
    await event.waitFor({ state: 'detached' });
    await until('the event is committed', async () => {
      const answer = await stack.admin('/admin/v1/environments/7/configs');
      return (await answer.text()).includes('flag.from-inbox');
    });
    expectClean(watched);
  }, 120_000);
});
