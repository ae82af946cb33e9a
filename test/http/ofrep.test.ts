/**
 * OpenFeature's remote evaluation. Every answer here is validated against the public OpenAPI
 * document. [protocol] #openfeature
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hashKey } from '../../src/keys/keyring.js';
import { StreamTokens } from '../../src/subscribe/stream-token.js';
import { deletion, scheduled } from '../support/configs.js';
import { basic, LINK_SECRET, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { ANSWERED, FLAGS, forPro, LONG, visible } from '../ofrep/flags.js';
import { Schemas } from '../ofrep/schema.js';

const schemas = new Schemas();
const ONE = '/ofrep/v1/evaluate/flags';
let app: TestApp;
let environment: TestEnvironment;
/** An API key of kind client. */
let key: string;
let keyId: string;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  await environment.commit(...FLAGS);
  ({ id: keyId, key } = await environment.clientKey());
});

afterAll(() => app.close());

interface Ask {
  /** The whole body; default: the context. */
  readonly body?: unknown;
  readonly context?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

/** A valid answer to the question for one flag, or, without a name, for all. */
async function ask(
  flag: string | undefined,
  { body, context = { targetingKey: 'u1' }, headers = {}, query = '' }: Ask = {},
) {
  const path = flag === undefined ? ONE : `${ONE}/${encodeURIComponent(flag)}`;
  const test = app.http
    .post(path + query)
    .set({ 'X-API-Key': key, 'Content-Type': 'application/json', ...headers });
  const sent = body ?? { context };
  const answer = await test
    .serialize((text) => text as string)
    .send(typeof sent === 'string' ? sent : JSON.stringify(sent));
  const seen = {
    status: answer.status,
    headers: answer.headers as Record<string, string>,
    body: answer.text === '' ? '' : answer.body,
  };
  expect(schemas.wrong(flag === undefined ? ONE : `${ONE}/{key}`, seen)).toEqual([]);
  expect(answer.get('Cache-Control')).toBe('no-store');
  return { ...seen, text: answer.text };
}

/** Sends a path as it is: supertest would encode it. */
async function raw(
  path: string,
  method = 'post',
): Promise<{ status: number; headers: object; body: unknown }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { hostname, port } = new URL(app.url);
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    httpRequest({ hostname, port, path, method, headers }, resolve)
      .on('error', reject)
      .end(method === 'get' ? '' : '{}');
  });
  let text = '';
  for await (const part of answer) text += String(part);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(text) as unknown };
}

type Flags = Record<string, object>;
const flagsOf = (body: { flags: { key: string }[] }): Flags =>
  Object.fromEntries(body.flags.map((flag) => [flag.key, flag]));

