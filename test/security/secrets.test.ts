/**
 * Unexpected errors: the reason is in the log, none of it in the answer, and no secret in either.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readNodeSettings } from '../../src/config/node.js';
import { messageOf } from '../../src/core/errors.js';
import { createLog } from '../../src/observe/log.js';
import { run } from '../cli/run.js';
import { sign, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { readLink } from '../support/stream.js';

const SECRET = 'hunter2-hunter2-hunter2-hunter2-hunter2';

let app: TestApp;
let environment: TestEnvironment;
let restore: () => unknown = () => undefined;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
});

afterAll(() => app.close());

afterEach(() => {
  restore();
});

/** As Redis clients make them: with the command that failed, and all that was in it. */
function clientError(): Error {
  const cause = Object.assign(new Error('the inner reason'), { command: { name: 'auth', args: [SECRET] } });
  return Object.assign(new Error('the outer reason', { cause }), {
    command: { name: 'auth', args: [SECRET] },
  });
}

/** Lets a method of the store throw what it never should. */
function breakStore(method: 'listEnvironments' | 'keys'): void {
  const before = app.store[method].bind(app.store);
  Object.assign(app.store, { [method]: () => Promise.reject(clientError()) });
  restore = () => Object.assign(app.store, { [method]: before });
}

describe('an unexpected error', () => {
  it('an unexpected error is answered without its reason, which is in the log with its stack and its cause', async () => {
    breakStore('listEnvironments');
    app.logs.length = 0;
    const answer = await app.admin('get', '/environments');
    expect([answer.status, answer.body.error.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toMatch(/reason|hunter2/);
    const line = app.logs.find(({ msg }) => msg === 'a request failed');
    expect(line).toMatchObject({
      level: 'error',
      method: 'GET',
      route: '/admin/v1/environments',
      err: {
        message: 'the outer reason: the inner reason',
        stack: expect.stringContaining('secrets.test.ts'),
      },
    });
    expect(JSON.stringify(app.logs)).not.toContain('hunter2');
  });

  it('an unexpected error on the recovery link is logged without the path, which is half of what opens it', async () => {
    const { path } = readLink(await environment.subscribe());
    breakStore('keys');
    app.logs.length = 0;
    const answer = await environment.recover(path, '0', {
      'grip-last': [`environment-${environment.id}; last-id=0`, 'key-unknown; last-id=0'],
    });
    expect(answer.status).toBe(500);
    expect(JSON.stringify(app.logs)).toContain('/api/v1/sse/recover/:token');
    expect(JSON.stringify(app.logs)).not.toContain(path.split('/').at(-1)!);
  });
});

describe('the log', () => {
  const logged = (value: object): string => {
    let text = '';
    createLog('trace', { write: (line) => (text += line) }).error(value, 'x');
    return text;
  };

  it('the log has of an error what it is, says and where it was, and nothing that someone put on it', () => {
    const text = logged({ err: clientError() });
    expect(text).toContain('the inner reason');
    expect(text).not.toContain('hunter2');
    expect(logged({ err: SECRET.slice(0, 0) || 'text' })).toContain('text');
  });

  it.each(['authorization', 'token', 'secret'])('the log leaves out what is called %s', (name) => {
    expect(logged({ [name]: SECRET })).not.toContain('hunter2');
    expect(logged({ inner: { [name]: SECRET } })).not.toContain('hunter2');
  });
});

describe('the help', () => {
  const env = {
    HOLDFAST_ADMIN_TOKEN: SECRET,
    HOLDFAST_SECRET: SECRET,
    GRIP_URL: `http://user:${SECRET}@127.0.0.1:1/?iss=pushpin&key=${SECRET}`,
    GRIP_VERIFY_KEY: SECRET,
    HOLDFAST_STORE: `redis://:${SECRET}@127.0.0.1:1`,
    HOLDFAST_API_KEY: SECRET,
  };

  it.each([
    ['--help'],
    ['help'],
    ['serve', '--help'],
    ['set', '--help'],
    ['keys', 'create', '--help'],
    ['tail', '-h'],
  ])('the help of %s %s %s has no value of a setting', async (...argv) => {
    const { out, err } = await run(argv, { env });
    expect(out + err).toMatch(/Usage|HOLDFAST/);
    expect(out + err).not.toContain('hunter2');
  });

  it('the help and the errors of commands that reach no server have none either', async () => {
    const others = { ...env, HOLDFAST_URL: 'http://127.0.0.1:1' };
    for (const argv of [['keys', 'list'], ['show'], ['set', 'a', 'b'], ['set', '--bogus'], ['nonsense']]) {
      const { code, out, err } = await run(argv, { env: others });
      expect(code).not.toBe(0);
      expect(out + err).not.toContain('hunter2');
    }
  });

  it('the help and the problems of settings have none, whatever is wrong with them', () => {
    const bad = {
      HOLDFAST_ADMIN_TOKEN: 'hunter2',
      HOLDFAST_SECRET: `hunter2 ${SECRET}`,
      GRIP_URL: `hunter2 http://user:${SECRET}%zz@h/?iss=a hunter2://x http://h?key=hunter2`,
      GRIP_VERIFY_KEY: '{"kty":"hunter2"',
      HOLDFAST_STORE: `redis://hunter2@h`,
    };
    expect(problems(bad)).toMatch(/HOLDFAST_STORE.*HOLDFAST_ADMIN_TOKEN.*HOLDFAST_SECRET.*(GRIP_URL.*){4}/s);
    expect(problems(bad)).not.toContain('hunter2');
    expect(problems({ ...bad, GRIP_VERIFY_KEY: 'hunter2 hunter2' })).not.toContain('hunter2');
    // A slash ends the host, and the rest would be taken for a path, which is part of the proxy's
    // name.
    const slash = problems({ GRIP_URL: 'http://us/er:hunter2@h/?verify-key=k' });
    expect(slash).toContain('write %2F for /');
    expect(slash).not.toContain('hunter2');
  });
});

function problems(env: Record<string, string>): string {
  try {
    readNodeSettings(env);
    return '';
  } catch (error) {
    return messageOf(error);
  }
}

describe('a request with a secret in the wrong place', () => {
  it('a request with a secret in the wrong place is refused without it being repeated or logged', async () => {
    app.logs.length = 0;
    const token = await sign({ key: Buffer.from('another') });
    const answers = [
      await app.http.get('/api/v1/configs/0').set('Authorization', `Bearer ${SECRET}`),
      await app.http.get('/admin/v1/environments').set('Authorization', `Bearer ${SECRET}`),
      await app.http.get('/api/v1/configs/0').auth('user', SECRET),
      await app.http.get(`/api/v1/configs/0?key=${SECRET}`),
      await app.http.get('/api/v1/sse/recover/1.x').set('Grip-Sig', token),
      await environment.change({ configs: [] }, { 'if-match': SECRET }),
      await environment.change(`{"configs": [${SECRET}`, { authorization: `Bearer ${SECRET}` }),
    ];
    for (const { status, text, headers } of answers) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text + JSON.stringify(headers)).not.toContain('hunter2');
      expect(text).not.toContain(token);
    }
    expect(JSON.stringify(app.logs)).not.toMatch(/hunter2/);
    expect(JSON.stringify(app.logs)).not.toContain(token);
  });
});
