/**
 * The list of flags, the editor of rules, and what each role is offered, in Chromium on real parts.
 * docs/how-to/console.md
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
  await stack.commit(1, [...exampleConfigs(), adults()]);
  await stack.commit(2, [flag('flag.only-in-staging', true)]);
});

/** A flag with a rule about a number. */
function adults() {
  const criterion = {
    propertyName: 'user.age',
    operator: 'PROP_GREATER_THAN_OR_EQUAL',
    valueToMatch: { int: '18' },
  };
  const values = [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }];
  return { ...flag('flag.adults', false), rows: [{ values }] };
}

const row = (page: Page, key: string) => page.getByRole('row').filter({ hasText: key });

async function stored(key: string): Promise<unknown> {
  const answer = await stack.admin('/admin/v1/environments/1/configs');
  const { configs } = (await answer.json()) as { configs: { key: string; rows: { values: unknown }[] }[] };
  return configs.find((each) => each.key === key)?.rows[0]?.values;
}

describe('the list of flags', () => {
  it('the list of flags is filtered by prefix, by visibility to clients, and by the last change', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await page.clock.setFixedTime(Date.now() + 2 * 3_600_000);
    await browser.signIn(page, undefined, '/e/1/flags');
    await page.getByText('8 in all').waitFor();
    const keys = () => page.locator('.flag-key').allTextContents();
    const choose = (label: string, option: string) =>
      page.getByRole('combobox', { name: label, exact: true }).selectOption({ label: option });
    await choose('Prefix', 'flag.');
    await page.getByText('4 of 8').waitFor();
    expect(await keys()).toEqual([
      'flag.adults',
      'flag.fast-search',
      'flag.new-checkout',
      'flag.welcome-banner',
    ]);
    await choose('Prefix', 'Prefix: all');
    await choose('Clients', 'sent to browsers');
    await page.getByText('1 of 8').waitFor();
    expect(await keys()).toEqual(['site.greeting']);
    await choose('Clients', 'servers only');
    await page.getByText('7 of 8').waitFor();
    await choose('Changed', 'in the last hour');
    await page.getByText('No flag is like that. Take a filter away to see more.').waitFor();
    await choose('Changed', 'in the last day');
    await page.getByText('7 of 8').waitFor();
    await page.reload();
    await browser.signIn(page, undefined, new URL(page.url()).pathname.slice(8) + new URL(page.url()).search);
    await page.getByText('7 of 8').waitFor();
    expectClean(watched);
  }, 90_000);

  it("the list of flags refuses a toggle over someone else's change, and shows that change", async () => {
    await stack.commit(1, [flag('flag.raced', false)]);
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/flags');
    await row(page, 'flag.raced').waitFor();
    const rollout = {
      weightedValues: [{ weight: 1, value: { bool: true } }],
      hashByPropertyName: 'user.key',
    };
    await stack.commit(1, [
      { ...flag('flag.raced', false), rows: [{ values: [{ value: { weightedValues: rollout } }] }] },
    ]);
    await row(page, 'flag.raced').getByRole('switch').click();
    await page.getByText('flag.raced was changed by someone else in the meantime').waitFor();
    await row(page, 'flag.raced').getByText('100 % true').waitFor();
    expect(await stored('flag.raced')).toEqual([{ value: { weightedValues: rollout } }]);
    expectClean(watched);
  }, 90_000);
});