describe('the answer for one flag', () => {
  it.each([
    ['bool', true, 'true'],
    ['string', 'hello', 'hello'],
    ['long', LONG, 'string-9537c5fdf120'],
    ['int', 42, '42'],
    ['double', 1.5, '1.5'],
    ['list', ['a', 'b'], 'stringList-0473ef2dc0d3'],
    ['array', [1, 2], 'json-3a316d6d3226'],
    ['duration', 'PT1.5S', 'PT1.5S'],
    ['log-level', 'INFO', 'INFO'],
    ['named', true, 'treatment'],
  ])('the answer for one flag for %s has value, variant and reason', async (flag, value, variant) => {
    const { status, body } = await ask(flag);
    expect([status, body]).toMatchObject([200, { key: flag, value, variant, reason: 'STATIC' }]);
  });

  it('the answer for one flag has integers and JSON to the digit', async () => {
    expect((await ask('huge')).text).toContain('"value":9007199254740993}');
    expect((await ask('object')).text).toContain('"value":{"a": [1, 9007199254740993]}}');
  });

  it.each(['unmatched', 'null', 'infinite'])(
    'the answer for one flag has no value for %s, so that the default of the code is used',
    async (flag) => {
      const { status, body } = await ask(flag);
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('value');
      // Without a variant the python provider raises a KeyError.
      expect(body.variant).toBe('default');
      expect(body.reason).toBe(flag === 'unmatched' ? 'UNKNOWN' : 'STATIC');
    },
  );

  it('the answer for one flag says what the rules decided, and by which', async () => {
    const { body } = await ask('targeted', { context: { 'user.plan': 'pro' } });
    expect(body).toMatchObject({ value: 'gold', reason: 'TARGETING_MATCH' });
    expect(body.metadata).toEqual({
      id: expect.stringMatching(/^\d{16}$/),
      type: 'FEATURE_FLAG',
      valueType: 'STRING',
      configRowIndex: 0,
      conditionalValueIndex: 0,
    });
    const other = await ask('targeted');
    expect(other.body).toMatchObject({ value: 'plain', metadata: { conditionalValueIndex: 1 } });
  });

  it('the answer for one flag says which of the weighted values was drawn, the same each time', async () => {
    const { body } = await ask('split');
    expect(body).toMatchObject({ reason: 'SPLIT', variant: body.value });
    expect(body.metadata.weightedValueIndex).toBe(body.value === 'heads' ? 0 : 1);
    for (let i = 0; i < 5; i++) expect((await ask('split')).body).toEqual(body);
  });

  it('the answer for one flag has the length of a duration too', async () => {
    expect((await ask('duration')).body.metadata.milliseconds).toBe(1500);
  });

  it('the answer for one flag is the same for a server key', async () => {
    for (const flag of ['string', 'hidden', 'unmatched']) {
      const { status, body } = await ask(flag, { headers: { 'X-API-Key': environment.key } });
      expect({ status, body }).toEqual(
        await ask(flag).then((answer) => ({ status: answer.status, body: answer.body })),
      );
    }
  });

  it('the answer for one flag is for the flag of that name, whatever the name', async () => {
    const name = 'ä /?#%"\\';
    await environment.commit(visible(name, 'STRING', { string: 'x' }));
    expect((await ask(name)).body).toMatchObject({ key: name, value: 'x' });
    await environment.commit(deletion(name));
    expect((await ask(name)).body).toMatchObject({ key: name, errorCode: 'FLAG_NOT_FOUND' });
  });

  it.each([
    ['a/b', 'a/b'],
    ['a//b/', 'a//b/'],
    ['100%', '100%'],
    ['50%zz/x', '50%zz/x'],
    ['a b', 'a%20b'],
    ['%41', '%2541'],
  ])(
    'the answer for one flag is for the flag %s when its path is not encoded, or a proxy decoded it',
    async (name, path) => {
      await environment.commit(visible(name, 'STRING', { string: 'x' }));
      const answer = await raw(`/ofrep/v1/evaluate/flags/${path}`);
      expect([answer.status, answer.body]).toMatchObject([200, { key: name, value: 'x' }]);
      await environment.commit(deletion(name));
    },
  );

  it('the answer for one flag has doubles as doubles, so that typed providers take them for such', async () => {
    const values = { whole: 3, zero: 0, large: 2 ** 53, huge: 1e21 };
    await environment.commit(
      ...Object.entries(values).map(([name, double]) => visible(`double.${name}`, 'DOUBLE', { double })),
    );
    const texts = ['3.0', '0.0', '9007199254740992.0', '1e+21'];
    for (const [index, name] of Object.keys(values).entries())
      expect((await ask(`double.${name}`)).text).toMatch(`"value":${texts[index]!}}`);
    const all = await ask(undefined);
    for (const text of texts) expect(all.text).toContain(`"value":${text}}`);
    await environment.commit(...Object.keys(values).map((name) => deletion(`double.${name}`)));
  });

  it('the answer for one flag has the value although rules cannot read an attribute, and names that', async () => {
    const context = { targetingKey: 'u', 'user.plan': 'pro', tags: [['a']] };
    const one = await ask('targeted', { context });
    expect([one.status, one.body]).toMatchObject([
      200,
      { value: 'gold', metadata: { ignoredContext: 'context.tags' } },
    ]);
    const all = await ask(undefined, { context });
    expect([all.status, all.body.metadata]).toMatchObject([200, { ignoredContext: 'context.tags' }]);
    const without = await ask(undefined, { context: { ...context, tags: null } });
    expect(without.body.flags).toEqual(all.body.flags);
    expect(without.headers.etag).not.toBe(all.headers.etag);
  });
});

