/** The recovery link: what a proxy gets when it asks for a hold, and who is refused. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { gripLast, inSeconds, sign, startApp } from '../support/app.js';
import type { Headers, TestApp, TestAppOptions, TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { channelsOf, instructions, keysIn, readBody, readLink } from '../support/stream.js';

const HOUR = 60 * 60 * 1000;

let app: TestApp;
/** With two configs, each from a change of its own. */
let environment: TestEnvironment;
let first: string;
let second: string;
/** The link that holds were given. */
let path: string;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

beforeEach(async () => {
  environment = await app.environment();
  first = (await environment.commit(flag('a', true))).version;
  second = (await environment.commit(flag('b', true))).version;
  ({ path } = readLink(await environment.subscribe()));
});

afterEach(() => {
  app.clock.ahead = 0;
  app.clock.random = undefined;
});

async function refusal(at: string, headers: Headers): Promise<string> {
  const answer = await environment.recover(at, first, headers);
  expect(instructions(answer)).toEqual([]);
  expect(answer.get('Cache-Control')).toBe('no-store');
  return `${answer.status} ${(answer.body as { error: { code: string } }).error.code}`;
}

describe('a hold that asks for what it missed', () => {
  it('a hold that asks for what it missed gets the delta from where it stands, and is held at its end', async () => {
    const answer = await environment.recover(path, first);
    expect(answer.status).toBe(200);
    expect(keysIn(answer.text)).toEqual(['b']);
    expect(channelsOf(answer)[0]).toBe(`environment-${environment.id}; prev-id=${second}`);
  });

  it('a hold that asks for what it missed gets an event and nothing around it: the stream is in the middle', async () => {
    const { text } = await environment.recover(path, first);
    const body = readBody(text);
    expect(body.retry).toBeUndefined();
    expect(text).toBe(body.events[0]!.text);
    expect(text).toMatch(new RegExp(`^data: [A-Za-z0-9+/=]+\\nid: ${second}\\n\\n$`));
  });

  it('a hold that asks for what it missed gets an empty body, and stays where it is, when it is current', async () => {
    const answer = await environment.recover(path, second);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(answer.get('Content-Length')).toBe('0');
    expect(channelsOf(answer)[0]).toBe(`environment-${environment.id}; prev-id=${second}`);
  });

  it('a hold that asks for what it missed gets everything when it is ahead of the store, which is counted and raises no alarm', async () => {
    const [lost, ahead] = [
      await app.metric('holdfast_data_lost_total'),
      await app.metric('holdfast_clients_ahead_total'),
    ];
    app.logs.length = 0;
    const answer = await environment.recover(path, `${BigInt(second) + 5n}`);
    expect(keysIn(answer.text)).toEqual(['a', 'b']);
    expect(channelsOf(answer)[0]).toBe(`environment-${environment.id}; prev-id=${second}`);
    expect(await app.metric('holdfast_data_lost_total')).toBe(lost);
    expect(await app.metric('holdfast_clients_ahead_total')).toBe(ahead + 1);
    expect(app.logs.map(({ level }) => level)).not.toContain('error');
  });

  it('a hold that asks for what it missed gets everything when it stands at 0', async () => {
    expect(keysIn((await environment.recover(path, '0')).text)).toEqual(['a', 'b']);
  });

  it('a hold that asks for what it missed is counted by what it lacked', async () => {
    const count = () => app.metric('holdfast_recoveries_total{decision="behind",stream="configs"}');
    const before = await count();
    await environment.recover(path, first);
    expect(await count()).toBe(before + 1);
  });
});

describe('each answer over the link', () => {
  it('each answer over the link carries all instructions again, with the same keep-alive and channels as the subscription', async () => {
    const held = await environment.subscribe();
    const answer = await environment.recover(path, second);
    expect(instructions(answer)).toEqual(instructions(held));
    for (const name of ['Grip-Hold', 'Grip-Channel', 'Grip-Keep-Alive']) {
      expect(answer.get(name)).toBe(held.get(name));
    }
  });

  it('each answer over the link has a link with the same path, and a timeout of its own', async () => {
    const timeouts: number[] = [];
    for (app.clock.random of [0, 0.5]) {
      const link = readLink(await environment.recover(path, second));
      expect(link.path).toBe(path);
      timeouts.push(link.timeout);
    }
    expect(timeouts).toEqual([80, 90]);
  });

  it('each answer over the link is an event stream that must not be stored', async () => {
    const { headers } = await environment.recover(path, first);
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream\b/),
      'cache-control': 'no-store, no-transform',
    });
  });

  it('each answer over the link is the same whatever the query is', async () => {
    const answer = await environment.recover(`${path}?last-id=0&environment=999`, first);
    expect(keysIn(answer.text)).toEqual(['b']);
  });

  it('each answer over the link does not look at what a client would send', async () => {
    const answer = await environment.recover(path, first, {
      authorization: 'Basic nonsense',
      'last-event-id': second,
      'x-prefab-start-at-id': second,
    });
    expect(keysIn(answer.text)).toEqual(['b']);
  });
});

