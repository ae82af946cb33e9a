/**
 * Signing in to the console with a real issuer, in Chromium, at two nodes on one Redis: the sign-in
 * begins at one, comes back to the other, and its code is exchanged at the first.
 */
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import { look, startConsoleBrowser, type ConsoleBrowser, type Watched } from '../support/console-browser.js';
import { PROVIDER_CLIENT, startProvider, type RunningProvider } from '../support/oidc-provider.js';
import { startStack, type Stack } from '../support/stack.js';

const PEOPLE = {
  ann: { groups: ['flags-admins'], email: 'ann@example.com', email_verified: true },
  ed: { groups: ['staff', 'flags-editors'], email: 'ed@example.com', email_verified: true },
  vi: { groups: ['staff'], email: 'vi@example.com', email_verified: true },
  zoe: { groups: ['sales'], email: 'zoe@example.com', email_verified: true },
};

let front: Server;
let origin: string;
let provider: RunningProvider;
let stack: Stack;
let browser: ConsoleBrowser;
/** The nodes that the requests of sign-ins reached: `start 0`. */
const reached: string[] = [];

/** A load balancer that sends the steps of a sign-in to different nodes. */
function startFront(): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    const step = /oidc\/(start|callback)|(sign-in)$/.exec(incoming.url?.split('?')[0] ?? '');
    const name = step?.[1] ?? step?.[2];
    const place = name === 'callback' ? 1 : 0;
    if (name !== undefined) reached.push(`${name} ${place}`);
    const { port } = stack.nodes[place]!;
    const { method, url: path, headers } = incoming;
    const onward = send({ port, host: '127.0.0.1', method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  front = await startFront();
  origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  provider = await startProvider(PEOPLE, `${origin}/admin/v1/oidc/callback`);
  stack = await startStack({
    nodes: 2,
    pushpins: 0,
    env: {
      HOLDFAST_OIDC_ISSUER: provider.url,
      HOLDFAST_OIDC_CLIENT_ID: PROVIDER_CLIENT.id,
      HOLDFAST_OIDC_CLIENT_SECRET: PROVIDER_CLIENT.secret,
      HOLDFAST_OIDC_LABEL: 'Example Login',
      HOLDFAST_CONSOLE_URL: origin,
      HOLDFAST_OIDC_ROLES: 'flags-admins=admin,flags-editors=editor:Staging,staff=viewer',
    },
  });
  await stack.createEnvironment(1, { projectId: '1', name: 'Production' });
  await stack.createEnvironment(2, { projectId: '1', name: 'Staging' });
  await stack.commit(1, exampleConfigs());
  await stack.commit(2, exampleConfigs());
  browser = await startConsoleBrowser(stack);
}, 240_000);

afterAll(async () => {
  await browser.stop();
  await stack.stop();
  await provider.stop();
  front.closeAllConnections();
  front.close();
});

afterEach(() => browser.closePages());