describe('everything below /ofrep/v1', () => {
  it.each<[string, string, string, number, object]>([
    ['an empty key', 'post', '/ofrep/v1/evaluate/flags/', 404, { key: '', errorCode: 'FLAG_NOT_FOUND' }],
    ['no route', 'post', '/ofrep/v1/evaluate', 404, { errorCode: 'GENERAL' }],
    ['no route either', 'get', '/ofrep/v1/', 404, { errorCode: 'GENERAL' }],
    ['another method', 'get', '/ofrep/v1/evaluate/flags', 405, { errorCode: 'GENERAL' }],
    [
      'another method of a flag',
      'put',
      '/ofrep/v1/evaluate/flags/a/b',
      405,
      { key: 'a/b', errorCode: 'GENERAL' },
    ],
    ['a token that is none', 'get', '/ofrep/v1/streams/x', 401, { errorCode: 'GENERAL' }],
  ])('answers %s in OFREP’s form, to pages of any site', async (_what, method, path, status, body) => {
    const answer = await raw(path, method);
    expect([answer.status, answer.body]).toMatchObject([status, body]);
    expect(answer.body).toHaveProperty('errorDetails');
    expect(answer.body).not.toHaveProperty('error');
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'no-store' });
  });
});

describe('a flag that is not there', () => {
  it.each(['no.such.flag', 'hidden'])('a flag that is not there is not found: %s', async (flag) => {
    const { status, body } = await ask(flag);
    expect([status, body]).toEqual([
      404,
      { key: flag, errorCode: 'FLAG_NOT_FOUND', errorDetails: expect.stringContaining(flag) },
    ]);
  });

  it('a flag that is not there is one whose value only a server can make; it is counted', async () => {
    const before = await app.metric('holdfast_evaluations_undecided_total{why="withheld"}');
    const { status, body, text } = await ask('provided');
    expect([status, body.errorCode]).toEqual([404, 'FLAG_NOT_FOUND']);
    expect(text).not.toContain('SECRET');
    expect(await app.metric('holdfast_evaluations_undecided_total{why="withheld"}')).toBe(before + 1);
  });
});

