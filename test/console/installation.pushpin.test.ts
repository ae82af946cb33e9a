/**
 * The pages of the console for environments, keys and operators, in Chromium on real parts.
 * docs/how-to/console.md
 */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { expectClean, look, useConsole, type ConsoleBrowser } from '../support/console-browser.js';
import { openSse } from '../support/sse.js';
import type { Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
let browser: ConsoleBrowser;

useConsole(async (...started) => {
  [stack, browser] = started;
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.commit(1, exampleConfigs());
});

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

async function json(path: string): Promise<unknown> {
  return (await stack.admin(`/admin/v1${path}`)).json();
}

describe('the console for the installation', () => {
  it('the console creates an environment, changes its settings, and deletes it by its name', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page);
    await page.getByRole('link', { name: 'Environments' }).click();
    await page.getByRole('button', { name: 'New environment' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByLabel('Number').inputValue()).toBe('2');
    await dialog.getByLabel('Name').fill('Production');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByRole('alert').waitFor();
    await look(watched, 'environment-refused');
    await dialog.getByLabel('Name').fill('Staging');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await row(page, 'Staging').waitFor();
    await page.getByRole('button', { name: 'Settings of Staging' }).click();
    await dialog.getByLabel('Default context').fill('{"contexts": ');
    await dialog.getByRole('alert').waitFor();
    const context = { contexts: [{ type: 'team', values: { region: { string: 'eu' } } }] };
    await dialog.getByLabel('Default context').fill(JSON.stringify(context));
    await look(watched, 'environment-settings');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Staging was saved.').waitFor();
    expect(await json('/environments/2')).toMatchObject({ name: 'Staging', defaultContext: context });
    await look(watched, 'environments');
    await stack.createKey(2);
    await page.getByRole('button', { name: 'Delete Staging' }).click();
    await dialog.getByText('1 key is revoked at once').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Delete the environment' });
    expect(await confirm.isDisabled()).toBe(true);
    await look(watched, 'environment-delete');
    await dialog.getByLabel('Type Staging to confirm').fill('Staging');
    await confirm.click();
    await page.getByText('Staging was deleted; 1 key was revoked.').waitFor();
    await expect.poll(() => row(page, 'Staging').count()).toBe(0);
    expectClean(watched);
  }, 120_000);

  it("the console shows someone else's change of an environment's settings, and does not write over it", async () => {
    await stack.createEnvironment(4, { projectId: '1', name: 'Shared' });
    const [ann, bob] = [await browser.openPage(), await browser.openPage()];
    for (const { page } of [ann, bob]) {
      await browser.signIn(page, undefined, '/environments');
      await page.getByRole('button', { name: 'Settings of Shared' }).click();
      await page.getByLabel('Name').waitFor();
    }
    await ann.page.getByLabel('Name').fill('Shared by ann');
    await ann.page.getByRole('button', { name: 'Save' }).click();
    await ann.page.getByText('Shared by ann was saved.').waitFor();
    await bob.page.getByLabel('Name').fill('Shared by bob');
    await bob.page.getByRole('button', { name: 'Save' }).click();
    const conflict = bob.page.getByRole('alert', { name: 'Changed by someone else' });
    await conflict.getByText('Shared by ann', { exact: true }).waitFor();
    expect(await bob.page.getByRole('alert').count()).toBe(1);
    expect(await json('/environments/4')).toMatchObject({ name: 'Shared by ann' });
    await look(bob, 'environment-conflict');
    await conflict.getByRole('button', { name: 'Start again from the present settings' }).click();
    await conflict.waitFor({ state: 'detached' });
    expect(await bob.page.getByLabel('Name').inputValue()).toBe('Shared by ann');
    await bob.page.getByLabel('Name').fill('Shared by bob');
    await bob.page.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByText('Shared by bob was saved.').waitFor();
    for (const each of [ann, bob]) expectClean(each);
  }, 120_000);

  it('the console shows a new key once, and revokes it with the number of streams that end', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/keys');
    await page.getByText('There are no keys in this environment').waitFor();
    await look(watched, 'keys-empty');
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('checkout service');
    await dialog.getByLabel('Expires').selectOption({ label: 'in 90 days' });
    await look(watched, 'key-new');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const key = (await dialog.getByTestId('secret').textContent())!;
    expect(key).toMatch(/-SDK-/);
    await look(watched, 'key-issued');
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    expect(await page.content()).not.toContain(key);
    // A hold of the node itself is counted exactly, and at once.
    const stream = await openSse(`${stack.nodes[0]!.url}/api/v1/sse/config`, { key });
    expect(stream.status).toBe(200);
    await until('the fleet counts the stream', async () => {
      const fleet = (await json('/environments/1/fleet')) as { entries: { holds: number }[] };
      return fleet.entries.some(({ holds }) => holds === 1);
    });
    await page.reload();
    await browser.signIn(page, undefined, '/e/1/keys');
    await row(page, 'checkout service').getByRole('cell', { name: '1', exact: true }).waitFor();
    const inDays = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
    await row(page, 'checkout service').getByText(inDays).waitFor();
    // The stream is a use, which nodes write once a minute: nothing is said of it until then.
    await row(page, 'checkout service').getByText('none noted').waitFor();
    await look(watched, 'keys');
    await page.getByRole('button', { name: 'Revoke checkout service' }).click();
    await dialog.getByText('This closes at least 1 open stream.').waitFor();
    await look(watched, 'key-revoke');
    await dialog.getByLabel('Type checkout service to confirm').fill('checkout service');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('checkout service was revoked.').waitFor();
    expect(await stream.closed).not.toBe('closed');
    await page.getByLabel('Show revoked and expired keys (1)').check();
    await row(page, 'checkout service').getByText('revoked').waitFor();
    await look(watched, 'keys-revoked');
    expectClean(watched);
  }, 120_000);

  it('the console creates an operator whose token signs in, gives another one, and revokes it', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page);
    await page.getByRole('link', { name: 'Operators' }).click();
    await page.getByText('There are no operators yet').waitFor();
    await look(watched, 'operators-empty');
    await page.getByRole('button', { name: 'New operator' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('no spaces');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.getByRole('alert').waitFor();
    await dialog.getByLabel('Name').fill('ann');
    // The refusal was of another name.
    expect(await dialog.getByRole('alert').count()).toBe(0);
    await dialog.getByLabel('All, those to come too').uncheck();
    await look(watched, 'operator-new');
    await dialog.getByRole('button', { name: 'Create' }).click();
    const token = (await dialog.getByTestId('secret').textContent())!;
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await row(page, 'ann').getByRole('cell', { name: 'Production' }).waitFor();
    const other = await browser.openPage();
    await browser.signIn(other.page, token);
    expect(await other.page.getByRole('link', { name: 'Operators' }).count()).toBe(0);
    await look(watched, 'operators');
    await page.getByRole('button', { name: 'New token for ann' }).click();
    await dialog.getByLabel('Type ann to confirm').fill('ann');
    await dialog.getByRole('button', { name: 'Make a new token' }).click();
    expect(await dialog.getByTestId('secret').textContent()).not.toBe(token);
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'Revoke ann' }).click();
    await look(watched, 'operator-revoke');
    await dialog.getByLabel('Type ann to confirm').fill('ann');
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('ann was revoked.').waitFor();
    await other.page.getByRole('link', { name: 'Keys' }).click();
    await other.page.getByText('You were signed out').waitFor();
    for (const each of [watched, other]) expectClean(each);
  }, 120_000);

  it("the console changes an operator, and shows someone else's change instead of writing over it", async () => {
    const token = await browser.operator('olga', 'viewer');
    const [ann, bob] = [await browser.openPage(), await browser.openPage()];
    for (const { page } of [ann, bob]) {
      await browser.signIn(page, undefined, '/operators');
      await page.getByRole('button', { name: 'Change olga' }).click();
    }
    await look(ann, 'operator-change');
    await ann.page.getByLabel('Role').selectOption('editor');
    await ann.page.getByLabel('Expires').selectOption({ label: 'in 30 days' });
    await ann.page.getByRole('button', { name: 'Save' }).click();
    await ann.page.getByText('olga was changed.').waitFor();
    await row(ann.page, 'olga').getByText('editor').waitFor();
    await bob.page.getByLabel('All, those to come too').uncheck();
    await bob.page.getByRole('button', { name: 'Save' }).click();
    const conflict = bob.page.getByRole('alert', { name: 'Changed by someone else' });
    await conflict.getByText('editor', { exact: true }).waitFor();
    expect(await conflict.textContent()).toMatch(/was never, is now \d{4}-\d\d-\d\d \d\d:\d\d UTC(?!,)/);
    await look(bob, 'operator-conflict');
    const olga = async () =>
      ((await json('/operators')) as { operators: { name: string }[] }).operators.find(
        ({ name }) => name === 'olga',
      );
    expect(await olga()).toMatchObject({ role: 'editor', environments: 'all' });
    await conflict.getByRole('button', { name: 'Start again from the present settings' }).click();
    expect(await bob.page.getByLabel('Role').inputValue()).toBe('editor');
    await bob.page.getByLabel('All, those to come too').uncheck();
    await bob.page.getByRole('button', { name: 'Save' }).click();
    await bob.page.getByText('olga was changed.').waitFor();
    expect(await olga()).toMatchObject({ role: 'editor', environments: ['1'] });
    // The token is the same, and may more now.
    const self = await fetch(`${stack.nodes[0]!.url}/admin/v1/self`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(await self.json()).toMatchObject({ role: 'editor', environments: ['1'] });
    for (const each of [ann, bob]) expectClean(each);
  }, 120_000);

  it('the console offers a viewer no key, environment or operator to create or remove', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, await browser.operator('vic', 'viewer'), '/environments');
    await row(page, 'Production').waitFor();
    expect(await page.getByRole('button', { name: /^(New|Delete|Settings)/ }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Operators' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Keys' }).count();
    expectClean(watched);
  }, 90_000);

  it('the pages of the installation can be used on a screen of 390 pixels', async () => {
    await browser.operator('long-name-of-a-script-that-deploys@ci.example.org', 'editor');
    await stack.createKey(1);
    const watched = await browser.openPage({ width: 390 });
    const { page } = watched;
    // The page at `/` leads to the first environment, which could come after the first of these.
    await browser.signIn(page, undefined, '/environments');
    for (const [name, path] of Object.entries({
      environments: '/environments',
      keys: '/e/1/keys',
      operators: '/operators',
    })) {
      await page.evaluate(
        `history.pushState(null, '', '/console${path}'); dispatchEvent(new PopStateEvent('popstate'))`,
      );
      await page.locator('.table').first().waitFor();
      await page.getByRole('heading', { level: 1, name: new RegExp(name, 'i') }).waitFor();
      await look(watched, `${name}-narrow`);
      expect([name, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([
        name,
        0,
      ]);
    }
    expectClean(watched);
  }, 120_000);
});
