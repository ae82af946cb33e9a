/**
 * The console in Chromium on real parts: Redis, Pushpin and a node. Every page is looked at by axe
 * in both themes, and its picture is kept in `.stack/console/`. docs/how-to/console.md
 */
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { Redis } from 'ioredis';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { flag } from '../support/configs.js';
import { expectClean, look, startConsoleBrowser, type ConsoleBrowser } from '../support/console-browser.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const TIMEOUT = 180_000;

// A text, because the types of pages are not among those of the tests.
const SCROLL = `(async () => {
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < 120; frame++) {
    scrollBy(0, 1500);
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  times.sort((a, b) => a - b);
  const rows = document.querySelectorAll('.flag-row').length;
  return { median: times[60], p95: times[114], longest: times[119], rows };
})()`;

/** What each page draws when it has its data. */
const PAGES = '.flags, .rules, .try-values, .history-entry, .compare-page, .delivery';

let stack: Stack;
let browser: ConsoleBrowser;
let base: string;
let openPage: ConsoleBrowser['openPage'];
let signIn: ConsoleBrowser['signIn'];
let operator: ConsoleBrowser['operator'];
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 1 });
  browser = await startConsoleBrowser(stack);
  ({ base, openPage, signIn, operator } = browser);
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.commit(1, exampleConfigs());
}, TIMEOUT);

afterAll(async () => {
  await browser.stop();
  await stack.stop();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await browser.closePages();
});

const row = (page: Page, key: string) => page.getByRole('row').filter({ hasText: key });

/** What the node has for a flag now. */
async function stored(key: string, environment = 1): Promise<unknown> {
  const answer = await stack.admin(`/admin/v1/environments/${environment}/configs`);
  const { configs } = (await answer.json()) as { configs: { key: string; rows: { values: unknown }[] }[] };
  return configs.find((each) => each.key === key)?.rows[0]?.values;
}

