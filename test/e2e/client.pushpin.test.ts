/** The client library on real parts: Redis, two Pushpins, two nodes, and Chromium. */
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient, inMemory, type ClientOptions, type HoldfastClient } from '../../src/client/index.js';
import { bundle } from '../support/bundle.js';
import { complaintsOf, launchChromium } from '../support/chromium.js';
import { flag, text } from '../support/configs.js';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

let stack: Stack;
/** A new environment per test, so that none sees what another did. */
let environment = 0;
let key: string;
const clients: HoldfastClient[] = [];

beforeAll(async () => {
  stack = await startStack({ nodes: 2, pushpins: 2 });
});
afterAll(() => stack.stop());
beforeEach(async () => {
  await stack.createEnvironment(++environment);
  ({ key } = await stack.createKey(environment));
  await stack.commit(environment, [flag('a', true)]);
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

/** Waits less than applications would, so that tests are short. */
async function start(options: Partial<ClientOptions> = {}): Promise<HoldfastClient> {
  const client = createClient({
    key,
    sources: stack.pushpins.map(({ url }) => url),
    backoff: { first: 100, most: 1_000 },
    onWarning: () => undefined,
    ...options,
  });
  clients.push(client);
  await client.ready();
  await until('it streams', () => client.status().state === 'streaming', { timeout: 20_000 });
  return client;
}

async function arrives(client: HoldfastClient, value: string): Promise<void> {
  await stack.commit(environment, [text('t', value)]);
  await until(`${value} is there`, () => client.get('t') === value, { timeout: 20_000 });
}

describe('the client library through Pushpin', () => {
  it('the client library through Pushpin gets each change as it is made', async () => {
    const client = await start();
    const seen: unknown[] = [];
    client.onChange(() => seen.push(client.get('t')));
    for (const value of ['one', 'two', 'three']) await arrives(client, value);
    expect(seen).toEqual(['one', 'two', 'three']);
    expect(client.status()).toMatchObject({ source: stack.pushpins[0]!.url, shortConnections: 0 });
  });

  it('the client library through Pushpin notices nothing when a node restarts', async () => {
    const client = await start();
    await stack.nodes[0]!.restart();
    await arrives(client, 'after the restart');
    expect(client.status().sources.map(({ connections }) => connections)).toEqual([1, 0]);
  });

  it('the client library through Pushpin comes back to a Pushpin that restarts, with what it missed', async () => {
    const client = await start({ sources: [stack.pushpins[0]!.url] });
    const restarted = stack.pushpins[0]!.restart();
    await stack.commit(environment, [text('t', 'missed')]);
    await restarted;
    await until('what it missed is there', () => client.get('t') === 'missed', { timeout: 20_000 });
    await arrives(client, 'after the restart');
    expect(client.status()).toMatchObject({ state: 'streaming', stale: false });
  });

  it('the client library through Pushpin goes on at the next source when one is gone, from where it stood, and returns to the first when the other ends', async () => {
    const [first, second] = [stack.pushpins[0]!, stack.pushpins[1]!];
    const client = await start({ minConnection: 500 });
    await first.kill();
    await until('it streams again', () => client.status().sources[1]!.connections > 0);
    await arrives(client, 'through the second');
    expect(client.status().source).toBe(second.url);
    await first.restart();
    await second.kill();
    await arrives(client, 'through the first');
    expect(client.status().source).toBe(first.url);
    await second.restart();
  });

  it('the client library through Pushpin starts from what was saved when everything is gone, and takes up what is new when it is back', async () => {
    const lastGood = inMemory();
    const before = await start({ lastGood, sources: [stack.pushpins[0]!.url] });
    await before.close();
    await stack.pushpins[0]!.kill();
    await stack.commit(environment, [flag('a', false)]);
    const client = createClient({
      key,
      sources: [stack.pushpins[0]!.url],
      lastGood,
      backoff: { first: 100, most: 1_000 },
      onWarning: () => undefined,
    });
    clients.push(client);
    await client.ready();
    expect(client.get('a')).toBe(true);
    expect(client.status()).toMatchObject({ source: 'saved', stale: true });
    await stack.pushpins[0]!.restart();
    await until('it is told', () => client.get('a') === false, { timeout: 20_000 });
    expect(client.status()).toMatchObject({ source: stack.pushpins[0]!.url, stale: false });
  });
});

describe('the client library in Chromium', () => {
  /**
   * A front of Holdfast for pages: it lets the pages of one origin call, and lets them read the
   * ETag.
   */
  function startEdge(origin: () => string): Promise<Server> {
    const edge = createServer((incoming, response) => {
      const allowed = {
        'access-control-allow-origin': origin(),
        'access-control-allow-headers': 'authorization, if-none-match, last-event-id',
        'access-control-expose-headers': 'ETag, Age',
      };
      if (incoming.method === 'OPTIONS') {
        response.writeHead(204, allowed).end();
        return;
      }
      const target = `${stack.url}${incoming.url ?? ''}`;
      const outgoing = forward(target, { headers: incoming.headers }, (answer) => {
        const headers = {
          ...answer.headers,
          ...allowed,
          'cross-origin-resource-policy': 'cross-origin',
        };
        response.writeHead(answer.statusCode ?? 502, headers);
        response.flushHeaders();
        answer.pipe(response);
      });
      response.on('close', () => outgoing.destroy());
      outgoing.on('error', () => response.destroy());
      outgoing.end();
    });
    return listen(edge);
  }

  /** A page that may run its own script and nothing that is made at run time. */
  function startPage(script: string, connect: string): Promise<Server> {
    return listen(
      createServer((request, response) => {
        response.setHeader('content-security-policy', `default-src 'self' data:; connect-src ${connect}`);
        if (request.url === '/script.js') response.setHeader('content-type', 'text/javascript').end(script);
        else {
          response
            .setHeader('content-type', 'text/html')
            .end('<!doctype html><link rel="icon" href="data:,"><script src="/script.js"></script>');
        }
      }),
    );
  }

  it('the client library in Chromium loads, follows, saves, and starts from what it saved, from a page of another origin under a content security policy', async () => {
    let origin = '';
    const edge = await startEdge(() => origin);
    const script = await bundle(`
      import { createClient, inLocalStorage } from './src/client/index.js';
      const client = createClient({
        key: '${key}', sources: ['${urlOf(edge)}'], lastGood: inLocalStorage('flags'), backoff: { first: 100, most: 500 },
      });
      globalThis.client = client;
      globalThis.isReady = client.ready().then(() => true, String);
    `);
    const site = await startPage(script, urlOf(edge));
    origin = urlOf(site);
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const complaints = complaintsOf(page);
      /** In the page: an expression about its client. */
      const ask = (expression: string) => page.evaluate(expression);
      await page.goto(origin);
      expect(await ask('isReady')).toBe(true);
      expect(await ask(`client.get('a', { user: { key: 'u1' } }, false)`)).toBe(true);
      await until('it streams', async () => (await ask('client.status().state')) === 'streaming');
      await stack.commit(environment, [text('t', 'live')]);
      await until('the change is there', async () => (await ask(`client.get('t')`)) === 'live');
      expect(complaints).toEqual([]);
      await ask('client.close()');
      edge.closeAllConnections();
      await new Promise((resolve) => edge.close(resolve));
      await page.reload();
      expect(await ask('isReady')).toBe(true);
      expect(await ask(`client.get('t')`)).toBe('live');
      expect(await ask('client.status()')).toMatchObject({ source: 'saved', stale: true });
    } finally {
      await browser.close();
      await new Promise((resolve) => site.close(resolve));
      edge.closeAllConnections();
      edge.close();
    }
  });
});

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
