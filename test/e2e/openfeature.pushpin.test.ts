/**
 * OpenFeature on real parts: Redis, Pushpin, two nodes and Chromium; clients are the unmodified npm
 * SDKs and OFREP providers, with a key of kind client. docs/openfeature.md says what is shown here,
 * and has the examples that are run here.
 */
import { OFREPProvider } from '@openfeature/ofrep-provider';
import { OpenFeature, type Client } from '@openfeature/server-sdk';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect, greeting } from '../../examples/openfeature/server.js';
import { FLAGS, forPro } from '../ofrep/flags.js';
import { bundle } from '../support/bundle.js';
import { complaintsOf, launchChromium } from '../support/chromium.js';
import { text } from '../support/configs.js';
import { startSite } from '../support/site.js';
import { openSse } from '../support/sse.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
let environment = 0;
let key: string;

beforeAll(async () => {
  // In one write, so that two notifications for a page, of which one is wrong, cannot become one.
  stack = await startStack({ nodes: 2, env: { HOLDFAST_REFETCH_SPREAD: '0' } });
  environment = await stack.createEnvironment();
  ({ key } = await stack.createKey(environment, 'client'));
  await stack.commit(environment, [...FLAGS, forPro('greeting', 'good day', 'hi')]);
});

afterAll(async () => {
  await OpenFeature.close();
  await stack.stop();
});

describe('the unmodified server provider behind Pushpin', () => {
  let client: Client;
  const user = { targetingKey: 'user-123', user: { plan: 'pro' } };

  beforeAll(async () => {
    const provider = new OFREPProvider({ baseUrl: stack.url, headers: [['X-API-Key', key]] });
    await OpenFeature.setProviderAndWait('with a key', provider);
    client = OpenFeature.getClient('with a key');
  });

  it('the unmodified server provider behind Pushpin has values of every type', async () => {
    expect(await client.getBooleanValue('bool', false, user)).toBe(true);
    expect(await client.getStringValue('string', '', user)).toBe('hello');
    expect(await client.getNumberValue('int', 0, user)).toBe(42);
    expect(await client.getNumberValue('double', 0, user)).toBe(1.5);
    expect(await client.getObjectValue('object', {}, user)).toEqual({ a: [1, 9007199254740992] });
    expect(await client.getObjectValue('array', [], user)).toEqual([1, 2]);
    expect(await client.getObjectValue('list', [], user)).toEqual(['a', 'b']);
    expect(await client.getStringValue('duration', '', user)).toBe('PT1.5S');
    expect(await client.getStringValue('log-level', '', user)).toBe('INFO');
  });

  it('the unmodified server provider behind Pushpin has reasons, variants and metadata, as the rules decide for the context', async () => {
    expect(await client.getStringDetails('targeted', '', user)).toMatchObject({
      value: 'gold',
      variant: 'gold',
      reason: 'TARGETING_MATCH',
      flagMetadata: { type: 'FEATURE_FLAG', valueType: 'STRING', conditionalValueIndex: 0 },
    });
    const free = { targetingKey: 'user-123', 'user.plan': 'free' };
    expect(await client.getStringDetails('targeted', '', free)).toMatchObject({ value: 'plain' });
    expect(await client.getBooleanDetails('named', false, user)).toMatchObject({
      variant: 'treatment',
      reason: 'STATIC',
    });
    expect(await client.getStringDetails('split', '', user)).toMatchObject({ reason: 'SPLIT' });
  });

  it('the unmodified server provider behind Pushpin gives the default of the code where there is no value, and says why', async () => {
    const details = async (flag: string, context: object = user) => {
      const { value, reason, errorCode } = await client.getStringDetails(
        flag,
        'default',
        context as typeof user,
      );
      return { value, reason, errorCode };
    };
    const failed = (errorCode: string) => ({ value: 'default', reason: 'ERROR', errorCode });
    expect(await details('no.such.flag')).toEqual(failed('FLAG_NOT_FOUND'));
    expect(await details('hidden')).toEqual(failed('FLAG_NOT_FOUND'));
    expect(await details('provided')).toEqual(failed('FLAG_NOT_FOUND'));
    expect(await details('bytes')).toEqual(failed('PARSE_ERROR'));
    expect(await details('bool')).toEqual(failed('TYPE_MISMATCH'));
    expect(await details('split', { plan: 'pro' })).toEqual(failed('TARGETING_KEY_MISSING'));
    const contradictory = { 'user.plan': 'free', user: { plan: 'pro' } };
    expect(await details('string', contradictory)).toEqual(failed('INVALID_CONTEXT'));
    // This provider takes an answer without a value for a broken one. The application gets its
    // default all the same.
    expect(await details('unmatched', { 'user.plan': 'free' })).toEqual(failed('GENERAL'));
  });

  it('the unmodified server provider behind Pushpin gives the value although one attribute cannot be read', async () => {
    const context = { roles: [['admin']] } as unknown as typeof user;
    expect(await client.getStringDetails('string', 'default', context)).toMatchObject({ value: 'hello' });
  });

  it('the unmodified server provider behind Pushpin does what the example does', async () => {
    await connect(stack.url, key);
    expect([await greeting('user-123', 'pro'), await greeting('user-123', 'free')]).toEqual([
      'good day',
      'hi',
    ]);
  });

  it('the unmodified server provider behind Pushpin sees a change with its next question', async () => {
    const [flag] = FLAGS.filter(({ key: name }) => name === 'string');
    await stack.commit(environment, [{ ...flag!, rows: [{ values: [{ value: { string: 'changed' } }] }] }]);
    await until('the change', async () => (await client.getStringValue('string', '', user)) === 'changed');
  });

  it('the unmodified server provider behind Pushpin says that it may not, with a key that is revoked', async () => {
    const revoked = await stack.createKey(environment, 'client');
    await stack.admin(`/admin/v1/keys/${revoked.id}`, { method: 'DELETE' });
    const provider = new OFREPProvider({
      baseUrl: stack.url,
      headers: [['Authorization', `Bearer ${revoked.key}`]],
    });
    await OpenFeature.setProviderAndWait('revoked', provider);
    const details = await OpenFeature.getClient('revoked').getBooleanDetails('bool', false, user);
    expect(details).toMatchObject({ value: false, reason: 'ERROR', errorCode: 'GENERAL' });
  });
});

