/**
 * Leaving pages of the console and coming back, in Chromium on real parts: edits, titles, and the
 * token of a tab. docs/how-to/console.md
 */
import { describe, expect, it } from 'vitest';
import { titleOf } from '../../console/src/navigation.js';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { expectClean, look, useConsole, type ConsoleBrowser } from '../support/console-browser.js';
import type { Stack } from '../support/stack.js';

let stack: Stack;
let browser: ConsoleBrowser;

useConsole(async (...started) => {
  [stack, browser] = started;
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.commit(1, exampleConfigs());
});

describe('leaving a page of the console', () => {
  it('the editor asks before an edit is lost, and not once it is saved or discarded', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/flags/flag.new-checkout');
    const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
    const operand = page.getByLabel('Compared with, rule 1, condition 1');
    await operand.fill('@typed.example');
    await page.getByRole('link', { name: 'History', exact: true }).first().click();
    await dialog.waitFor();
    await look(watched, 'leave');
    await dialog.getByRole('button', { name: 'Stay' }).click();
    expect(await operand.inputValue()).toBe('@typed.example');
    await page.getByRole('button', { name: 'Discard' }).click();
    expect(await page.getByRole('button', { name: 'Discard' }).count()).toBe(0);
    await page.getByRole('main').getByRole('link', { name: 'Flags' }).click();
    await page.getByRole('link', { name: 'flag.new-checkout' }).click();
    await operand.fill('@saved.example');
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('flag.new-checkout was saved.').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'Flags' }).click();
    await page.getByRole('link', { name: 'New flag' }).click();
    await page.getByLabel('Key').fill('flag.lost');
    await page.getByRole('link', { name: 'Delivery' }).click();
    await dialog.getByRole('button', { name: 'Leave without saving' }).click();
    await page.getByRole('heading', { name: 'Delivery' }).waitFor();
    await page.goBack();
    await page.getByLabel('Key').fill('flag.kept');
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'flag.kept' }).waitFor();
    expect(await dialog.count()).toBe(0);
    expectClean(watched);
  }, 90_000);

  it('a tab of the console is named by its page and environment', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/flags/flag.fast-search');
    await expect.poll(() => page.title()).toBe('flag.fast-search · Production · Holdfast');
    await page.getByRole('link', { name: 'Keys' }).click();
    await expect.poll(() => page.title()).toBe('Keys · Production · Holdfast');
    await page.getByRole('link', { name: 'Delivery' }).click();
    await expect.poll(() => page.title()).toBe('Delivery · Holdfast');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect.poll(() => page.title()).toBe('Holdfast');
    expect(titleOf('/e/7/new', undefined)).toBe('New flag · Holdfast');
    expect(titleOf('/e/7/flags/a%20b', 'Seven')).toBe('a b · Seven · Holdfast');
    expectClean(watched);
  }, 90_000);

  it('a tab of the console keeps its token while the node cannot be reached, and drops a refused one', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await page.goto(`${browser.base}/e/1/flags`);
    await page.getByLabel('Stay signed in until this tab is closed').check();
    await page.getByLabel('Operator token').fill(stack.secrets.adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const link = page.getByRole('link', { name: 'flag.new-checkout' });
    await link.waitFor();
    await page.route('**/admin/v1/self', (route) => route.abort('connectionrefused'));
    await page.reload();
    await page.getByText('Reload the page to try again.').waitFor();
    await page.unroute('**/admin/v1/self');
    await page.reload();
    await link.waitFor();
    await page.route('**/admin/v1/self', (route) => route.fulfill({ status: 401, body: '{}' }));
    await page.reload();
    await page.getByLabel('Operator token').waitFor();
    await expect.poll(() => page.evaluate('sessionStorage.length')).toBe(0);
    expectClean(watched);
  }, 90_000);
});
