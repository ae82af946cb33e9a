/**
 * Event streams: what a browser that cannot send headers is told, through a proxy and directly, and
 * which tokens are refused.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Response } from 'supertest';
import { STREAM_PREFIX } from '../../src/ofrep/event-stream.js';
import { RECOVERY_PREFIX } from '../../src/subscribe/link.js';
import { StreamTokens } from '../../src/subscribe/stream-token.js';
import { gripLast, LINK_SECRET, sign, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag, text } from '../support/configs.js';
import { openSse } from '../support/sse.js';
import { channelsOf, instructions, readLink } from '../support/stream.js';

const MINUTE = 60 * 1000;

let app: TestApp;
let environment: TestEnvironment;
/** As another node of the installation issues them. */
let tokens: StreamTokens;
/** The client version. */
let seen: string;

beforeAll(async () => {
  app = await startApp();
  tokens = new StreamTokens([LINK_SECRET], () => Date.now() + app.clock.ahead);
});

afterAll(() => app.close());

beforeEach(async () => {
  environment = await app.environment();
  seen = (await environment.commit(flag('a', true))).version;
  await environment.commit(text('server-only', 'x'));
});

afterEach(async () => {
  await app.closeStreams();
  app.clock.ahead = 0;
  app.clock.random = undefined;
});

const tokenOf = (keyId = environment.keyId, id = environment.id) =>
  tokens.issue({ id: keyId, environment: BigInt(id) });

async function subscribe(token: string, query = '', headers: Record<string, string> = {}): Promise<Response> {
  return app.http.get(`${STREAM_PREFIX}${token}${query}`).set({ 'grip-sig': await sign(), ...headers });
}

const idsIn = (body: string) => [...body.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);

describe('an event stream through a proxy', () => {
  it('an event stream through a proxy is held on a channel of its environment for clients, at the client version, and on its key’s', async () => {
    app.clock.random = 0.4;
    const answer = await subscribe(tokenOf(), `?at=${seen}`);
    expect([answer.status, answer.text]).toEqual([200, '\n: holdfast\nretry: 4600\n']);
    expect(answer.get('Content-Type')).toMatch(/^text\/event-stream/);
    expect(answer.get('Cache-Control')).toBe('no-store, no-transform');
    expect(channelsOf(answer)).toEqual([
      `clients-${environment.id}-3; prev-id=${seen}`,
      `key-${environment.keyId}; prev-id=0`,
    ]);
  });

  it('an event stream through a proxy can be read by a page of any site', async () => {
    const answer = await subscribe(tokenOf());
    expect(answer.get('Access-Control-Allow-Origin')).toBe('*');
    expect((await subscribe('nonsense')).get('Access-Control-Allow-Origin')).toBe('*');
  });

  it('an event stream through a proxy has the recovery link that all holds have', async () => {
    const { path } = readLink(await subscribe(tokenOf()));
    expect(path).toBe(readLink(await environment.subscribe()).path);
  });

  it('an event stream through a proxy uses each of eight channels', async () => {
    const used = new Set<string | undefined>();
    for (let i = 0; i < 8; i++) {
      app.clock.random = i / 8;
      used.add(channelsOf(await subscribe(tokenOf()))[0]?.split(';')[0]);
    }
    expect(used).toEqual(new Set(Array.from({ length: 8 }, (_, i) => `clients-${environment.id}-${i}`)));
  });

  it.each<[string, (seen: string) => [string, string], boolean]>([
    ['without a position', () => ['', ''], true],
    ['with a position that is none', () => ['?at=x', 'y'], true],
    ['with two positions in the URL, which count as none', (at) => [`?at=${at}&at=${at}`, ''], true],
    ['that began before', (at) => [`?at=${BigInt(at) - 1n}`, ''], true],
    ['that began now', (at) => [`?at=${at}`, ''], false],
    ['that began before and was told since', (at) => [`?at=${BigInt(at) - 1n}`, at], false],
    ['that began now and was told before', (at) => [`?at=${at}`, `${BigInt(at) - 1n}`], false],
  ])(
    'an event stream through a proxy of a client %s has an event exactly if it lacks something',
    async (_, position, lacks) => {
      const [query, last] = position(seen);
      const answer = await subscribe(tokenOf(), query, last === '' ? {} : { 'last-event-id': last });
      expect(idsIn(answer.text)).toEqual(lacks ? [seen] : []);
      expect(channelsOf(answer)[0]).toContain(`prev-id=${seen}`);
    },
  );

  it('an event stream through a proxy is for keys of both kinds', async () => {
    const { id } = await environment.clientKey();
    expect((await subscribe(tokenOf(id))).status).toBe(200);
  });

  it('an event stream through a proxy recovers what it missed over the link, and is counted as what it is', async () => {
    const { path } = readLink(await subscribe(tokenOf(), `?at=${seen}`));
    const { version } = await environment.commit(flag('a', false));
    const last = [`clients-${environment.id}-5; last-id=${seen}`, `key-${environment.keyId}; last-id=0`];
    const series = 'holdfast_recoveries_total{decision="behind",stream="clients"}';
    const before = await app.metric(series);
    const answer = await environment.recover(path, seen, { 'grip-last': last });
    expect(idsIn(answer.text)).toEqual([version]);
    expect(channelsOf(answer)[0]).toBe(`clients-${environment.id}-5; prev-id=${version}`);
    expect(await app.metric(series)).toBe(before + 1);
  });
});