describe('an error for one flag', () => {
  it.each([
    ['no JSON', '{"context"', 'PARSE_ERROR'],
    ['a list', [], 'PARSE_ERROR'],
    ['a number', '3', 'PARSE_ERROR'],
    ['a context that is none', { context: 'u1' }, 'INVALID_CONTEXT'],
    ['a targeting key that is none', { context: { targetingKey: 3 } }, 'INVALID_CONTEXT'],
    ['a property given twice', { context: { 'a.b': 1, a: { b: 2 } } }, 'INVALID_CONTEXT'],
  ])('an error for one flag after %s is 400 with a code', async (_what, body, errorCode) => {
    const answer = await ask('bool', { body });
    expect([answer.status, answer.body]).toEqual([
      400,
      { key: 'bool', errorCode, errorDetails: expect.any(String) },
    ]);
    const all = await ask(undefined, { body });
    expect([all.status, all.body]).toEqual([400, { errorCode, errorDetails: answer.body.errorDetails }]);
  });

  it('an error for one flag is none after an empty body, which has no context', async () => {
    expect((await ask('bool', { body: '' })).body).toMatchObject({ value: true });
  });

  it('names the field', async () => {
    const { body } = await ask('bool', { context: { 'user.role': 'a', user: { role: 'b' } } });
    expect(body.errorDetails).toContain('context.user.role');
  });

  it('an error for one flag says that the targeting key is needed where the flag is drawn by it, and nowhere else', async () => {
    for (const flag of ANSWERED) {
      const { status, body } = await ask(flag, { context: { plan: 'pro' } });
      if (flag === 'split') expect([status, body.errorCode]).toEqual([400, 'TARGETING_KEY_MISSING']);
      else if (flag === 'bytes') expect([status, body.errorCode]).toEqual([400, 'PARSE_ERROR']);
      else expect(status).toBe(200);
    }
    expect((await ask('split', { context: { user: { key: 'u' } } })).status).toBe(200);
  });

  it('an error for one flag says so of a body over the limit', async () => {
    const { status, body } = await ask('bool', { context: { a: 'x'.repeat(70_000) } });
    expect([status, body.errorCode]).toEqual([413, 'INVALID_CONTEXT']);
  });

  it('an error for one flag of the server says to try again', async () => {
    const stranger = await app.environment();
    await app.store.addKey({
      id: 'lost',
      environment: 999n,
      kind: 'client',
      name: '',
      hash: hashKey('lost-key'),
      createdAt: 0,
    });
    const { status, body, headers } = await ask('bool', { headers: { 'X-API-Key': 'lost-key' } });
    expect([status, body.errorCode, headers['retry-after']]).toEqual([503, 'GENERAL', '1']);
    expect(stranger.id).not.toBe('999');
  });
});

describe('a credential', () => {
  it.each<[string, () => Record<string, string>]>([
    ['X-API-Key', () => ({ 'X-API-Key': key })],
    ['a bearer token', () => ({ 'X-API-Key': '', Authorization: `Bearer ${key}` })],
    ['a password', () => ({ 'X-API-Key': '', Authorization: basic(key) })],
  ])('a credential may be %s', async (_what, headers) => {
    expect((await ask('bool', { headers: headers() })).status).toBe(200);
  });
});

describe('a refusal', () => {
  it.each([
    ['without a key', ''],
    ['with a key that nobody has', 'x'],
  ])('%s is 401 in words that a provider understands, and a page may read it', async (_what, text) => {
    for (const flag of ['bool', undefined]) {
      const { status, body, headers } = await ask(flag, { headers: { 'X-API-Key': text } });
      expect([status, body.errorCode]).toEqual([401, 'GENERAL']);
      expect(headers).toMatchObject({ 'www-authenticate': 'Bearer', 'access-control-allow-origin': '*' });
    }
  });

  it('a refusal comes before the body is read', async () => {
    const { status } = await ask('bool', { headers: { 'X-API-Key': 'x' }, body: '{"context"' });
    expect(status).toBe(401);
  });

  it('a refusal follows when the key is revoked, also with an ETag that it knows', async () => {
    const other = await app.environment();
    const headers = { 'X-API-Key': other.key };
    const etag = (await ask(undefined, { headers })).headers.etag!;
    await app.admin('delete', `/keys/${other.keyId}`).expect(200);
    expect((await ask(undefined, { headers: { ...headers, 'If-None-Match': etag } })).status).toBe(401);
  });
});

describe('the answer for all flags', () => {
  it('the answer for all flags has each that clients may see, as it has alone, and nothing else', async () => {
    const { status, body, headers } = await ask(undefined);
    expect(status).toBe(200);
    expect(headers.etag).toMatch(new RegExp(`^W/"${environment.id}-\\d+-[\\w-]{22}"$`));
    const flags = flagsOf(body);
    expect(Object.keys(flags).sort()).toEqual(ANSWERED);
    for (const flag of ANSWERED) expect(flags[flag]).toEqual((await ask(flag)).body);
    expect(body.metadata).toEqual({ environment: environment.id, version: expect.stringMatching(/^\d+$/) });
  });

  it('the answer for all flags says which flags cannot be had without a targeting key, and has the others', async () => {
    const flags = flagsOf((await ask(undefined, { context: {} })).body);
    expect(flags.split).toMatchObject({ errorCode: 'TARGETING_KEY_MISSING' });
    expect(flags.bool).toMatchObject({ value: true });
  });

  it('the answer for all flags for an environment without flags has none', async () => {
    const empty = await app.environment();
    const { body } = await ask(undefined, { headers: { 'X-API-Key': empty.key } });
    expect(body.flags).toEqual([]);
  });
});

