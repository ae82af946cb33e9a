/**
 * Rejected events as an administrator meets them: routes, commands, metrics, readiness. On a real
 * Redis, with the real app.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../cli/run.js';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { change, INBOX, json, REJECTED, startInbox, type Fields, type InboxStack } from '../support/inbox.js';
import { until } from '../support/until.js';

let stack: InboxStack;
let app: TestApp;
const leading = new AbortController();
let led: Promise<void>;

beforeAll(async () => {
  stack = await startInbox();
  app = await startApp({
    env: {
      HOLDFAST_STORE: stack.server.url,
      HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
      HOLDFAST_SECRET: 'x'.repeat(32),
      GRIP_URL: '',
    },
  });
  led = app.lead(leading.signal);
});
afterAll(async () => {
  leading.abort();
  await led;
  await app.close();
  await stack.stop();
});
beforeEach(async () => {
  await stack.raw.del(REJECTED);
  await app.admin('put', '/environments/1').send({ projectId: '3', name: 'one' });
});

/**
 * Adds an event that will be rejected, and waits until it is; returns its id among the rejected
 * ones.
 */
async function reject(...fields: Fields): Promise<string> {
  const before = await stack.raw.xlen(REJECTED);
  await stack.add(...fields);
  await until('it is rejected', async () => (await stack.raw.xlen(REJECTED)) === before + 1);
  return (await stack.rejected()).at(-1)!.id;
}

const unknown = (key = 'a'): Fields => [
  ['environment', '9'],
  ['json', json(change(key))],
];

interface Listed {
  readonly total: number;
  readonly events: {
    readonly id: string;
    readonly error: object;
    readonly fields: { readonly name: string }[];
  }[];
}
const list = async (query = ''): Promise<Listed> =>
  (await app.admin('get', `/rejected${query}`)).body as Listed;

describe('the list of rejected events', () => {
  it('the list of rejected events is empty at first', async () => {
    expect(await list()).toEqual({ total: 0, events: [] });
  });

  it('the list of rejected events has the reason and the fields of each, the oldest first', async () => {
    const first = await reject(...unknown(), ['event', 'é']);
    const second = await reject(['environment', '1'], ['json', json({ key: 'a' })]);
    const { total, events } = await list();
    expect(total).toBe(2);
    expect(events.map(({ id }) => id)).toEqual([first, second]);
    expect(events[0]).toEqual({
      id: first,
      event: expect.stringMatching(/^\d+-\d+$/),
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      error: {
        code: 'environment_unknown',
        message: expect.stringContaining('environment 9 does not exist'),
      },
      fields: [
        { name: 'environment', bytes: 1, text: '9' },
        { name: 'json', bytes: json(change('a')).length, text: json(change('a')) },
        { name: 'event', bytes: 2, text: 'é' },
      ],
    });
    expect(events[1]!.error).toMatchObject({ code: 'field_invalid', field: 'configs[0].configType' });
  });

  it('the list of rejected events shows long values in part, and bytes as base64', async () => {
    await reject(
      ['json', 'é'.repeat(2_000)],
      ['configs', Buffer.of(0xff, 0)],
      ['a', `x${'é'.repeat(2_000)}`],
    );
    const [event] = (await list()).events;
    expect(event!.fields).toEqual([
      { name: 'json', bytes: 4_000, text: 'é'.repeat(512) },
      { name: 'configs', bytes: 2, base64: '/wA=' },
      // The cut goes through a character.
      { name: 'a', bytes: 4_001, text: `x${'é'.repeat(511)}` },
    ]);
  });

  it('the list of rejected events has as many as are asked for, and says how many there are', async () => {
    for (const key of ['a', 'b', 'c']) await reject(...unknown(key));
    const { total, events } = await list('?count=2');
    expect([total, events.length]).toEqual([3, 2]);
    for (const count of ['0', '201', '-1', 'x', '1e2', '']) {
      const answer = await app.admin('get', `/rejected?count=${count}`);
      expect([count, answer.status, answer.body.error.field]).toEqual([count, 400, 'count']);
    }
    await app.admin('get', '/rejected?count=1&count=2').expect(400);
  });

  it('the list of rejected events has also entries from outside, without a reason', async () => {
    const id = (await stack.raw.xadd(REJECTED, '*', 'holdfast-event', '1-0', 'b', 'c'))!;
    const [event] = (await list()).events;
    expect(event).toMatchObject({ id, event: '', error: { code: '' } });
    expect(event!.fields.map(({ name }) => name)).toEqual(['holdfast-event', 'b']);
    const answer = await app.admin('post', `/rejected/${id}/retry`);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'field_invalid']);
  });
});