describe('the positions of a hold', () => {
  it('the positions of a hold may come in one header or in two, in any order', async () => {
    const [own, key] = gripLast(environment.id, first, environment.keyId) as [string, string];
    for (const headers of [[own, key], [key, own], `${own}, ${key}`, `${key},${own}`]) {
      const answer = await environment.recover(path, first, { 'grip-last': headers });
      expect([answer.status, keysIn(answer.text)]).toEqual([200, ['b']]);
    }
  });

  const wrong: [string, (own: string, key: string) => string | string[]][] = [
    ['are absent', () => ''],
    ['lack the key', (own) => own],
    ['lack the environment', (_own, key) => key],
    ['name the environment twice', (own, key) => [own, own, key]],
    ['name the key twice', (own, key) => [own, key, key]],
    ['name a third channel', (own, key) => [own, key, 'other; last-id=1']],
    ['lack the last id', (own, key) => [own.replace(/;.*/, ''), key]],
    ['have an empty last id', (own, key) => [own.replace(/=.*/, '='), key]],
    ['have a last id that is no version', (own, key) => [own.replace(/=.*/, '=-1'), key]],
    ['have a last id beyond 2^63 - 1', (own, key) => [own.replace(/=.*/, '=9223372036854775808'), key]],
    ['have an environment that is no number', (own, key) => [own.replace(/-\d+/, '-x'), key]],
    ['are garbage', () => 'garbage'],
  ];
  for (const [name, make] of wrong) {
    it(`the positions of a hold are refused when they ${name}`, async () => {
      const [own, key] = gripLast(environment.id, first, environment.keyId) as [string, string];
      expect(await refusal(path, { 'grip-last': make(own, key) })).toBe('403 link_invalid');
    });
  }
});

describe('a request is refused', () => {
  it('a request is refused without a signature, with a forged one, and with an expired one', async () => {
    const forged = await sign({ key: Buffer.from('another key') });
    const expired = await sign({ claims: { exp: inSeconds(-3600) } });
    for (const signature of ['', 'garbage', forged, expired]) {
      expect(await refusal(path, { 'grip-sig': signature })).toBe('403 link_invalid');
    }
  });

  it('a request is refused with another token in its path', async () => {
    const token = path.split('/').at(-1)!;
    const [window, mac] = token.split('.') as [string, string];
    const wrong = ['x', `${window}.`, mac, `${window}.${mac}x`, `${Number(window) + 1}.${mac}`, `0.${mac}`];
    for (const other of wrong) {
      expect(await refusal(path.replace(token, other), {})).toBe('403 link_invalid');
    }
  });

  it('a request is refused without a token', async () => {
    const answer = await environment.recover(path.slice(0, path.lastIndexOf('/') + 1), first);
    expect(answer.status).toBe(404);
    expect(instructions(answer)).toEqual([]);
  });

  it('a request is refused with a token of another installation', async () => {
    expect(await refusal(await linkOfNode({ secret: 'signs the links of another one' }), {})).toBe(
      '403 link_invalid',
    );
  });

  it('a request is refused with another method', async () => {
    for (const method of ['head', 'post', 'put', 'delete'] as const) {
      const answer = await app.http[method](path).set('Grip-Sig', await sign());
      expect([method, answer.status, answer.get('Allow')]).toEqual([method, 405, 'GET']);
    }
  });
});

describe('a link', () => {
  /** Good for longer than the clock is moved. */
  const signature = () => sign({ claims: { exp: inSeconds(100 * 3600) } });

  it('a link is the same on every node of an installation', async () => {
    expect(await linkOfNode({})).toBe(path);
  });

  it('a link is good for at least six hours, and replaced by a new one in the answer', async () => {
    app.clock.ahead = 6 * HOUR;
    const answer = await environment.recover(path, first, { 'grip-sig': await signature() });
    expect(keysIn(answer.text)).toEqual(['b']);
    expect(readLink(answer).path).not.toBe(path);
  });

  it('a link of a node whose clock is ahead is good', async () => {
    app.clock.ahead = -6 * HOUR;
    expect((await environment.recover(path, first)).status).toBe(200);
  });

  it('a link is refused twelve hours later', async () => {
    app.clock.ahead = 12 * HOUR;
    expect(await refusal(path, { 'grip-sig': await signature() })).toBe('403 link_invalid');
  });
});

describe('a hold that is to end', () => {
  async function expectEnd(headers: Headers): Promise<void> {
    const refused = await app.metric('holdfast_recoveries_total{decision="refused",stream="configs"}');
    const answer = await environment.recover(path, first, headers);
    expect([answer.status, answer.text, instructions(answer)]).toEqual([200, '', []]);
    expect(await app.metric('holdfast_recoveries_total{decision="refused",stream="configs"}')).toBe(
      refused + 1,
    );
  }

  it('because its key is revoked gets 200 without instructions and without a body', async () => {
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    await expectEnd({});
  });

  it('because its key is unknown gets the same', async () => {
    await expectEnd({ 'grip-last': gripLast(environment.id, first, 'unknown') });
  });

  it("because its key is another environment's gets the same", async () => {
    const other = await app.environment();
    await expectEnd({ 'grip-last': gripLast(environment.id, first, other.keyId) });
  });

  it('because its environment does not exist gets the same', async () => {
    await expectEnd({ 'grip-last': gripLast('999999', first, environment.keyId) });
  });
});

async function linkOfNode(options: TestAppOptions): Promise<string> {
  const node = await startApp(options);
  try {
    return readLink(await (await node.environment()).subscribe()).path;
  } finally {
    await node.close();
  }
}