describe('an ETag', () => {
  /** The strong one: a compressed answer has it as a weak one. */
  const etagOf = async (given: Ask = {}) => (await ask(undefined, given)).headers.etag!.replace(/^W\//, '');

  it('an ETag that is still right is answered 304, weak or in a list too', async () => {
    const etag = await etagOf();
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const answer = await ask(undefined, { headers: { 'If-None-Match': known } });
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', etag]);
    }
  });

  it('an ETag is the same for the same context in another order and spelling', async () => {
    const one = await etagOf({ context: { targetingKey: 'u', 'user.plan': 'pro', a: null, b: [1] } });
    expect(await etagOf({ context: { b: ['1'], user: { plan: 'pro' }, targetingKey: 'u' } })).toBe(one);
    expect(await etagOf({ context: { targetingKey: 'u', 'user.plan': 'free', b: [1] } })).not.toBe(one);
  });

  it('an ETag is another one after a change, and where time has passed that a rule looks at', async () => {
    const other = await app.environment();
    const given = { headers: { 'X-API-Key': other.key } };
    const before = await etagOf(given);
    const soon = {
      propertyName: 'prefab.current-time',
      operator: 'PROP_AFTER',
      valueToMatch: { int: `${Date.now() + 60_000}` },
    };
    await other.commit({
      ...forPro('later', 'x'),
      rows: [{ values: [{ criteria: [soon], value: { string: 'on' } }, { value: { string: 'off' } }] }],
    });
    const changed = await etagOf(given);
    expect(changed).not.toBe(before);
    app.clock.ahead = 1_000;
    expect(await etagOf(given)).toBe(changed);
    app.clock.ahead = 120_000;
    expect(await etagOf(given)).not.toBe(changed);
    app.clock.ahead = 0;
  });
});

