/**
 * Pages of the console in Chromium, each watched for what it must not have, and looked at by axe in
 * both themes. Pictures are kept in `.stack/console/`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { launchChromium } from './chromium.js';
import { startStack, type Stack } from './stack.js';

const PICTURES = join(import.meta.dirname, '../../.stack/console');

// A text, because the types of pages are not among those of the tests.
const AXE_RUN = "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })";

/** A page with what it must not have: console errors, and requests to anything but the node. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
  readonly strangers: string[];
}

export interface PageOptions {
  readonly dark?: boolean;
  readonly width?: number;
}

/** The console of the first node of a stack. */
export interface ConsoleBrowser {
  /** The address of the console. */
  readonly base: string;
  /** Opens a page in a context of its own. */
  readonly openPage: (options?: PageOptions) => Promise<Watched>;
  /** Signs in; default: with the token of the installation, at `/`. */
  readonly signIn: (page: Page, token?: string, path?: string) => Promise<void>;
  /** Creates an operator and returns the token. */
  readonly operator: (name: string, role: string) => Promise<string>;
  /** Closes the pages that were opened. */
  readonly closePages: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts Chromium for the console of a stack. */
export async function startConsoleBrowser(stack: Stack): Promise<ConsoleBrowser> {
  mkdirSync(PICTURES, { recursive: true });
  const origin = stack.nodes[0]!.url;
  const base = `${origin}/console`;
  // A node looks once, at its start: all tests would wait for a page that is not there.
  const page = await fetch(`${base}/`);
  if (page.status !== 200) throw new Error(`the console is not served: ${await page.text()}`);
  const browser = await launchChromium();
  const contexts: BrowserContext[] = [];
  const closePages = async () => {
    for (const context of contexts.splice(0).reverse()) await context.close();
  };
  return {
    base,
    openPage: async (options = {}) => {
      const watched = await openWatched(browser, origin, options);
      contexts.push(watched.context);
      return watched;
    },
    signIn: async (page, token = stack.secrets.adminToken, path = '/') => {
      const failed: string[] = [];
      const note = (request: Request): void =>
        void failed.push(`${request.url()} ${request.failure()?.errorText ?? ''}`);
      page.on('requestfailed', note);
      try {
        await fillIn(page, `${base}${path}`, token);
      } catch (error) {
        const text = await page.locator('body').innerText({ timeout: 1_000 });
        const state = JSON.stringify({ url: page.url(), text, failed });
        throw new Error(`signing in failed; the page: ${state}`, { cause: error });
      } finally {
        page.off('requestfailed', note);
      }
    },
    operator: async (name, role) => {
      const answer = await stack.admin('/admin/v1/operators', { body: { name, role } });
      return ((await answer.json()) as { token: string }).token;
    },
    closePages,
    stop: async () => {
      await closePages();
      await browser.close();
    },
  };
}

async function fillIn(page: Page, address: string, token: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel('Operator token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page
    .getByRole('navigation', { name: 'Pages' })
    .or(page.getByRole('button', { name: 'Menu' }))
    .first()
    .waitFor();
}

async function openWatched(browser: Browser, origin: string, options: PageOptions): Promise<Watched> {
  const context = await browser.newContext({
    colorScheme: options.dark === true ? 'dark' : 'light',
    viewport: { width: options.width ?? 1280, height: 800 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const [complaints, strangers]: [string[], string[]] = [[], []];
  page.on('console', (message) => {
    // Chromium writes refusals of the server as errors; a test that asks for one expects it.
    const isRefusal = message.text().startsWith('Failed to load resource');
    if ((message.type() === 'error' || message.type() === 'warning') && !isRefusal)
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) strangers.push(request.url());
  });
  return { page, context, complaints, strangers };
}

/** The violations that axe finds, each with the elements. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<AxeResults>(AXE_RUN);
  return found.violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join(' | ')}`,
  );
}

/** Looks at the page in both themes: no violation, and a picture of each. */
export async function look({ page }: Watched, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.screenshot({ path: join(PICTURES, `${name}-${theme}.png`) });
    expect([name, theme, await violations(page)]).toEqual([name, theme, []]);
  }
}

/** Fails when the page had what it must not have. */
export function expectClean({ complaints, strangers }: Watched): void {
  expect({ complaints, strangers }).toEqual({ complaints: [], strangers: [] });
}

/** The time for the start of servers and a browser, milliseconds. */
const START_TIMEOUT = 180_000;

/**
 * Starts a node and a browser for the tests of a file, and ends both after them; pages are closed
 * after each test.
 *
 * @param prepare gets both before the first test
 */
export function useConsole(prepare: (stack: Stack, browser: ConsoleBrowser) => Promise<void>): void {
  let stack: Stack;
  let browser: ConsoleBrowser;
  beforeAll(async () => {
    stack = await startStack({ nodes: 1 });
    browser = await startConsoleBrowser(stack);
    await prepare(stack, browser);
  }, START_TIMEOUT);
  afterAll(async () => {
    await browser.stop();
    await stack.stop();
  });
  afterEach(() => browser.closePages());
}