describe('a retry', () => {
  it('a retry puts the event back with its own fields only, so that it is committed once its reason is gone', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const id = await reject(['environment', '5'], ['json', json(change('a'))], ['event', 'e']);
    await app.admin('put', '/environments/5').send({ projectId: '3', name: 'five' }).expect(201);
    const answer = await app.admin('post', `/rejected/${id}/retry`).expect(200);
    expect(answer.body).toEqual({ id, event: expect.stringMatching(/^\d+-\d+$/) });
    await stack.settled();
    expect((await app.admin('get', '/environments/5')).body.configs).toBe(1);
    expect(await stack.raw.xlen(REJECTED)).toBe(0);

    const again = await reject([everyByte, everyByte], ['holdfast-event', 'mine']);
    const [before] = await stack.rejected();
    await app.admin('post', `/rejected/${again}/retry`).expect(200);
    await until('it is rejected again', async () => (await stack.raw.xlen(REJECTED)) === 1);
    const [after] = await stack.rejected();
    expect(after!.id).not.toBe(before!.id);
    expect(after!.fields.slice(6)).toEqual(before!.fields.slice(6));
  });

  it('a retry of an event with more fields than a script can pass on is refused, and the event stays', async () => {
    const id = await reject(...Array.from({ length: 4_000 }, (_, i) => [`f${i}`, 'x'] as const));
    const answer = await app.admin('post', `/rejected/${id}/retry`);
    expect([answer.status, answer.body.error.code]).toEqual([400, 'field_invalid']);
    expect(answer.body.error.message).toContain('it can only be dropped');
    expect((await list()).total).toBe(1);
    await app.admin('delete', `/rejected/${id}`).expect(200, { id });
  });

  it('a retry is made once, however many ask at the same time', async () => {
    const id = await reject(...unknown());
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => app.admin('post', `/rejected/${id}/retry`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404]);
    await until('it is rejected again', async () => (await stack.raw.xlen(REJECTED)) === 1);
  });
});

describe('a drop', () => {
  it('a drop removes the event for good', async () => {
    const id = await reject(...unknown());
    await app.admin('delete', `/rejected/${id}`).expect(200, { id });
    const again = await app.admin('delete', `/rejected/${id}`);
    expect([again.status, again.body.error.code]).toEqual([404, 'not_found']);
    expect(await stack.raw.xlen(REJECTED)).toBe(0);
  });
});

describe('an id', () => {
  it.each(['x', '1', '1-', '-1', '1-1-1', `${2n ** 64n}-0`, `0-${2n ** 64n}`, '1-0%0d%0a'])(
    'such as %s is refused',
    async (id) => {
      for (const [method, path] of [
        ['delete', `/rejected/${id}`],
        ['post', `/rejected/${id}/retry`],
      ] as const) {
        const { status, body } = await app.admin(method, path);
        expect([status, body.error.code, body.error.field]).toEqual([400, 'field_invalid', 'id']);
      }
    },
  );

  it('an id of nothing is not found', async () => {
    for (const id of ['0-0', '1-1', `${2n ** 64n - 1n}-${2n ** 64n - 1n}`]) {
      await app.admin('delete', `/rejected/${id}`).expect(404);
      await app.admin('post', `/rejected/${id}/retry`).expect(404);
    }
  });
});

