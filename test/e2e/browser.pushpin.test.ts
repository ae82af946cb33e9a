/**
 * Pages on real parts: Redis, Pushpin, two nodes and Chromium. Clients are the unmodified SDKs for
 * browsers, with a key of kind client; pages are on another origin than Holdfast, as those of an
 * application are.
 */
import { Context, Prefab } from '@prefab-cloud/prefab-cloud-js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/ruleset/model.js';
import { config, ruled } from '../prefab/sdk.js';
import { bundle } from '../support/bundle.js';
import { complaintsOf, launchChromium } from '../support/chromium.js';
import { flag } from '../support/configs.js';
import { startSite, type Site } from '../support/site.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
let browser: Browser;
/** A new environment per test, so that none sees what another did. */
let environment = 0;
let settings: { apiKey: string; endpoints: string[]; apiEndpoint: string };
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  [stack, browser] = await Promise.all([startStack({ nodes: 2 }), launchChromium()]);
});

afterAll(async () => {
  await browser.close();
  await stack.stop();
});

beforeEach(async () => {
  await stack.createEnvironment(++environment);
  const { key } = await stack.createKey(environment, 'client');
  settings = { apiKey: key, endpoints: [`${stack.url}/api/v2`], apiEndpoint: `${stack.url}/api/v1` };
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** One of each kind, and one that depends on who asks. */
const CONFIGS: Config[] = [
  flag('bool', true),
  config('int', 'INT', { int: '42' }),
  config('double', 'DOUBLE', { double: 1.5 }),
  config('string', 'STRING', { string: 'ümläut' }),
  config('list', 'STRING_LIST', { stringList: { values: ['a', 'b'] } }),
  config('json', 'JSON', { json: { json: '{"a": [1, null]}' } }),
  config('duration', 'DURATION', { duration: { definition: 'PT1M1.5S' } }),
  { ...config('log-level.a', 'LOG_LEVEL', { logLevel: 'INFO' }), configType: 'LOG_LEVEL' },
  ruled('for.linux', {
    propertyName: 'device.os',
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: { stringList: { values: ['linux'] } },
  }),
];

const VALUES = {
  bool: true,
  int: 42,
  double: 1.5,
  string: 'ümläut',
  list: ['a', 'b'],
  json: { a: [1, null] },
  duration: { ms: 61_500, seconds: 61.5 },
  'log-level.a': 'INFO',
  'for.linux': true,
};

const LINUX = { device: { os: 'linux' }, user: { name: 'Zoë' } };

/** The number of such answers by all nodes together. */
async function answered(route: string, status: number): Promise<number> {
  const series = `holdfast_http_requests_total{route="${route}",status="${status}"}`;
  const counts = await Promise.all(
    stack.nodes.map(async ({ url }) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(series))
          ?.slice(series.length) ?? 0,
      );
    }),
  );
  return counts.reduce((sum, each) => sum + each, 0);
}

const EVALUATION = '/api/v2/configs/eval-with-context/:context';

describe('the unmodified js SDK in Node', () => {
  const start = async (): Promise<Prefab> => {
    const prefab = new Prefab();
    closing.push(() => {
      prefab.stopPolling();
      prefab.stopTelemetry();
    });
    await prefab.init({ ...settings, context: new Context(LINUX) });
    return prefab;
  };

  it('the unmodified js SDK in Node has values of all kinds for its context, and others for another', async () => {
    await stack.commit(environment, CONFIGS);
    const prefab = await start();
    expect(prefab.extract()).toEqual(VALUES);
    expect(prefab.shouldLog({ loggerName: 'a.b', desiredLevel: 'INFO', defaultLevel: 'ERROR' })).toBe(true);
    await prefab.updateContext(new Context({ device: { os: 'other' } }));
    expect(prefab.extract()).toEqual({ ...VALUES, 'for.linux': false });
  });

  it('the unmodified js SDK in Node sees a change when it polls', async () => {
    await stack.commit(environment, [flag('a', false)]);
    const prefab = await start();
    await prefab.poll({ frequencyInMs: 100 });
    expect(prefab.isEnabled('a')).toBe(false);
    await stack.commit(environment, [flag('a', true)]);
    await until('the SDK sees the change', () => prefab.isEnabled('a'));
  });

  it('the unmodified js SDK in Node is thanked for its report', async () => {
    const prefab = await start();
    expect(await prefab.telemetryUploader?.post({ instanceHash: 'x', events: [] })).toEqual({
      success: true,
    });
  });
});

/** The global scope of the page with the SDK. */
interface InPage {
  readonly Context: typeof Context;
  readonly prefab: Prefab;
}