describe('a token', () => {
  async function refusal(token: string): Promise<string> {
    const answer = await subscribe(token, `?at=${seen}`);
    expect(instructions(answer)).toEqual([]);
    expect(answer.get('Cache-Control')).toBe('no-store');
    // A browser would ask its user for a name and password if this said Basic.
    expect(answer.get('WWW-Authenticate')).toBe('Bearer');
    return `${answer.status} ${(answer.body as { errorCode: string }).errorCode}`;
  }

  it('a token is accepted for 15 minutes at the least, and refused after half an hour and a minute', async () => {
    const token = tokenOf();
    app.clock.ahead = 15 * MINUTE;
    expect((await subscribe(token)).status).toBe(200);
    app.clock.ahead = 31 * MINUTE;
    expect(await refusal(token)).toBe('401 GENERAL');
  });

  it.each<[string, () => string]>([
    ['that is none', () => 'x'],
    [
      'of another installation',
      () => new StreamTokens(['another'], Date.now).issue({ id: environment.keyId, environment: 1n }),
    ],
    ['of a key that there is not', () => tokenOf('nobody')],
    ['for another environment than its key', () => tokenOf(environment.keyId, '999')],
    ['that is an API key', () => environment.key],
  ])('%s is refused', async (_, token) => {
    expect(await refusal(token())).toBe('401 GENERAL');
  });

  it('a token that is a recovery link is refused', async () => {
    const { path } = readLink(await environment.subscribe());
    expect(await refusal(path.slice(RECOVERY_PREFIX.length))).toBe('401 GENERAL');
  });

  it('a token is refused as soon as its key is revoked', async () => {
    const token = tokenOf();
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    expect(await refusal(token)).toBe('401 GENERAL');
  });

  it('a token opens nothing else: no ruleset, no stream of rulesets, no evaluation, no link, no administration', async () => {
    const token = tokenOf();
    const credentials = [`Bearer ${token}`, `Basic ${Buffer.from(`u:${token}`).toString('base64')}`];
    for (const authorization of credentials) {
      for (const path of [
        '/api/v1/sse/config',
        '/api/v1/configs/0',
        `/admin/v1/environments/${environment.id}`,
      ]) {
        expect([path, (await app.http.get(path).set({ authorization })).status]).toEqual([path, 401]);
      }
      await app.http
        .post('/ofrep/v1/evaluate/flags')
        .set({ authorization })
        .send({ context: {} })
        .expect(401);
    }
    await app.http.post('/ofrep/v1/evaluate/flags').set('x-api-key', token).send({ context: {} }).expect(401);
    const last = gripLast(environment.id, '0', environment.keyId);
    const headers = { 'grip-sig': await sign(), 'grip-last': last };
    expect((await environment.recover(`${RECOVERY_PREFIX}${token}`, '0', headers)).status).toBe(403);
  });

  it('a token is in no line of the log, and in no metric', async () => {
    const token = tokenOf();
    await subscribe(token);
    await subscribe(`${token}x`);
    const { text: metrics } = await app.http.get('/metrics');
    expect(`${JSON.stringify(app.logs)} ${metrics}`).not.toContain(token);
  });
});

describe('an event stream without a proxy', () => {
  const open = async (query: string) => {
    const stream = await openSse(`${app.url}${STREAM_PREFIX}${tokenOf()}${query}`);
    expect(stream.status).toBe(200);
    return stream;
  };

  it('an event stream without a proxy is held here, notified of changes that clients see and of no others, and ended by a revocation', async () => {
    const stream = await open(`?at=${seen}`);
    await environment.commit(text('server-only', 'y'));
    const { version } = await environment.commit(flag('a', false));
    await stream.waitFor(({ events }) => events.length > 0);
    expect(stream.events.map(({ id }) => id)).toEqual([version]);
    const data = JSON.parse(stream.events[0]!.data) as Record<string, unknown>;
    expect(data).toMatchObject({ type: 'refetchEvaluation', etag: version });
    expect(Math.abs(Number(data.lastModified) - Date.now() / 1000)).toBeLessThan(60);
    await app.admin('delete', `/keys/${environment.keyId}`).expect(200);
    expect(await stream.closed).toBe('ended');
    expect(stream.errors).toEqual([]);
  });

  it('an event stream without a proxy takes a place among the direct holds', async () => {
    const full = await startApp({ env: { HOLDFAST_MAX_HOLDS: '1' } });
    try {
      const { id, keyId } = await full.environment();
      const path = `${STREAM_PREFIX}${tokenOf(keyId, id)}`;
      const stream = await openSse(`${full.url}${path}`);
      expect(full.directHolds.size).toBe(1);
      await full.http.get(path).expect(503);
      stream.close();
    } finally {
      await full.close();
    }
  });

  it('an event stream without a proxy is refused where this process holds nothing', async () => {
    const other = await startApp({ env: { HOLDFAST_HOLD: 'grip' } });
    try {
      const { id, keyId } = await other.environment();
      const answer = await other.http.get(`${STREAM_PREFIX}${tokenOf(keyId, id)}`);
      expect([answer.status, answer.get('Access-Control-Allow-Origin')]).toEqual([501, '*']);
    } finally {
      await other.close();
    }
  });
});