describe('the console', () => {
  it('the console refuses a wrong token with the reason, and keeps no token unless asked', async () => {
    const watched = await openPage();
    const { page } = watched;
    await page.goto(`${stack.nodes[0]!.url}/`);
    expect(page.url()).toBe(`${base}/`);
    await look(watched, 'sign-in');
    await page.getByLabel('Operator token').fill('wrong-token-of-no-operator');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('not the token of an operator');
    await signIn(page);
    await page.reload();
    await page.getByLabel('Operator token').waitFor();
    await page.getByLabel('Stay signed in until this tab is closed').check();
    await page.getByLabel('Operator token').fill(stack.secrets.adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await row(page, 'flag.new-checkout').waitFor();
    await page.reload();
    await row(page, 'flag.new-checkout').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
    expectClean(watched);
  }, 90_000);

  it('the console loads itself again when one of its files was lost, and says when it cannot', async () => {
    const watched = await openPage();
    const { page } = watched;
    let lost = 0;
    await page.route(/\/console\/assets\/index-[^/]*\.js$/, async (route) => {
      lost++;
      await route.abort('connectionreset');
      if (lost === 2) await page.unroute(/\/console\/assets\/index-[^/]*\.js$/);
    });
    await page.goto(`${base}/`);
    await page.getByLabel('Operator token').waitFor();
    expect([lost, await page.evaluate('sessionStorage.length')]).toEqual([2, 0]);
    await page.route(/\/console\/assets\/index-[^/]*\.js$/, (route) => route.abort('connectionreset'));
    await page.goto(`${base}/e/1/flags`);
    await page.getByText('The console could not be loaded. Reload the page to try again.').waitFor();
    expectClean(watched);
  }, 90_000);

  it('the console offers a viewer nothing that changes something, and an editor flags', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, await operator('vera', 'viewer'));
    const toggle = row(page, 'flag.welcome-banner').getByRole('switch');
    await toggle.waitFor();
    expect(await toggle.isDisabled()).toBe(true);
    expect(await page.getByRole('link', { name: 'New flag' }).count()).toBe(0);
    await page.getByRole('link', { name: 'flag.new-checkout' }).click();
    await page.getByRole('heading', { name: 'flag.new-checkout' }).waitFor();
    expect(await page.getByRole('button', { name: 'Review the change' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn(page, await operator('eddie', 'editor'));
    expect(await toggle.isEnabled()).toBe(true);
    expectClean(watched);
  }, 90_000);

  it('the console toggles a flag by a click that an SDK sees, and takes it back', async () => {
    const { key } = await stack.createKey(1);
    const prefab = new Prefab({
      apiKey: key,
      sources: [stack.url],
      enableSSE: true,
      enablePolling: false,
      collectLoggerCounts: false,
      contextUploadMode: 'none',
      collectEvaluationSummaries: false,
    });
    closing.push(() => prefab.close());
    await prefab.init();
    await until('the SDK is held by Pushpin', async () => {
      const metrics = await (await fetch(`${stack.nodes[0]!.url}/metrics`)).text();
      return /^holdfast_subscribes_total\{hold="grip",[^}]*\} [1-9]/m.test(metrics);
    });
    const watched = await openPage();
    const { page } = watched;
    await signIn(page);
    const toggle = row(page, 'flag.welcome-banner').getByRole('switch');
    await toggle.click();
    await until('the SDK has the new value', () => prefab.isFeatureEnabled('flag.welcome-banner'), {
      timeout: 20_000,
    });
    await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('true');
    await expect.poll(() => toggle.getAttribute('aria-disabled')).toBe('false');
    await look(watched, 'flags');
    await page.getByRole('button', { name: 'Undo' }).click();
    await until('the SDK has the old value', () => !prefab.isFeatureEnabled('flag.welcome-banner'), {
      timeout: 20_000,
    });
    await expect.poll(() => toggle.getAttribute('aria-checked')).toBe('false');
    expectClean(watched);
  }, 120_000);

  it('the console finds flags by search and filters, which the address keeps', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page);
    await row(page, 'flag.new-checkout').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('check');
    await expect.poll(() => page.getByRole('row').count()).toBe(3);
    await page.getByRole('combobox', { name: 'Type' }).selectOption({ label: 'flag' });
    await expect.poll(() => page.getByRole('row').count()).toBe(2);
    expect(page.url()).toContain('q=check');
    expectClean(watched);
  }, 90_000);

  it('the console creates a flag with an e-mail rule and a rollout of 10 %', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/new');
    await page.getByLabel('Key').fill('flag.from-console');
    await page.getByRole('button', { name: '+ Add a rule' }).click();
    await page.getByLabel('Compared with, rule 1, condition 1').fill('@acme.com');
    const last = page.getByRole('group', { name: 'Value for everyone else' });
    await last.getByRole('button', { name: 'Roll out by percentage' }).click();
    await last.getByLabel('Value for everyone else, share 1, percent').fill('10');
    await expect
      .poll(() => last.getByLabel('Value for everyone else, share 2, percent').inputValue())
      .toBe('90');
    await look(watched, 'new-flag');
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByText('of 3 sample users get another value').waitFor();
    await page.getByLabel('Why?').fill('first steps');
    await look(watched, 'review');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'flag.from-console' }).waitFor();
    await look(watched, 'flag');
    expect(await stored('flag.from-console')).toEqual([
      {
        criteria: [
          {
            propertyName: 'user.email',
            operator: 'PROP_ENDS_WITH_ONE_OF',
            valueToMatch: { stringList: { values: ['@acme.com'] } },
          },
        ],
        value: { bool: true },
      },
      {
        value: {
          weightedValues: {
            hashByPropertyName: 'user.key',
            weightedValues: [
              { weight: 1_000, value: { bool: true } },
              { weight: 9_000, value: { bool: false } },
            ],
          },
        },
      },
    ]);
    expectClean(watched);
  }, 120_000);

  it('the console keeps what is typed with its rule when rules move and go', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/new');
    const field = (rule: number) => page.getByLabel(`Compared with, rule ${rule}, condition 1`);
    for (const [index, text] of ['@a.com', '@b.com', '@c.com'].entries()) {
      await page.getByRole('button', { name: '+ Add a rule' }).click();
      await field(index + 1).fill(text);
    }
    await page.getByRole('button', { name: 'Move rule 3 up' }).click();
    expect(await field(2).inputValue()).toBe('@c.com');
    await page.getByRole('button', { name: 'Remove rule 1' }).click();
    expect([await field(1).inputValue(), await field(2).inputValue()]).toEqual(['@c.com', '@b.com']);
    await page.getByText('when user.email ends with @c.com then true').waitFor();
    expectClean(watched);
  }, 90_000);

  it('the console shows the refusal of the server at the field that it names', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/flags/flag.new-checkout');
    await page.getByLabel('Operator, rule 1, condition 1').selectOption('matches');
    await page.getByLabel('Compared with, rule 1, condition 1').fill('(');
    await page.getByRole('button', { name: 'Review the change' }).click();
    const condition = page.getByRole('group', { name: 'Condition: rule 1, condition 1' });
    await condition.getByRole('alert').waitFor();
    await look(watched, 'refused');
    expectClean(watched);
  }, 90_000);

  it("the console shows someone else's change, and does not write over it", async () => {
    const [ann, bob] = [await openPage(), await openPage()];
    await stack.commit(1, [flag('flag.shared', false)]);
    await signIn(ann.page, undefined, '/e/1/flags/flag.shared');
    const value = ann.page.getByRole('group', { name: 'Value for everyone' });
    await value.getByRole('button', { name: 'Roll out by percentage' }).click();
    await ann.page.getByRole('button', { name: 'Review the change' }).click();
    await ann.page.getByRole('dialog').waitFor();
    await signIn(bob.page);
    await row(bob.page, 'flag.shared').getByRole('switch').click();
    await bob.page.getByRole('button', { name: 'Undo' }).waitFor();
    await ann.page.getByRole('button', { name: 'Save', exact: true }).click();
    await ann.page.getByText('Someone else changed this flag').waitFor();
    expect(await stored('flag.shared')).toEqual([{ value: { bool: true } }]);
    await look(ann, 'conflict');
    await ann.page.getByRole('button', { name: 'Start again from the present rules' }).click();
    await expect.poll(() => ann.page.getByText('Someone else changed this flag').count()).toBe(0);
    for (const each of [ann, bob]) expectClean(each);
  }, 120_000);

  it('the console edits JSON with highlighting, and marks what is wrong as it is typed', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/flags/checkout.limits');
    const editor = page.locator('.cm-content');
    await editor.waitFor();
    await look(watched, 'json');
    await editor.fill('{"maxItems": }');
    await page.locator('.cm-lint-marker-error').first().waitFor();
    await editor.fill('{"maxItems": 60}');
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    expect(await stored('checkout.limits')).toEqual([{ value: { json: { json: '{"maxItems": 60}' } } }]);
    expectClean(watched);
  }, 90_000);

  it('the console deletes a flag only after its key was typed', async () => {
    const watched = await openPage();
    const { page } = watched;
    await stack.commit(1, [flag('flag.old', true)]);
    await signIn(page, undefined, '/e/1/flags/flag.old');
    await page.getByRole('button', { name: 'Delete' }).click();
    const confirm = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    expect(await confirm.isDisabled()).toBe(true);
    await look(watched, 'delete');
    await page.getByLabel('Type flag.old to confirm').fill('flag.old');
    await confirm.click();
    await page.getByText('flag.old was deleted.').waitFor();
    expect(await stored('flag.old')).toBeUndefined();
    expectClean(watched);
  }, 90_000);

  it('the console tries a user, and shares it by a link without a token', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/try');
    await page.getByLabel('What an application says of the user').fill('{"email": "zoe@example.com"}');
    const value = page.getByRole('listitem').filter({ hasText: 'flag.new-checkout' }).first();
    await value.getByText('by its rules: when user.email ends with').waitFor();
    await look(watched, 'try');
    const link = page.url();
    expect(link).not.toContain(stack.secrets.adminToken);
    const other = await openPage();
    await signIn(other.page, undefined, link.slice(base.length));
    expect(await other.page.getByLabel('What an application says of the user').inputValue()).toBe(
      '{"email": "zoe@example.com"}',
    );
    for (const each of [watched, other]) expectClean(each);
  }, 90_000);

  it('the console says by which segment a user has a value, down to the attribute that decides', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/try');
    const context = page.getByLabel('What an application says of the user');
    const value = page.getByRole('listitem').filter({ hasText: 'flag.new-checkout' }).first();
    await context.fill('{"id": "alice"}');
    await value.getByText('1 rule before it did not apply, and the segment that decided').click();
    await value.getByText('the user is in segment.beta-testers: when user.id').waitFor();
    await context.fill('{"id": "zed"}');
    await value.getByText('2 rules before it did not apply').waitFor();
    await value.getByText('the user is not in segment.beta-testers: otherwise false').waitFor();
    await value.getByText('Why?').click();
    await value.getByText('(the user has "zed")').waitFor();
    await look(watched, 'try-segment');
    expectClean(watched);
  }, 90_000);

  it('the console shows a change on its way to each proxy without being asked again', async () => {
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/delivery');
    await page.getByText('live', { exact: true }).waitFor();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await stack.commit(1, [flag('flag.travels', true)]);
    const table = page.getByRole('region', { name: 'Table of the last changes' });
    const change = table.getByRole('row').filter({ has: page.getByRole('cell', { name: '1', exact: true }) });
    await change
      .getByText(/^[\d.]+ m?s$/)
      .nth(1)
      .waitFor();
    await page.getByText('leader', { exact: true }).waitFor();
    expect(requests).toEqual([]);
    await look(watched, 'delivery');
    expectClean(watched);
  }, 90_000);

  it('the console retries a rejected event, and drops it only after its id was typed', async () => {
    const redis = new Redis(stack.redis.url);
    closing.push(() => redis.quit());
    await redis.xadd('{holdfast}:inbox', '*', 'environment', '1', 'json', 'no JSON');
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/delivery');
    const event = page.locator('.rejected-event');
    await event.waitFor();
    await look(watched, 'rejected');
    const first = (await event.locator('.mono').first().textContent()) ?? '';
    await event.getByRole('button', { name: 'Retry' }).click();
    // It is no JSON still, so it is rejected again, in another place.
    await event.filter({ hasNotText: first }).waitFor();
    await event.getByRole('button', { name: 'Drop' }).click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Drop' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill((await event.locator('.mono').first().textContent()) ?? '');
    await confirm.click();
    await page.getByText('was dropped.').waitFor();
    await event.waitFor({ state: 'detached' });
    expectClean(watched);
  }, 90_000);

  it('the console lists who changed what and takes one change back after it showed the difference', async () => {
    await stack.commit(1, [flag('flag.past', true)]);
    await stack.commit(1, [flag('flag.past', false)]);
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/history?key=flag.past');
    const entries = page.locator('.history-entry');
    await entries.nth(1).waitFor();
    await look(watched, 'history');
    await entries.nth(1).getByRole('button', { name: 'Roll back to here' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.difference li').first().waitFor();
    await look(watched, 'roll-back');
    expect(await dialog.getByRole('button', { name: 'Roll back' }).isDisabled()).toBe(true);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await entries.first().getByRole('button', { name: 'Undo' }).click();
    await dialog.locator('.difference li').first().waitFor();
    await dialog.getByLabel('Why? (for the history)').fill('too early');
    await dialog.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('too early').waitFor();
    expect(await stored('flag.past')).toEqual([{ value: { bool: true } }]);
    expectClean(watched);
  }, 90_000);

  it('the console rolls back after a word was typed, takes the rollback back, and refuses an old preview', async () => {
    await stack.createEnvironment(6, { projectId: '1', name: 'Rolled' });
    for (const value of [true, false]) await stack.commit(6, [flag('flag.rolled', value)]);
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/6/history?key=flag.rolled');
    const entries = page.locator('.history-entry');
    await entries.nth(1).getByRole('button', { name: 'Roll back to here' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.difference li').first().waitFor();
    // Another browser changes the environment while the dialog is open.
    const other = await openPage();
    await signIn(other.page, undefined, '/e/6/flags');
    await row(other.page, 'flag.rolled').getByRole('switch').click();
    await other.page.getByRole('button', { name: 'Undo' }).click();
    await until('both changes are committed', async () => {
      const answer = await stack.admin('/admin/v1/environments/6/history');
      return ((await answer.json()) as { changes: unknown[] }).changes.length >= 4;
    });
    const word = dialog.getByRole('textbox').last();
    await word.fill('flag.rolled');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await dialog.getByRole('alert').waitFor();
    await look(watched, 'roll-back-refused');
    expect(await stored('flag.rolled', 6)).toEqual([{ value: { bool: false } }]);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await page.reload();
    await signIn(page, undefined, '/e/6/history?key=flag.rolled');
    await entries.nth(3).getByRole('button', { name: 'Roll back to here' }).click();
    await dialog.locator('.difference li').first().waitFor();
    await dialog.getByRole('textbox').last().fill('flag.rolled');
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('button', { name: 'Undo' }).last().waitFor();
    await until('the rollback is committed', async () => {
      return JSON.stringify(await stored('flag.rolled', 6)) === '[{"value":{"bool":true}}]';
    });
    await page.locator('.toasts').getByRole('button', { name: 'Undo' }).click();
    await until('the rollback is taken back', async () => {
      return JSON.stringify(await stored('flag.rolled', 6)) === '[{"value":{"bool":false}}]';
    });
    for (const each of [watched, other]) expectClean(each);
  }, 120_000);

  it('the console compares for a viewer, who is offered no promotion', async () => {
    await stack.createEnvironment(5, { projectId: '1', name: 'Preview' });
    await stack.commit(5, [flag('flag.preview', true)]);
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, await operator('vince', 'viewer'), '/e/1/compare');
    await page.getByLabel('Compare Production with').selectOption('5');
    await page.getByText('flag.preview').waitFor();
    expect(await page.getByRole('button', { name: /Promote/ }).count()).toBe(0);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    expectClean(watched);
  }, 90_000);

  it('the console promotes the picked flags alone after it showed the difference', async () => {
    await stack.createEnvironment(4, { projectId: '1', name: 'Staging' });
    await stack.commit(4, [flag('flag.picked', true), flag('flag.left', true)]);
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/1/compare');
    await page.getByLabel('Compare Production with').selectOption('4');
    await page.getByLabel('flag.picked').check();
    await look(watched, 'compare');
    await page.getByRole('button', { name: 'Promote 1 to Production' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('.difference li').first().waitFor();
    await look(watched, 'promote');
    await dialog.getByRole('button', { name: 'Promote' }).click();
    await page.getByText('Promoted to Production.').waitFor();
    expect(await stored('flag.picked')).toEqual([{ value: { bool: true } }]);
    expect(await stored('flag.left')).toBeUndefined();
    expectClean(watched);
  }, 90_000);

  it('the console can be used on a screen of 390 pixels', async () => {
    const watched = await openPage({ width: 390 });
    const { page } = watched;
    await signIn(page, undefined, '/e/1/flags');
    for (const [name, path] of Object.entries({
      flags: '/e/1/flags',
      flag: '/e/1/flags/flag.from-console',
      try: '/e/1/try',
      history: '/e/1/history',
      compare: '/e/1/compare',
      delivery: '/delivery',
    })) {
      await page.evaluate(
        `history.pushState(null, '', '/console${path}'); dispatchEvent(new PopStateEvent('popstate'))`,
      );
      await page.locator(PAGES).first().waitFor();
      await look(watched, `${name}-narrow`);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([name, overflow]).toEqual([name, 0]);
    }
    expectClean(watched);
  }, 120_000);

  it('the console says the next step where there is nothing', async () => {
    await stack.createEnvironment(2, { projectId: '1', name: 'Empty' });
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/2/flags');
    await page.getByText('There are no flags in this environment').waitFor();
    await page.getByText('npx holdfast set flag.first true').waitFor();
    await look(watched, 'empty');
    await page.goto(`${base}/e/99/flags`);
    expectClean(watched);
  }, 90_000);

  it('the console scrolls through 20,000 flags', async () => {
    await stack.createEnvironment(3, { projectId: '1', name: 'Large' });
    for (let at = 0; at < 20_000; at += 2_000) {
      await stack.commit(
        3,
        Array.from({ length: 2_000 }, (_, i) => flag(`team-${(at + i) % 40}.flag-${at + i}`, i % 2 === 0)),
      );
    }
    const watched = await openPage();
    const { page } = watched;
    await signIn(page, undefined, '/e/3/flags');
    await page.getByText('20000 in all').waitFor();
    const frames = await page.evaluate<{ readonly rows: number }>(SCROLL);
    console.log('frames while 20,000 flags scroll, ms:', JSON.stringify(frames));
    // Only the rows on the screen are drawn, however long the list is.
    expect(frames.rows).toBeLessThan(80);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await page.getByRole('link', { name: 'team-9.flag-9969' }).waitFor();
    await look(watched, 'large');
    expectClean(watched);
  }, 180_000);
});