describe('the unmodified js SDK in Chromium', () => {
  let site: Site;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    const script = `
      import { Context, prefab } from '@prefab-cloud/prefab-cloud-js';
      Object.assign(globalThis, { Context, prefab });`;
    site = await startSite(await bundle(script));
  });

  afterAll(() => site.close());

  beforeEach(async () => {
    page = await browser.newPage();
    closing.push(() => page.close());
    complaints = complaintsOf(page);
    await page.goto(site.url);
  });

  /** Initialises the SDK; resolves to its values, or to what it failed with. */
  const start = (context: object, changed: object = {}): Promise<object | string> =>
    page.evaluate(
      async ([options, contexts]) => {
        const { Context, prefab } = globalThis as unknown as InPage;
        try {
          await prefab.init({ ...options, context: new Context(contexts) });
          return prefab.extract();
        } catch (error) {
          return String(error);
        }
      },
      [{ ...settings, ...changed }, context] as const,
    );

  const value = (key: string): Promise<unknown> =>
    page.evaluate((name) => (globalThis as unknown as InPage).prefab.get(name), key);

  it('the unmodified js SDK in Chromium has values of all kinds for its context, and others for another', async () => {
    await stack.commit(environment, CONFIGS);
    expect(await start(LINUX)).toEqual(VALUES);
    await page.evaluate(async () => {
      const { Context, prefab } = globalThis as unknown as InPage;
      await prefab.updateContext(new Context({ device: { os: 'other' } }));
    });
    expect(await value('for.linux')).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('the unmodified js SDK in Chromium polls by the ETag that the browser keeps, and sees a change', async () => {
    await stack.commit(environment, [flag('a', false)]);
    const before = await answered(EVALUATION, 304);
    await start(LINUX);
    await page.evaluate(() => (globalThis as unknown as InPage).prefab.poll({ frequencyInMs: 100 }));
    await until(
      'it was told twice that nothing changed',
      async () => (await answered(EVALUATION, 304)) > before + 1,
    );
    expect(await value('a')).toBe(false);
    await stack.commit(environment, [flag('a', true)]);
    await until('the page sees the change', async () => (await value('a')) === true);
    expect(complaints).toEqual([]);
  });

  it('the unmodified js SDK in Chromium reports what it evaluated, also when the page is left, without an error in the page', async () => {
    await stack.commit(environment, CONFIGS);
    const before = await answered('/api/v1/telemetry', 200);
    await start(LINUX);
    await value('for.linux');
    await value('duration');
    await page.evaluate("dispatchEvent(new Event('beforeunload'))");
    await until(
      'a report has arrived',
      async () => (await answered('/api/v1/telemetry', 200)) === before + 1,
    );
    await value('json');
    await page.goto('about:blank');
    await until(
      'the last report has arrived',
      async () => (await answered('/api/v1/telemetry', 200)) === before + 2,
    );
    expect(complaints).toEqual([]);
  });

  it('the unmodified js SDK in Chromium starts without a request from what a server asked for and put into the page', async () => {
    await stack.commit(environment, CONFIGS);
    const url = `${settings.endpoints[0]}/configs/eval-with-context/${new Context(LINUX).encode()}`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${settings.apiKey}` } });
    const { evaluations } = (await answer.json()) as { evaluations: object };
    await page.evaluate((bootstrap) => void Object.assign(globalThis, { _prefabBootstrap: bootstrap }), {
      evaluations,
      context: LINUX,
    });
    expect(await start(LINUX, { endpoints: ['http://127.0.0.1:1'] })).toEqual(VALUES);
    expect(complaints).toEqual([]);
  });

  it('the unmodified js SDK in Chromium learns why a key is refused', async () => {
    expect(await start(LINUX, { apiKey: '1-P1-E1-CLIENT-2' })).toBe('Error: 401 Unauthorized');
  });

  it('the unmodified js SDK in Chromium may have a context of forty properties through Pushpin, and of a hundred at a node', async () => {
    await stack.commit(environment, CONFIGS);
    const user = (properties: number) =>
      Object.fromEntries(Array.from({ length: properties }, (_, i) => [`property.${i}`, 'x'.repeat(20)]));
    expect(await start({ ...LINUX, user: user(40) })).toEqual(VALUES);
    const node = { endpoints: [`${stack.nodes[0]!.url}/api/v2`] };
    expect(await start({ ...LINUX, user: user(100) }, node)).toEqual(VALUES);
  });
});

describe('the unmodified react SDK in Chromium', () => {
  it('the unmodified react SDK in Chromium shows values, and a change when it polls', async () => {
    await stack.commit(environment, CONFIGS);
    const script = `
      import { PrefabProvider, usePrefab } from '@prefab-cloud/prefab-cloud-react';
      import { useEffect, useReducer } from 'react';
      import { createRoot } from 'react-dom/client';

      // The SDK takes new values without a word to React; whatever draws the page again shows them.
      function useClock() {
        const [, tick] = useReducer((ticks) => ticks + 1, 0);
        useEffect(() => {
          const timer = setInterval(tick, 100);
          return () => clearInterval(timer);
        }, []);
      }

      function Shown() {
        useClock();
        const { get, isEnabled, loading } = usePrefab();
        return <p>{loading ? 'loading' : get('string') + ' ' + isEnabled('for.linux')}</p>;
      }

      createRoot(document.getElementById('root')).render(
        <PrefabProvider {...${JSON.stringify(settings)}} contextAttributes={${JSON.stringify(LINUX)}} pollInterval={100}>
          <Shown />
        </PrefabProvider>,
      );`;
    const site = await startSite(await bundle(script));
    closing.push(() => site.close());
    const page = await browser.newPage();
    closing.push(() => page.close());
    const complaints = complaintsOf(page);
    await page.goto(site.url);
    const shown = async () => page.textContent('p');
    await until('the page shows the values', async () => (await shown()) === 'ümläut true');
    await stack.commit(environment, [config('string', 'STRING', { string: 'changed' })]);
    await until('the page shows the change', async () => (await shown()) === 'changed true');
    expect(complaints).toEqual([]);
  });
});