describe('the event stream that the answer for all flags names', () => {
  const streamOf = async (): Promise<unknown> => (await ask(undefined)).body.eventStreams;

  it('the event stream that the answer for all flags names is that of the key, from where the answer ends, on the origin that was asked', async () => {
    const { body } = await ask(undefined);
    expect(body.eventStreams).toEqual([
      { type: 'sse', endpoint: { requestUri: expect.any(String) }, inactivityDelaySec: 120 },
    ]);
    const { requestUri } = body.eventStreams[0].endpoint as { requestUri: string };
    const [, token = '', at] = /^\/ofrep\/v1\/streams\/([\w.-]+)\?at=(\d+)$/.exec(requestUri) ?? [];
    expect(new StreamTokens([LINK_SECRET], Date.now).read(token)).toEqual({
      keyId,
      environment: BigInt(environment.id),
    });
    expect(at).toBe(body.metadata.version);
  });

  it('the event stream that the answer for all flags names is the same each time, and another one before its token is refused, with another ETag', async () => {
    const { body, headers } = await ask(undefined);
    expect(await streamOf()).toEqual(body.eventStreams);
    app.clock.ahead = 15 * 60_000;
    const later = await ask(undefined, { headers: { 'If-None-Match': headers.etag! } });
    app.clock.ahead = 0;
    expect(later.status).toBe(200);
    expect(later.body.flags).toEqual(body.flags);
    expect(later.body.eventStreams).not.toEqual(body.eventStreams);
  });

  it('the event stream that the answer for all flags names is on another origin if the settings say so', async () => {
    const elsewhere = await startApp({ env: { HOLDFAST_STREAM_URL: 'https://streams.example.com/flags/' } });
    const { key: other } = await elsewhere.environment();
    const { body } = await elsewhere.http.post(ONE).set('X-API-Key', other).send({ context: {} });
    await elsewhere.close();
    expect(schemas.problems('bulkEvaluationSuccess', body)).toEqual([]);
    expect(body.eventStreams[0].url).toMatch(/^https:\/\/streams\.example\.com\/flags\/ofrep\/v1\/streams\//);
  });
});

describe('a change that clients cannot see', () => {
  it('a change that clients cannot see leaves the ETag as it was', async () => {
    const etag = (await ask(undefined)).headers.etag!;
    const hidden = visible('hidden', 'STRING', { string: 'changed' });
    await environment.commit({ ...hidden, sendToClientSdk: false });
    expect((await ask(undefined, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  });
});

describe('a page of another site', () => {
  it.each([ONE, `${ONE}/bool`])(
    'a page of another site may call %s, with the headers that providers send',
    async (path) => {
      const answer = await app.http.options(path).set({
        Origin: 'https://shop.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,if-none-match,x-api-key,authorization',
      });
      expect(answer.status).toBe(204);
      const allowed = answer.get('Access-Control-Allow-Headers')!.toLowerCase().split(', ').sort();
      expect(allowed).toEqual(['authorization', 'content-type', 'if-none-match', 'x-api-key']);
      expect(answer.get('Access-Control-Allow-Methods')).toContain('POST');
    },
  );

  it('a page of another site may read the answer and its ETag', async () => {
    const { headers } = await ask(undefined);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringContaining('ETag'),
      'cross-origin-resource-policy': 'cross-origin',
    });
  });
});

describe('a notification that a provider repeats', () => {
  it('a notification that a provider repeats makes a node that does not know of it ask the store', async () => {
    const other = await app.environment();
    const { version } = await other.commit(visible('a', 'BOOL', { bool: true }));
    const asked = vi.spyOn(app.store, 'version');
    const headers = { 'X-API-Key': other.key };
    for (const known of ['', version, `"${version}"`, 'any text', '-1', `${2n ** 63n}`]) {
      await ask(undefined, {
        headers,
        query: `?flagConfigEtag=${encodeURIComponent(known)}&flagConfigLastModified=soon`,
      });
    }
    expect(asked).not.toHaveBeenCalled();
    const later = encodeURIComponent(`"${BigInt(version) + 1n}"`);
    expect((await ask(undefined, { headers, query: `?flagConfigEtag=${later}` })).status).toBe(200);
    expect(asked).toHaveBeenCalledOnce();
    asked.mockRejectedValueOnce(new Error('away'));
    const { status, body } = await ask(undefined, { headers, query: `?flagConfigEtag=${later}` });
    expect([status, body.errorCode]).toEqual([503, 'GENERAL']);
    asked.mockRestore();
  });

  it('a notification that a provider repeats of a time boundary is answered from it on, although this node’s clock is a little behind', async () => {
    const other = await app.environment();
    const boundary = Date.now() + 30_000;
    const { version } = await other.commit(scheduled('timed', boundary));
    const headers = { 'X-API-Key': other.key };
    const answer = async (notified?: string) => {
      const query = notified === undefined ? '' : `?flagConfigEtag=${notified}`;
      const { body } = await ask(undefined, { headers, query });
      const [stream] = body.eventStreams as { endpoint: { requestUri: string } }[];
      const at = stream!.endpoint.requestUri.split('?at=')[1];
      return { value: (body.flags as { value: unknown }[])[0]!.value, at };
    };
    expect(await answer()).toEqual({ value: false, at: version });
    expect(await answer(`${version}-${boundary}`)).toEqual({ value: true, at: `${version}-${boundary}` });
    expect(await answer(`${version}-${boundary + 3_600_000}`)).toEqual({ value: false, at: version });
  });
});
