/**
 * Ways through the console, in Chromium on real parts: by links, by the keyboard alone, and on a
 * narrow screen. docs/how-to/console.md
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { expectClean, startConsoleBrowser, type ConsoleBrowser } from '../support/console-browser.js';
import { startStack, type Stack } from '../support/stack.js';

const TIMEOUT = 180_000;

let stack: Stack;
let browser: ConsoleBrowser;

beforeAll(async () => {
  stack = await startStack({ nodes: 1 });
  browser = await startConsoleBrowser(stack);
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.createEnvironment(2, { projectId: '1', name: 'Staging' });
  for (const environment of [1, 2]) await stack.commit(environment, exampleConfigs());
}, TIMEOUT);

afterAll(async () => {
  await browser.stop();
  await stack.stop();
});

afterEach(() => browser.closePages());

function gate(): { passed: Promise<void>; open: () => void } {
  let open: (() => void) | undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open?.() };
}

/** Holds requests back until it is released. */
async function hold(page: Page, path: RegExp): Promise<{ asked: Promise<void>; release: () => void }> {
  const [asked, released] = [gate(), gate()];
  await page.route(path, async (route) => {
    asked.open();
    await released.passed;
    await route.continue();
  });
  return { asked: asked.passed, release: released.open };
}

describe('ways through the console', () => {
  it('the first page of the console does not lead away from a page that is being opened', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    const list = await hold(page, /\/admin\/v1\/environments$/);
    const file = await hold(page, /\/assets\/delivery-[^/]*\.js$/);
    await browser.signIn(page);
    await list.asked;
    await page.evaluate(
      `history.pushState(null, '', '/console/delivery'); dispatchEvent(new PopStateEvent('popstate'))`,
    );
    await file.asked;
    const answered = page.waitForResponse(/\/admin\/v1\/environments$/);
    list.release();
    await (await answered).finished();
    // The picker shows that the list has arrived.
    await page.getByLabel('Environment').waitFor();
    file.release();
    await page.getByRole('heading', { name: 'Delivery' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/delivery');
    expectClean(watched);
  }, 90_000);

  it('the console keeps the environment while pages of the installation are open', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/2/flags');
    await page.getByRole('link', { name: 'flag.new-checkout' }).waitFor();
    await page.getByRole('link', { name: 'Delivery' }).click();
    await page.getByRole('heading', { name: 'Delivery' }).waitFor();
    expect(await page.getByLabel('Environment').inputValue()).toBe('2');
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByRole('heading', { name: 'History' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/e/2/history');
    expectClean(watched);
  }, 90_000);

  it('a page of the console looks the same whatever pages were open before it', async () => {
    await stack.createKey(1);
    const watched = await browser.openPage({ width: 390 });
    const { page } = watched;
    await browser.signIn(page, undefined, '/delivery');
    const looks = async (): Promise<string[]> => {
      await page.getByRole('cell').first().waitFor();
      return page.evaluate<string[]>(`['th', 'td'].map((name) => {
        const { display, padding, border, font, color, background } = getComputedStyle(document.querySelector(name));
        return [display, padding, border, font, color, background].join(' ');
      })`);
    };
    const open = async (label: string): Promise<string[]> => {
      await page.getByRole('button', { name: 'Menu' }).click();
      await page.getByRole('link', { name: label, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: label }).waitFor();
      return looks();
    };
    const delivery = await looks();
    const keys = await open('Keys');
    expect(await open('Delivery')).toEqual(delivery);
    await page.reload();
    await browser.signIn(page, undefined, '/e/1/keys');
    expect(await looks()).toEqual(keys);
    expectClean(watched);
  }, 90_000);

  it('a notice of the console covers no button at the end of a page', async () => {
    for (const width of [1280, 390]) {
      const watched = await browser.openPage({ width });
      const { page } = watched;
      await browser.signIn(page, undefined, '/e/1/flags/flag.new-checkout');
      const review = page.getByRole('button', { name: 'Review the change' });
      const last = page.getByRole('group', { name: 'Value for everyone else' });
      await last.getByRole('radio', { name: width === 390 ? 'false' : 'true' }).check();
      await review.click();
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('flag.new-checkout was saved.').waitFor();
      await last.getByRole('radio', { name: width === 390 ? 'true' : 'false' }).check();
      await expect.poll(() => review.isEnabled()).toBe(true);
      for (const place of ['0', 'document.body.scrollHeight']) {
        await page.evaluate(`scrollTo(0, ${place})`);
        const covering = await page.evaluate(`(() => {
          const button = document.querySelector('.editor-bar .button-primary');
          const { x, y, width, height } = button.getBoundingClientRect();
          return [0.1, 0.5, 0.9].map((part) => document.elementFromPoint(x + part * width, y + height / 2)?.className);
        })()`);
        expect([width, place, covering]).toEqual([width, place, Array(3).fill('button button-primary')]);
      }
      await page.getByText('flag.new-checkout was saved.').waitFor();
      expectClean(watched);
    }
  }, 120_000);
});