describe('the editor of rules', () => {
  it('the editor of rules offers the operators of the type of a property', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/new');
    await page.getByLabel('Key').fill('flag.typed');
    await page.getByRole('button', { name: '+ Add a rule' }).click();
    const of = (part: string) => page.getByLabel(`${part}, rule 1, condition 1`);
    const operators = () => of('Operator').locator('option').allTextContents();
    expect(await operators()).toContain('ends with');
    await of('Kind').selectOption('number');
    expect(await operators()).toEqual(['in range', '<', '<=', '>', '>=']);
    await of('Kind').selectOption('version');
    expect(await operators()).toEqual(['<', '=', '>']);
    await of('Kind').selectOption('date');
    expect(await operators()).toEqual(['before', 'after']);
    await of('Kind').selectOption('segment');
    expect(await operators()).toEqual(['in segment', 'not in segment']);
    expect(await of('Compared with').locator('option').allTextContents()).toEqual([
      'Choose a segment …',
      'segment.beta-testers',
    ]);
    await of('Compared with').selectOption('segment.beta-testers');
    await page.getByText('when in segment segment.beta-testers then true').waitFor();
    // A property that other rules compare as a number is one.
    await of('Kind').selectOption('text');
    await of('Property').fill('user.age');
    expect(await of('Kind').inputValue()).toBe('number');
    await of('Operator').selectOption('>=');
    await of('Compared with').fill('21');
    await page.getByText('when user.age >= 21 then true').waitFor();
    expectClean(watched);
  }, 90_000);

  it('the editor of rules shows the rule that decides for each sample before and after a change', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/flags/flag.new-checkout');
    await page.getByRole('button', { name: 'Remove rule 1', exact: true }).click();
    await page.getByRole('button', { name: 'Review the change' }).click();
    const effects = page.getByRole('region', { name: 'What it does' });
    await effects.getByRole('heading', { name: '1 of 3 sample users get another value' }).waitFor();
    const effect = effects.getByRole('listitem');
    expect(await effect.getByText('rule 1: when user.email ends with @example.com then true').count()).toBe(
      1,
    );
    expect(await effect.getByText('rule 2: otherwise false').count()).toBe(1);
    await effects.getByText('Sample users', { exact: true }).click();
    await effects
      .getByRole('textbox')
      .fill('{"email": "a@example.com"}\n{"email": "b@example.com", "id": "bob"}');
    await effects.getByRole('heading', { name: '1 of 2 sample users get another value' }).waitFor();
    await look(watched, 'effects');
    expectClean(watched);
  }, 90_000);

  it('the editor of rules saves over a change of another flag, and keeps both', async () => {
    await stack.commit(1, [flag('flag.mine', false), flag('flag.theirs', false)]);
    const watched = await browser.openPage();
    const { page } = watched;
    await browser.signIn(page, undefined, '/e/1/flags/flag.mine');
    await page.getByRole('radio', { name: 'true' }).check();
    await page.getByRole('button', { name: 'Review the change' }).click();
    await page.getByRole('dialog').waitFor();
    await stack.commit(1, [flag('flag.theirs', true)]);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('flag.mine was saved.').waitFor();
    expect(await stored('flag.mine')).toEqual([{ value: { bool: true } }]);
    expect(await stored('flag.theirs')).toEqual([{ value: { bool: true } }]);
    expectClean(watched);
  }, 90_000);
});

const PAGES = [
  '/e/1/flags',
  '/e/1/flags/flag.adults',
  '/e/1/try',
  '/e/1/history',
  '/e/1/compare?from=2',
  '/e/1/keys',
  '/delivery',
  '/environments',
];
/** What each page shows when it has its data. */
const CONTENTS = [
  '.flags .switch',
  '.rules',
  '.try-values',
  '.history-entry',
  '.compare-row',
  '.table',
  '.wide-table',
  '.table',
];
const COMMON = /^(Menu|Sign out|Copy.*|Close the notice|Light|Dark|Auto)$/;
const EDITS = ['flag.welcome-banner', 'Delete', 'Discard', 'Undo', 'Roll back to here', '+ Add a rule'];
const ADMINISTERS = ['New key', /^Revoke/, 'New environment', /^Settings of/, /^Delete Production/];

describe('what a role is offered', () => {
  it('the console offers a viewer reading, an editor changes of flags, and an admin keys and environments', async () => {
    await stack.createKey(1);
    const offered: Record<string, string[]> = {};
    for (const role of ['viewer', 'editor', 'admin']) {
      const watched = await browser.openPage();
      const { page } = watched;
      await browser.signIn(page, await browser.operator(`${role}-of-all`, role));
      const names = new Set<string>();
      for (const [at, path] of PAGES.entries()) {
        await page.evaluate(
          `history.pushState(null, '', '/console${path}'); dispatchEvent(new PopStateEvent('popstate'))`,
        );
        await page.locator(CONTENTS[at]!).first().waitFor();
        const found = await page.evaluate<string[]>(
          `[...document.querySelectorAll('main :is(button, .button, input[type=checkbox]):not(:disabled)')]
            .map((each) => each.getAttribute('aria-label') ?? each.innerText)`,
        );
        for (const name of found) if (!COMMON.test(name)) names.add(name);
      }
      offered[role] = [...names];
      expectClean(watched);
    }
    const { viewer = [], editor = [], admin = [] } = offered;
    const has = (names: string[], wanted: string | RegExp) =>
      names.some((name) => (typeof wanted === 'string' ? name === wanted : wanted.test(name)));
    expect(viewer.filter((name) => !has(editor, name))).toEqual([]);
    for (const name of [...EDITS, 'New flag'].filter((each) => each !== 'Discard')) {
      expect([name, has(viewer, name), has(editor, name), has(admin, name)]).toEqual([
        name,
        false,
        true,
        true,
      ]);
    }
    for (const name of ADMINISTERS) {
      expect([name, has(viewer, name), has(editor, name), has(admin, name)]).toEqual([
        name,
        false,
        false,
        true,
      ]);
    }
    expect(viewer).toEqual([]);
  }, 120_000);
});
