/** The library against a node in this process: real sockets, real streams. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient, inMemory, type ClientOptions, type HoldfastClient } from '../../src/client/index.js';
import { inFile } from '../../src/client/node.js';
import { startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { startSource } from './fake-source.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/until.js';

let app: TestApp;
let folder: string;
const clients: HoldfastClient[] = [];
const warnings: string[] = [];

beforeAll(async () => {
  app = await startApp({ env: { GRIP_URL: '' } });
  folder = await mkdtemp(join(tmpdir(), 'hf-client-'));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  warnings.length = 0;
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

function start(key: string, options: Partial<ClientOptions> = {}): HoldfastClient {
  const client = createClient({
    key,
    sources: [app.url],
    onWarning: (text) => warnings.push(text),
    ...options,
  });
  clients.push(client);
  return client;
}

async function nowhere(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

/** An environment with one flag that is on. */
async function withFlag(): Promise<TestEnvironment> {
  const environment = await app.environment();
  await environment.commit(flag('a', true));
  return environment;
}

describe('the client library and a node', () => {
  it('the client library and a node evaluates as soon as it is ready, and follows changes', async () => {
    const environment = await withFlag();
    const client = start(environment.key);
    const changes: string[][] = [];
    client.onChange(({ keys }) => changes.push([...keys]));
    await client.ready();
    expect(client.get('a', {}, false)).toBe(true);
    await until('a stream is open', () => client.status().state === 'streaming');
    const { version } = await environment.commit(flag('a', false), flag('b', true));
    await until('the change is there', () => client.get('b'));
    expect(client.get('a', {}, true)).toBe(false);
    expect(changes).toEqual([['a'], ['a', 'b']]);
    expect(client.status()).toMatchObject({
      state: 'streaming',
      version,
      environment: environment.id,
      stale: false,
      source: app.url,
    });
    expect(warnings).toEqual([]);
  });

  it('the client library and a node passes over sources that are down', async () => {
    const environment = await withFlag();
    const client = start(environment.key, { sources: [await nowhere(), await nowhere(), app.url] });
    await client.ready();
    expect(client.get('a')).toBe(true);
    expect(client.status().sources.map(({ state }) => state)).toEqual(['failing', 'failing', 'ok']);
  });

  it('the client library and a node rejects for a key that is refused, and is revived by another one', async () => {
    const environment = await withFlag();
    const client = start('wrong-P1-E1-SDK-key');
    await expect(client.ready()).rejects.toMatchObject({ code: 'refused' });
    expect(client.status().sources[0]).toMatchObject({ state: 'refused', problem: 'answered 401' });
    expect(client.get('a', {}, 'default')).toBe('default');
    client.retry(environment.key);
    await client.ready();
    expect(client.get('a')).toBe(true);
  });

  it('the client library and a node reports that it has nothing when no source answers in time, and goes on trying', async () => {
    const port = await freePort();
    const backoff = { first: 20, most: 50 };
    const client = start('any', { sources: [`http://127.0.0.1:${port}`], readyTimeout: 100, backoff });
    await expect(client.ready()).rejects.toMatchObject({ code: 'unreachable' });
    expect(client.status()).toMatchObject({ state: 'starting', stale: true, version: undefined });
    const source = await startSource(port);
    await until('it is ready', () => client.ready().then(() => true));
    expect(client.get('a')).toBe(true);
    await source.close();
  });

  it('the client library and a node is answered from the file when every source is down, and says so', async () => {
    const environment = await withFlag();
    const path = join(folder, 'deep', 'saved');
    const first = start(environment.key, { lastGood: inFile(path) });
    await first.ready();
    await first.close();
    const second = start(environment.key, { sources: [await nowhere()], lastGood: inFile(path) });
    await second.ready();
    expect(second.get('a')).toBe(true);
    expect(second.status()).toMatchObject({ source: 'saved', stale: true, environment: environment.id });
    expect(second.status().age).toBeLessThan(60_000);
    expect(await readdir(join(folder, 'deep'))).toEqual(['saved']);
  });

  it('the client library and a node asks for no more than what is newer than the saved copy', async () => {
    const environment = await withFlag();
    const lastGood = inMemory();
    const first = start(environment.key, { lastGood });
    await first.ready();
    const { version } = first.status();
    await first.close();
    await environment.commit(flag('b', true));
    const asked: string[] = [];
    const second = start(environment.key, {
      lastGood,
      fetch: (url, init) => {
        asked.push((url as URL).pathname);
        return fetch(url, init);
      },
    });
    await second.ready();
    expect(asked[0]).toBe(`/api/v1/configs/${version}`);
    expect([second.get('a'), second.get('b')]).toEqual([true, true]);
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, -5)],
    [
      'changed by a bit',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1)! ^ 1)]),
    ],
    [
      'changed in the middle of a config',
      (bytes: Buffer) => {
        const changed = Buffer.from(bytes);
        changed[changed.indexOf(Buffer.of(1, 97)) + 1] = 98; // the key, a letter long
        return changed;
      },
    ],
    ['empty', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('{"hello": 1}\n')],
  ])('the client library and a node ignores a saved copy that is %s, with a warning', async (_, damage) => {
    const environment = await withFlag();
    const path = join(folder, environment.id);
    const first = start(environment.key, { lastGood: inFile(path) });
    await first.ready();
    await first.close();
    await writeFile(path, damage(await readFile(path)));
    const second = start(environment.key, { lastGood: inFile(path) });
    await second.ready();
    expect(second.get('a')).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('the saved ruleset is ignored')]);
  });

  it('the client library and a node ignores a saved copy of another environment', async () => {
    const [one, two] = [await withFlag(), await app.environment()];
    const lastGood = inMemory();
    const first = start(one.key, { lastGood });
    await first.ready();
    await first.close();
    const second = start(two.key, { lastGood });
    await second.ready();
    expect(second.get('a')).toBeUndefined();
    expect(second.status()).toMatchObject({ environment: two.id });
  });

  it('the client library and a node does not start from a saved copy of another environment than that of the key', async () => {
    const [one, two] = [await withFlag(), await app.environment()];
    const lastGood = inMemory();
    const first = start(one.key, { lastGood });
    await first.ready();
    await first.close();
    const second = start(two.key, { lastGood, sources: [await nowhere()], readyTimeout: 200 });
    await expect(second.ready()).rejects.toMatchObject({ code: 'unreachable' });
    expect(second.get('a')).toBeUndefined();
  });

  it('the client library and a node is closed: no more requests, no more changes, evaluation goes on', async () => {
    const environment = await withFlag();
    const client = start(environment.key);
    await client.ready();
    await until('a stream is open', () => client.status().state === 'streaming');
    await client.close();
    await until('the node has no hold', () => app.directHolds.size === 0);
    await environment.commit(flag('a', false));
    expect(client.get('a')).toBe(true);
    expect(client.status().state).toBe('closed');
    await expect(client.ready()).rejects.toMatchObject({ code: 'closed' });
  });
});
