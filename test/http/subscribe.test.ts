/** Subscribing through a GRIP proxy: every header and every byte of the answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEEP_ALIVE_SECONDS, STALENESS, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { channelsOf, instructions, readBody, readLink } from '../support/stream.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

const CONTEXT = { contexts: [{ type: 'prefab-api-key', values: { 'user-id': { string: '7' } } }] };

describe('the instructions of a subscription', () => {
  it('the instructions of a subscription are four, and hold the connection as a stream', async () => {
    const environment = await app.environment();
    const answer = await environment.subscribe();
    expect(instructions(answer)).toEqual(['grip-channel', 'grip-hold', 'grip-keep-alive', 'grip-link']);
    expect(answer.get('Grip-Hold')).toBe('stream');
  });

  it('the instructions of a subscription name the channel of the environment, with the version that the body ends at', async () => {
    const environment = await app.environment();
    const { version } = await environment.commit(flag('a', true), flag('b', true));
    const answer = await environment.subscribe();
    expect(readBody(answer.text).events.at(-1)!.id).toBe(version);
    expect(channelsOf(answer)[0]).toBe(`environment-${environment.id}; prev-id=${version}`);
  });

  it('the instructions of a subscription name the channel of the API key, with a prev-id that is the same at each version', async () => {
    const environment = await app.environment();
    const channels: (string | undefined)[] = [];
    for (const key of ['a', 'b']) {
      await environment.commit(flag(key, true));
      channels.push(channelsOf(await environment.subscribe())[1]);
    }
    expect(channels).toEqual(Array(2).fill(`key-${environment.keyId}; prev-id=0`));
  });

  it('the instructions of a subscription have no third channel', async () => {
    const environment = await app.environment();
    expect(channelsOf(await environment.subscribe())).toHaveLength(2);
  });

  it('the instructions of a subscription keep an idle connection alive with an SSE comment, as often as is set', async () => {
    const environment = await app.environment();
    const header = (await environment.subscribe()).get('Grip-Keep-Alive');
    const [content, ...parameters] = header!.split('; ');
    expect(parameters).toEqual(['format=cstring', `timeout=${KEEP_ALIVE_SECONDS}`]);
    // A cstring has escapes as C does; of those, only the newline is in use here.
    expect(content!.replaceAll('\\n', '\n')).toBe(': keep-alive\n');
  });

  it('link to the recovery path, the same for all environments, keys and versions', async () => {
    const environments = [await app.environment(), await app.environment()];
    const paths = new Set<string>();
    for (const environment of environments) {
      paths.add(readLink(await environment.subscribe()).path);
      await environment.commit(flag('a', true));
      paths.add(readLink(await environment.subscribe()).path);
    }
    expect([...paths]).toEqual([expect.stringMatching(/^\/[\w./-]+$/)]);
  });

  it('the instructions of a subscription have a link timeout between 80 % and 100 % of the staleness that is set', async () => {
    const environment = await app.environment();
    const timeouts: number[] = [];
    for (app.clock.random of [0, 0.5, 0.999_999]) {
      timeouts.push(readLink(await environment.subscribe()).timeout);
    }
    app.clock.random = undefined;
    expect(timeouts).toEqual([0.8 * STALENESS, 0.9 * STALENESS, STALENESS - 1]);
  });

  it('the instructions of a subscription have link timeouts that differ from one answer to the next', async () => {
    const environment = await app.environment();
    const answers = await Promise.all(Array.from({ length: 20 }, () => environment.subscribe()));
    const timeouts = answers.map((answer) => readLink(answer).timeout);
    expect(new Set(timeouts).size).toBeGreaterThan(1);
    expect(Math.min(...timeouts)).toBeGreaterThanOrEqual(0.8 * STALENESS);
    expect(Math.max(...timeouts)).toBeLessThanOrEqual(STALENESS);
  });
});

describe('the answer to a subscription', () => {
  it('the answer to a subscription is an event stream that must not be stored or transform', async () => {
    const environment = await app.environment();
    const { status, headers } = await environment.subscribe();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream\b/),
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(headers).not.toHaveProperty('etag');
  });

  it('the answer to a subscription is finite, says its length, and leaves nothing held here', async () => {
    const environment = await app.environment();
    await environment.commit(flag('a', true));
    const answer = await environment.subscribe();
    expect(answer.headers['content-length']).toBe(`${Buffer.byteLength(answer.text)}`);
    expect(app.directHolds.size).toBe(0);
    expect((await app.http.get('/readyz')).body.holds).toMatchObject({ direct: 0 });
  });

  it('the answer to a subscription is a comment, a blank line, a retry, and the event: its data in one line, and then its id', async () => {
    const environment = await app.environment({ projectId: '3', defaultContext: CONTEXT });
    app.clock.random = 0.25;
    const { version } = await environment.commit(flag('a', true));
    const { text } = await environment.subscribe();
    app.clock.random = undefined;
    const data = Buffer.from(await snapshotBytes(environment.key)).toString('base64');
    expect(text).toBe(`\n: holdfast\nretry: 3250\ndata: ${data}\nid: ${version}\n\n`);
  });

  it('the answer to a subscription has only the beginning when there is nothing to send', async () => {
    const environment = await app.environment();
    app.clock.random = 0;
    const { text } = await environment.subscribe();
    app.clock.random = undefined;
    expect(text).toBe('\n: holdfast\nretry: 1000\n');
  });

  it('the answer to a subscription asks to wait between 1 and 10 seconds before a reconnect', async () => {
    const environment = await app.environment();
    const retries: (number | undefined)[] = [];
    for (app.clock.random of [0, 0.999_999]) {
      retries.push(readBody((await environment.subscribe()).text).retry);
    }
    app.clock.random = undefined;
    expect(retries).toEqual([1_000, 9_999]);
  });

  it('the answer to a subscription asks each client to wait for another time', async () => {
    const environment = await app.environment();
    const answers = await Promise.all(Array.from({ length: 20 }, () => environment.subscribe()));
    expect(new Set(answers.map(({ text }) => readBody(text).retry)).size).toBeGreaterThan(10);
  });

  it('the answer to a subscription carries the pointer and the default context in its event', async () => {
    const environment = await app.environment({ projectId: '3', defaultContext: CONTEXT });
    await environment.commit(flag('a', true));
    const [event] = readBody((await environment.subscribe()).text).events;
    expect(event!.configs).toMatchObject({
      configServicePointer: { projectId: '3', projectEnvId: environment.id },
      defaultContext: CONTEXT,
    });
  });

  it('the answer to a subscription takes only GET', async () => {
    const environment = await app.environment();
    for (const method of ['head', 'post', 'put', 'delete', 'options'] as const) {
      const answer = await app.http[method]('/api/v1/sse/config').auth('test', environment.key);
      expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, 'GET']);
    }
  });
});

async function snapshotBytes(key: string): Promise<Buffer> {
  const answer = await app.http.get('/api/v1/configs/0').auth('test', key).responseType('blob').expect(200);
  return answer.body as Buffer;
}