describe('the unmodified web provider in a page behind Pushpin', () => {
  let browser: Browser;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  afterAll(() => browser.close());

  /** A page with the example in it, on an origin of its own, and what it did and heard. */
  async function open(apiKey = key) {
    const script = await bundle(`
      import { follow } from './examples/openfeature/page.mjs';
      follow(${JSON.stringify(stack.url)}, ${JSON.stringify(apiKey)}, (text) => (document.title = text));
    `);
    const site = await startSite(script);
    closing.push(() => site.close());
    const page: Page = await browser.newPage();
    closing.push(() => page.close());
    const complaints = complaintsOf(page);
    /** The requests of the provider to Holdfast, and the notifications on its stream. */
    const requests: URL[] = [];
    const events: { etag: string }[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'OPTIONS' && request.url().startsWith(stack.url))
        requests.push(new URL(request.url()));
    });
    const devtools = await page.context().newCDPSession(page);
    devtools.on('Network.eventSourceMessageReceived', ({ data }) =>
      events.push(JSON.parse(data) as { etag: string }),
    );
    await devtools.send('Network.enable');
    await page.goto(site.url);
    const asked = () => requests.filter(({ pathname }) => pathname === '/ofrep/v1/evaluate/flags');
    const streams = () => requests.filter(({ pathname }) => pathname.startsWith('/ofrep/v1/streams/'));
    return { page, complaints, asked, streams, events };
  }

  const titled = (page: Page, title: string) =>
    until(`the page says ${title}`, async () => (await page.title()) === title);

  /** Streams of pages that the nodes handed to the proxy, or hold themselves. */
  async function held(by: 'grip' | 'direct'): Promise<number> {
    let sum = 0;
    for (const node of stack.nodes) {
      const metrics = await (await fetch(`${node.url}/metrics`)).text();
      for (const [, labels = '', count] of metrics.matchAll(/^holdfast_subscribes_total\{(.*)\} (\d+)$/gm))
        if (labels.includes('stream="clients"') && labels.includes(`hold="${by}"`)) sum += Number(count);
    }
    return sum;
  }

  it('the unmodified web provider in a page behind Pushpin shows a change without polling, and does nothing after one that clients cannot see', async () => {
    await stack.commit(environment, [forPro('greeting', 'good day', 'hi')]);
    const before = await held('grip');
    const { page, complaints, asked, streams, events } = await open();
    await titled(page, 'good day');
    await until('the proxy holds the stream', async () => (await held('grip')) === before + 1);
    // A server's stream comes from the same publisher, in order: what it has heard of, the page has
    // heard of too.
    const { key: serverKey } = await stack.createKey(environment, 'server');
    const server = await openSse(`${stack.url}/api/v1/sse/config`, { key: serverKey });
    closing.push(() => server.close());
    const hidden = await stack.commit(environment, [text('for.servers', 'x')]);
    await server.waitForEvent(({ id }) => id === hidden.version);

    const { version } = await stack.commit(environment, [forPro('greeting', 'welcome', 'hi')]);
    await titled(page, 'welcome');
    expect(events.map(({ etag }) => etag)).toEqual([version]);
    expect(asked().map(({ searchParams }) => searchParams.get('flagConfigEtag'))).toEqual([null, version]);
    expect(streams()).toHaveLength(1);
    expect(await held('direct')).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('the unmodified web provider in a page behind Pushpin begins with what it had when it is loaded again, and follows the same stream', async () => {
    await stack.commit(environment, [forPro('greeting', 'before', 'hi')]);
    const { page, complaints, asked } = await open();
    await titled(page, 'before');
    await page.reload();
    await titled(page, 'before');
    await until('it has asked again', () => asked().length === 2);
    await stack.commit(environment, [forPro('greeting', 'again', 'hi')]);
    await titled(page, 'again');
    expect(complaints).toEqual([]);
  });
});
