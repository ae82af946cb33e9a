/**
 * Ways through the console, in Chromium on real parts: by links, by the keyboard alone, and on a
 * narrow screen. docs/how-to/console.md
 */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { flag } from '../support/configs.js';
import { expectClean, look, useConsole, type ConsoleBrowser } from '../support/console-browser.js';
import type { Stack } from '../support/stack.js';

let stack: Stack;
let browser: ConsoleBrowser;

useConsole(async (...started) => {
  [stack, browser] = started;
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.createEnvironment(2, { projectId: '1', name: 'Staging' });
  for (const environment of [1, 2]) await stack.commit(environment, exampleConfigs());
});

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

  it('the console goes by the keyboard alone from signing in to a saved rule', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await page.goto(`${browser.base}/`);
    await page.getByLabel('Operator token').waitFor();
    await tabTo(page, 'Operator token');
    await page.keyboard.type(stack.secrets.adminToken);
    await page.keyboard.press('Enter');
    const toggle = page.getByRole('switch', { name: 'flag.welcome-banner' });
    await toggle.waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('flag.welcome');
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await tabTo(page, 'flag.welcome-banner', 'switch');
    await page.keyboard.press('Space');
    await page.getByText('flag.welcome-banner is on.').waitFor();
    // The switch keeps the focus while it is being set, so that it can be set back.
    expect(await focused(page)).toBe('switch: flag.welcome-banner');
    await tabTo(page, 'Undo');
    await page.keyboard.press('Enter');
    await page.getByText('The change was taken back.').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('new-checkout');
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    await tabTo(page, 'flag.new-checkout');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'flag.new-checkout' }).waitFor();
    // The next Tab is in the page that was opened, not in front of its navigation.
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('a: ← Flags');
    await tabTo(page, 'Compared with, rule 1, condition 1');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('@keyboard.example');
    await tabTo(page, 'Review the change');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, 'Save');
    await page.keyboard.press('Enter');
    await page.getByText('flag.new-checkout was saved.').waitFor();
    const answer = await stack.admin('/admin/v1/environments/1/configs');
    expect(await answer.text()).toContain('@keyboard.example');
    expectClean(watched);
  }, 120_000);

  it('a flag of a long list is opened at its top, and the way back leads to the same place', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await stack.createEnvironment(3, { projectId: '1', name: 'Long' });
    const flags = Array.from({ length: 300 }, (_, index) => flag(`flag.long-${100 + index}`, true));
    await stack.commit(3, flags);
    await browser.signIn(page, undefined, '/e/3/flags');
    await page.getByText('300 in all').waitFor();
    await page.evaluate('scrollTo(0, 6000)');
    await page.getByRole('link', { name: 'flag.long-245' }).click();
    await page.getByRole('heading', { name: 'flag.long-245' }).waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);
    await page.goBack();
    await page.getByRole('link', { name: 'flag.long-245' }).waitFor();
    expect(await page.evaluate('scrollY')).toBe(6000);
    expectClean(watched);
  }, 90_000);

  it('forms, dialogs and differences of the console can be used on a screen of 390 pixels', async () => {
    const watched = await browser.openPage({ width: 390 });
    const { page } = watched;
    const expectNarrow = async (name: string): Promise<void> => {
      await look(watched, `${name}-narrow`);
      const wide = await page.evaluate<
        string[]
      >(`[document.documentElement, ...document.querySelectorAll('dialog')]
        .filter((element) => element.scrollWidth > element.clientWidth).map(({ tagName }) => tagName)`);
      expect([name, wide]).toEqual([name, []]);
    };
    await page.goto(`${browser.base}/`);
    await page.getByLabel('Operator token').waitFor();
    await expectNarrow('sign-in');
    await browser.signIn(page, undefined, '/e/1/new');
    await page.getByLabel('Key').fill('flag.with-a-long-name-that-once-seemed-to-be-clear-enough');
    await page.getByRole('button', { name: '+ Add a rule' }).click();
    await page
      .getByLabel('Compared with, rule 1, condition 1')
      .fill('@a-long-domain-of-a-customer.example.com');
    await expectNarrow('new-flag');
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByText('of 3 sample users get another value').waitFor();
    await expectNarrow('review');
    await page.getByRole('button', { name: 'Back to editing' }).click();
    await page.getByRole('button', { name: 'Menu' }).click();
    await expectNarrow('menu');
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.getByRole('button', { name: 'Leave without saving' }).waitFor();
    await expectNarrow('leave');
    await page.getByRole('button', { name: 'Leave without saving' }).click();
    await page.getByLabel('Compare Production with').selectOption('2');
    await page.locator('.compare-row').or(page.getByText('are the same')).first().waitFor();
    await expectNarrow('compare');
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Environments' }).click();
    await page.getByRole('button', { name: 'Settings of Production' }).click();
    await page.getByLabel('Default context').waitFor();
    await expectNarrow('environment-settings');
    expectClean(watched);
  }, 120_000);
});

/** The element with the focus: what it is, and its name. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(`(() => {
    const { activeElement: element } = document;
    const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.innerText ?? element.innerText;
    return (element.getAttribute('role') ?? element.tagName.toLowerCase()) + ': ' + label.trim();
  })()`);
}

/** Presses Tab until an element of that name has the focus. */
async function tabTo(page: Page, name: string, kind = ''): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 60; presses++) {
    const now = await focused(page);
    if (now.startsWith(kind) && now.endsWith(`: ${name}`)) return;
    seen.push(now);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab did not lead to ${name}, but to ${seen.join(', ')}`);
}
