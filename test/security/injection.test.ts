/**
 * Text that administrators and other systems choose: nothing of it becomes a header, a line of a
 * stream or a command for a terminal.
 */
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, sign, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag, keys, text } from '../support/configs.js';
import { readBody } from '../support/stream.js';
import { run } from '../cli/run.js';
import { ADMIN_TOKEN } from '../support/app.js';

/**
 * Each would make a header, an event, a line of a log, an item of a channel list or a colour, where
 * it is copied somewhere as it is.
 */
const HOSTILE = [
  'x\r\nSet-Cookie: owned=1',
  'x\nGrip-Hold: response',
  'x\r\n\r\n<script>alert(1)</script>',
  'environment-2; prev-id=0, key-1',
  '>; rel=next; timeout=1, </evil>; rel=next',
  'x\n\ndata: b3duZWQ=\nid: 9223372036854775807\n\n',
  '"; format=cstring; timeout=1',
  '\u001b]0;owned\u0007\u001b[31m',
  '\u0000\u0007\u007f\u0085',
  'пароль 🗝 \u202eabc\u2028\u2029',
  '%0d%0aSet-Cookie:%20owned=1',
  '"\'`${7*7}{{7*7}}',
  '__proto__',
];
const MARKS = /owned|evil|script|пароль|7\*7|rel=next; timeout=1/;

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.close());

/** All that a socket gets: nothing is parsed, forgiven or put together on the way. */
async function rawHead(path: string, headers: Record<string, string>): Promise<string> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('')}\r\n`);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  return Buffer.concat(parts).toString().split('\r\n\r\n')[0]!;
}

let made = 0;

/** An environment with the text wherever it is taken; as a name only what can be seen is. */
async function hostileEnvironment(hostile: string): Promise<TestEnvironment> {
  const name = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(hostile) ? 'refused' : hostile;
  const environment = await app.environment({
    // Names are unique.
    name: `${name}${++made}`,
    defaultContext: { contexts: [{ type: hostile, values: { [hostile]: { string: hostile } } }] },
  });
  await app.admin('post', `/environments/${environment.id}/keys`).send({ kind: 'server', name }).expect(201);
  await environment.commit(text('value', hostile));
  return environment;
}

describe.each(HOSTILE.map((each) => [JSON.stringify(each), each]))('the text %s', (_, hostile) => {
  it('hostile text as a name, a context and a value reaches no header of any answer', async () => {
    const environment = await hostileEnvironment(hostile);
    const authorization = basic(environment.key);
    const answers: [string, Record<string, string>][] = [
      ['/api/v1/sse/config', { Authorization: authorization, 'Grip-Sig': await sign() }],
      ['/api/v1/configs/0', { Authorization: authorization }],
      ['/api/v1/configs/0?format=json', { Authorization: authorization }],
      [`/admin/v1/environments/${environment.id}`, { Authorization: `Bearer ${ADMIN_TOKEN}` }],
      [`/admin/v1/environments/${environment.id}/configs`, { Authorization: `Bearer ${ADMIN_TOKEN}` }],
      [`/admin/v1/environments/${environment.id}/keys`, { Authorization: `Bearer ${ADMIN_TOKEN}` }],
    ];
    for (const [path, headers] of answers) {
      const head = await rawHead(path, headers);
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(head).not.toMatch(MARKS);
    }
  });

  it('hostile text as a name leaves nothing but ids in the instructions to a proxy, and whole events in the stream', async () => {
    const environment = await hostileEnvironment(hostile);
    const answer = await environment.subscribe();
    expect(answer.get('Grip-Channel')).toMatch(/^environment-\d+; prev-id=\d+, key-[0-9a-f]{16}; prev-id=0$/);
    const { events } = readBody(answer.text);
    expect(events).toHaveLength(1);
    expect(events[0]!.configs.configs![0]!.rows![0]!.values![0]!.value!.string).toBe(hostile);
  });

  it('hostile text as the key of a config travels as data, or is refused', async () => {
    const environment = await app.environment();
    const answer = await environment.change({ configs: [flag(hostile, true)] });
    const { text: body } = await environment.subscribe();
    const held = readBody(body).events.flatMap((event) => event.configs.configs ?? []);
    if (/\p{Cc}/u.test(hostile)) {
      expect([answer.status, answer.body.error.field, held]).toEqual([400, 'configs[0].key', []]);
    } else {
      expect([answer.status, held.map(({ key }) => key)]).toEqual([200, [hostile]]);
    }
    const stream = await environment.open();
    const { version } = await environment.commit(flag('last', true));
    await stream.waitForEvent(({ id }) => id === version);
    expect(stream.errors).toEqual([]);
    expect(keys(stream.events)).toContain('last');
    await app.closeStreams();
  });

  it('hostile text in a path or a query is answered without being a header', async () => {
    const encoded = encodeURIComponent(hostile);
    const paths = [
      `/${encoded}`,
      `/api/v1/configs/${encoded}`,
      `/api/v1/configs/0?format=${encoded}`,
      `/api/v1/sse/recover/${encoded}`,
      `/admin/v1/environments/${encoded}`,
      `/admin/v1/keys/${encoded}`,
    ];
    for (const path of paths) {
      const head = await rawHead(path, { Authorization: `Bearer ${ADMIN_TOKEN}` });
      // An environment is found by its name, so one that an earlier test made is.
      expect(head).toMatch(/^HTTP\/1\.1 (4\d\d|200) /);
      expect(head).toMatch(/Content-Type: application\/json/);
      expect(head).not.toMatch(MARKS);
    }
  });

  it('hostile text as a name is shown in a terminal without what terminals obey', async () => {
    const environment = await hostileEnvironment(hostile);
    const env = { HOLDFAST_URL: app.url, HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN };
    for (const argv of [
      ['environments', 'list'],
      ['keys', 'list', '--environment', environment.id],
    ]) {
      const { code, out } = await run(argv, { env });
      expect(code).toBe(0);
      // eslint-disable-next-line no-control-regex -- these are what must not be there
      expect(out.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }
  });
});

describe('the log', () => {
  it('the log has one line of JSON for each event, whatever was asked for', async () => {
    app.logs.length = 0;
    const environment = await app.environment();
    await environment.subscribe({ 'last-event-id': '9223372036854775807' });
    // `logs` is made by reading each line that was written as JSON; a line break in a value would
    // have failed there.
    expect(app.logs.length).toBeGreaterThan(0);
  });
});