/** Answers the form of the issuer, after the link of the page was followed. */
async function atIssuer(page: Page, login: string): Promise<void> {
  await page.getByLabel('Name').fill(login);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function signIn(page: Page, login: string, path = '/console/'): Promise<void> {
  await page.goto(`${origin}${path}`);
  await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
  await atIssuer(page, login);
}

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Pages' });

/** No console errors, and no requests but to the nodes and the issuer. */
function expectOnlyOurs({ complaints, strangers }: Watched): void {
  const others = strangers.filter(
    (url) => ![origin, provider.url].some((ours) => url.startsWith(`${ours}/`)),
  );
  expect({ complaints, others: others.filter((url) => !url.startsWith('data:')) }).toEqual({
    complaints: [],
    others: [],
  });
}

const sessions = async (): Promise<{ id: string; name: string }[]> =>
  ((await (await stack.admin('/admin/v1/sessions')).json()) as { sessions: { id: string; name: string }[] })
    .sessions;

describe('signing in to the console with an issuer', () => {
  it('a person signs in across two nodes, returns to the page, and signs out', async () => {
    const watched = await browser.openPage();
    const { page } = watched;
    await page.goto(`${origin}/console/e/2/flags`);
    await page.getByRole('link', { name: 'Sign in with Example Login' }).waitFor();
    await look(watched, 'sign-in-issuer');
    reached.length = 0;
    await signIn(page, 'ed', '/console/e/2/flags');
    await navigation(page).getByText('ed@example.com').waitFor();
    await page.locator('.flags').waitFor();
    expect(reached.filter((step) => !step.startsWith('sign-in'))).toEqual(['start 0', 'callback 1']);
    expect(page.url()).toBe(`${origin}/console/e/2/flags`);
    expect(await navigation(page).getByText('editor').count()).toBe(1);
    expect(await page.getByLabel('Environment').locator('option').allTextContents()).toEqual(['Staging']);
    const cookies = await watched.context.cookies(origin);
    expect(cookies.map(({ name }) => name).filter((name) => name.includes('holdfast'))).toEqual([]);
    expect((await sessions()).map(({ name }) => name)).toEqual(['ed@example.com']);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await sessions()).toEqual([]);
    expectOnlyOurs(watched);
  }, 180_000);

  it('a person without a role is told which claim came, and what gives roles', async () => {
    const watched = await browser.openPage();
    await signIn(watched.page, 'zoe');
    const reason = watched.page.locator('.sign-in-reason');
    await reason.waitFor();
    expect(await reason.textContent()).toMatch(/zoe@example.com has no role here.*claim groups with sales/);
    await look(watched, 'sign-in-refused');
    expect(await sessions()).toEqual([]);
    expectOnlyOurs(watched);
  }, 180_000);

  it('each role is offered what it may do, and an admin signs people out', async () => {
    const viewer = await browser.openPage();
    await signIn(viewer.page, 'vi');
    await navigation(viewer.page).getByText('viewer').waitFor();
    expect(await navigation(viewer.page).getByRole('link', { name: 'Operators' }).count()).toBe(0);
    const admin = await browser.openPage();
    await signIn(admin.page, 'ann', '/console/operators');
    await admin.page.getByRole('heading', { name: 'Signed in with the issuer' }).waitFor();
    await look(admin, 'operators-sessions');
    await admin.page.getByRole('button', { name: 'Sign out vi@example.com' }).click();
    await admin.page.getByText('vi@example.com was signed out.').waitFor();
    await viewer.page.getByRole('link', { name: 'Delivery' }).click();
    await viewer.page.getByRole('heading', { name: 'Sign in again' }).waitFor();
    expectOnlyOurs(viewer);
    expectOnlyOurs(admin);
  }, 180_000);

  it('a session that ends asks to sign in again above what was typed, in a window', async () => {
    const watched = await browser.openPage();
    const { page, context } = watched;
    await signIn(page, 'ann', '/console/e/1/new');
    const field = page.getByRole('textbox').first();
    await field.fill('typed-before-the-end');
    await stack.admin('/admin/v1/sessions', { method: 'DELETE' });
    // Whatever asks the server next.
    await expect
      .poll(
        async () => {
          await page.evaluate("dispatchEvent(new Event('visibilitychange'))");
          return page.getByRole('heading', { name: 'Sign in again' }).count();
        },
        { timeout: 60_000 },
      )
      .toBe(1);
    await look(watched, 'sign-in-again');
    const [window] = await Promise.all([
      context.waitForEvent('page'),
      page.getByRole('button', { name: 'Sign in with Example Login' }).click(),
    ]);
    // The issuer's own session goes on: it asks for nothing.
    await page.getByRole('heading', { name: 'Sign in again' }).waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe('typed-before-the-end');
    if (!window.isClosed()) await window.close();
    expect((await sessions()).map(({ name }) => name)).toEqual(['ann@example.com']);
    expectOnlyOurs(watched);
  }, 180_000);
});
