/** The headers of every answer, whatever the route and whoever asks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, basic, sign, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { routesOf } from '../support/routes.js';

let app: TestApp;
let environment: TestEnvironment;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  await environment.commit(flag('a', true));
});

afterAll(() => app.close());

/** A path of each route, and some that are none. */
const paths = () => [
  ...routesOf(app.app).map((pattern) =>
    pattern.replace(':id', environment.id).replace(':from', '0').replace(':token', 'x'),
  ),
  '/',
  '/unknown',
  '/api/v1/configs/%E0%A4%A',
];

interface Answer {
  readonly at: string;
  readonly status: number;
  readonly headers: Record<string, string>;
}

/** The answers to everybody, by every method; a subscription comes as if through a proxy, so that its answer ends. */
async function answers(extra: Record<string, string> = {}): Promise<Answer[]> {
  const credentials = [undefined, basic(environment.key), `Bearer ${ADMIN_TOKEN}`];
  const found: Answer[] = [];
  for (const path of paths()) {
    for (const authorization of credentials) {
      for (const method of ['get', 'head', 'post', 'put', 'delete', 'options'] as const) {
        // Ends the environment's key, without which there would be nobody to ask as.
        if (method === 'delete' && path.includes('/keys/')) continue;
        const test = app.http[method](path).set({ 'Grip-Sig': await sign(), ...extra });
        const { status, headers } = await (authorization === undefined
          ? test
          : test.set('Authorization', authorization));
        found.push({ at: `${method} ${path}`, status, headers: headers });
      }
    }
  }
  return found;
}

describe('every answer', () => {
  it('says that it is no page, no script and no frame, and nothing about what the server is made of', async () => {
    const all = await answers();
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200, 400, 401, 403, 404, 405]));
    for (const { at, headers } of all) {
      expect({ at, ...headers }).toMatchObject({
        at,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
      });
      for (const name of ['x-powered-by', 'server', 'set-cookie', 'via'])
        expect({ at, ...headers }).not.toHaveProperty(name);
    }
  });

  it('says who may store it, and only snapshots may be', async () => {
    for (const { at, status, headers } of await answers()) {
      const isSnapshot = at.endsWith('/api/v1/configs/0') && status === 200;
      expect({ at, storing: headers['cache-control'] }).toEqual({
        at,
        storing: isSnapshot ? 'public, no-cache' : expect.stringMatching(/^no-store/),
      });
    }
  });

  it('invites no script of another site, also when one asks whether it may', async () => {
    const cross = { Origin: 'https://other.example', 'Access-Control-Request-Method': 'GET' };
    for (const { at, headers } of await answers(cross)) {
      const inviting = Object.keys(headers).filter((name) => name.startsWith('access-control-'));
      expect({ at, inviting }).toEqual({ at, inviting: [] });
    }
  });

  it('with a body names its type, and no type that a browser runs', async () => {
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