describe('with a store that has no inbox', () => {
  it('each route says so', async () => {
    const file = await startApp();
    try {
      for (const [method, path] of [
        ['get', '/rejected'],
        ['delete', '/rejected/1-0'],
        ['post', '/rejected/1-0/retry'],
      ] as const) {
        const { status, body } = await file.admin(method, path);
        expect([status, body.error.code]).toEqual([404, 'not_found']);
        expect(body.error.message).toMatch(/^this store \(file .*\) has no inbox/);
      }
    } finally {
      await file.close();
    }
  });
});

describe('the commands', () => {
  const holdfast = (...argv: string[]) =>
    run(['rejected', ...argv], { env: { HOLDFAST_URL: app.url, HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN } });

  it('list, retry and drop', async () => {
    const id = await reject(...unknown(), ['event', 'order\u001b[31m']);
    const listed = await holdfast('list');
    expect(listed).toMatchObject({ code: 0, err: '1 rejected event\n' });
    const [head, row] = listed.out.split('\n');
    expect(head).toMatch(/^ID +REJECTED +ENVIRONMENT +EVENT +CODE +MESSAGE$/);
    expect(row).toMatch(
      new RegExp(`^${id} .* 9 .* order\ufffd\\[31m +environment_unknown +environment 9 does not`),
    );

    const retried = await holdfast('retry', id);
    expect(retried).toMatchObject({
      code: 0,
      out: expect.stringMatching(`^${id} is in the inbox again as \\d+-\\d+\n$`),
    });
    await until('it is rejected again', async () => (await stack.raw.xlen(REJECTED)) === 1);
    const [{ id: next } = { id: '' }] = await stack.rejected();
    expect(await holdfast('drop', next)).toMatchObject({ code: 0, out: `${next} is dropped\n` });
    expect(await holdfast('drop', next)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no rejected event'),
    });
  });

  it('the commands say how many are not listed', async () => {
    for (const key of ['a', 'b', 'c']) await reject(...unknown(key));
    expect((await holdfast('list', '--count', '2')).err).toBe('3 rejected events, the oldest 2 listed\n');
    expect(await holdfast('list', '--count', '9999')).toMatchObject({ code: 1 });
  });
});

describe('the leader', () => {
  it('the leader counts what becomes of events, and shows what waits', async () => {
    const before = {
      committed: await app.metric('holdfast_inbox_committed_total'),
      repeated: await app.metric('holdfast_inbox_repeated_total'),
      rejected: await app.metric('holdfast_inbox_rejected_total{code="body_invalid"}'),
      commits: await app.metric('holdfast_commits_total'),
    };
    const event: Fields = [
      ['environment', '1'],
      ['event', 'm'],
      ['json', json(change('m'))],
    ];
    await stack.add(...event);
    await stack.add(...event);
    await reject(['environment', '1'], ['json', 'nonsense']);
    expect(await app.metric('holdfast_inbox_committed_total')).toBe(before.committed + 1);
    expect(await app.metric('holdfast_inbox_repeated_total')).toBe(before.repeated + 1);
    expect(await app.metric('holdfast_inbox_rejected_total{code="body_invalid"}')).toBe(before.rejected + 1);
    expect(await app.metric('holdfast_commits_total')).toBe(before.commits + 1);
    await until('it has counted', async () => (await app.metric('holdfast_rejected_waiting')) === 1);
    expect(await app.metric('holdfast_inbox_waiting')).toBe(0);
    expect((await app.http.get('/readyz')).body.inbox).toEqual({ waiting: 0, rejected: 1 });
  });

  it('the leader shows why the inbox stands still', async () => {
    await stack.raw.del(INBOX);
    await stack.raw.set(INBOX, 'x');
    await until('it says so', async () => 'error' in (await app.http.get('/readyz')).body.inbox);
    await stack.raw.del(INBOX);
    await until('it goes on', async () => !('error' in (await app.http.get('/readyz')).body.inbox));
  });
});
