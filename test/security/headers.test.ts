/** The headers of every answer, for every route and every credential. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, basic, sign, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { ROUTES_FOR_PAGES, routesOf } from '../support/routes.js';

let app: TestApp;
let environment: TestEnvironment;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  await environment.commit(flag('a', true));
});

afterAll(() => app.close());

/** A path of a route, or of none. */
interface Place {
  readonly path: string;
  /** True when pages of other sites may call it. */
  readonly forPages: boolean;
}

/** No contexts, as the browser SDK writes them. */
const NO_CONTEXTS = encodeURIComponent(Buffer.from('{"contexts":[]}').toString('base64'));

const places = (): Place[] => [
  ...routesOf(app.app).map((pattern) => ({
    path: pattern
      .replace(':id', environment.id)
      .replace(':from', '0')
      .replace(':token', 'x')
      .replace(':context', NO_CONTEXTS),
    forPages: ROUTES_FOR_PAGES.includes(pattern),
  })),
  ...['/', '/unknown', '/api/v1/configs/%E0%A4%A'].map((path) => ({ path, forPages: false })),
];

interface Answer {
  readonly at: string;
  readonly forPages: boolean;
  readonly status: number;
  readonly headers: Record<string, string>;
}

/**
 * The answers to everybody, by every method; a subscription comes as if through a proxy, so that
 * its answer ends.
 */
async function answers(extra: Record<string, string> = {}): Promise<Answer[]> {
  const credentials = [undefined, basic(environment.key), `Bearer ${ADMIN_TOKEN}`];
  const found: Answer[] = [];
  for (const { path, forPages } of places()) {
    for (const authorization of credentials) {
      for (const method of ['get', 'head', 'post', 'put', 'delete', 'options'] as const) {
        // Would revoke the environment's key, which the other requests need.
        if (method === 'delete' && path.includes('/keys/')) continue;
        const test = app.http[method](path).set({ 'Grip-Sig': await sign(), ...extra });
        const { status, headers } = await (authorization === undefined
          ? test
          : test.set('Authorization', authorization));
        found.push({ at: `${method} ${path}`, forPages, status, headers });
      }
    }
  }
  return found;
}

describe('every answer', () => {
  it('every answer says that it is no page, no script and no frame, and nothing about what the server is made of', async () => {
    const all = await answers();
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200, 204, 400, 401, 403, 404, 405]));
    for (const { at, forPages, headers } of all) {
      expect({ at, ...headers }).toMatchObject({
        at,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': forPages ? 'cross-origin' : 'same-origin',
      });
      for (const name of ['x-powered-by', 'server', 'set-cookie', 'via'])
        expect({ at, ...headers }).not.toHaveProperty(name);
    }
  });

  it('every answer says who may store it, and only snapshots and values may be', async () => {
    for (const { at, status, headers } of await answers()) {
      const isKept = /^(get|head) \/api\/(v1\/configs\/0|v2\/configs\/.*)$/.test(at) && status === 200;
      expect({ at, storing: headers['cache-control'] }).toEqual({
        at,
        storing: isKept ? 'public, no-cache' : expect.stringMatching(/^no-store/),
      });
    }
  });

  it('every answer invites no script of another site, also when one asks whether it may, but on routes for pages', async () => {
    const cross = { Origin: 'https://other.example', 'Access-Control-Request-Method': 'GET' };
    const all = await answers(cross);
    expect(new Set(all.map(({ forPages }) => forPages))).toEqual(new Set([true, false]));
    for (const { at, forPages, headers } of all) {
      const inviting = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
      if (!forPages) expect({ at, inviting }).toEqual({ at, inviting: [] });
      else {
        expect({ at, ...headers }).toMatchObject({ at, 'access-control-allow-origin': '*' });
        expect(inviting).not.toContain('access-control-allow-credentials');
      }
    }
  });

  it('every answer to a preflight needs no credential and does nothing else', async () => {
    for (const { at, forPages, status, headers } of await answers()) {
      if (!forPages || !at.startsWith('options ')) continue;
      expect({ at, status, ...headers }).toMatchObject({
        at,
        status: 204,
        'access-control-allow-methods': expect.stringMatching(/^(GET, HEAD|GET|POST), OPTIONS$/),
        // The credential of an event stream is in its path.
        'access-control-allow-headers': expect.stringMatching(
          at.includes('/streams/') ? /^Cache-Control, Last-Event-ID$/ : /\bAuthorization\b/,
        ),
        'access-control-max-age': '7200',
      });
    }
  });

  it('every answer with a body names its type, and no type that a browser runs', async () => {
    for (const { at, headers } of await answers()) {
      const type = headers['content-type'];
      if (type !== undefined) {
        expect({ at, type }).toEqual({
          at,
          type: expect.stringMatching(
            /^(application\/json|application\/x-protobuf|text\/event-stream|text\/plain)\b/,
          ),
        });
      }
    }
  });
});
