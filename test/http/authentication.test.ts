/**
 * Authentication for rulesets: server keys, as the password of HTTP Basic, alike on the stream and
 * on the snapshot.
 */
import { describe, expect, it } from 'vitest';
import { basic, sign } from '../support/app.js';
import { sharedApp, sharedEnvironment } from '../support/shared.js';

const app = sharedApp();
const environment = sharedEnvironment(app);

async function newKey(kind: 'server' | 'client'): Promise<{ id: string; key: string }> {
  const issued = await app.admin('post', `/environments/${environment.id}/keys`).send({ kind }).expect(201);
  return issued.body as { id: string; key: string };
}

for (const path of ['/api/v1/sse/config', '/api/v1/configs/0']) {
  const get = async (authorization: string | undefined) => {
    const test = app.http.get(path).set('Grip-Sig', await sign());
    return authorization === undefined ? test : test.set('Authorization', authorization);
  };

  const expectRefusal = async (authorization: string | undefined): Promise<string> => {
    const { status, headers, body } = await get(authorization);
    expect([status, body.error.code]).toEqual([401, 'unauthorized']);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'www-authenticate': 'Basic realm="holdfast"',
      'content-type': expect.stringMatching(/^application\/json\b/),
    });
    expect(Object.keys(headers).filter((name) => name.startsWith('grip-'))).toEqual([]);
    return body.error.message as string;
  };

  describe(`GET ${path} lets in`, () => {
    for (const user of ['authuser', '1', 'u', '', 'ümläut', 'a-key-prefix']) {
      it(`the user name ${JSON.stringify(user)}`, async () => {
        expect((await get(basic(environment.key, user))).status).toBe(200);
      });
    }

    it('a scheme in any case', async () => {
      expect((await get(basic(environment.key).replace('Basic', 'bAsIc'))).status).toBe(200);
    });

    it('base64 without padding', async () => {
      const users = ['', 'a', 'ab'].map((user) => basic(environment.key, user));
      expect(users.some((each) => each.endsWith('='))).toBe(true);
      for (const each of users) expect((await get(each.replace(/=+$/, ''))).status).toBe(200);
    });
  });

  describe(`GET ${path} refuses`, () => {
    it('a request without credentials, and says what is needed', async () => {
      expect(await expectRefusal(undefined)).toContain('password');
    });

    it('another scheme', async () => {
      await expectRefusal(`Bearer ${environment.key}`);
      await expectRefusal(environment.key);
      await expectRefusal(`Digest ${environment.key}`);
    });

    it('credentials that are no base64, or have no colon', async () => {
      await expectRefusal('Basic');
      await expectRefusal('Basic !!!');
      await expectRefusal(`Basic ${Buffer.from(environment.key).toString('base64')}`);
    });

    it('an empty password', async () => {
      await expectRefusal(basic(''));
    });

    it('a key in the place of the user name', async () => {
      await expectRefusal(basic('', environment.key));
      await expectRefusal(basic('x', environment.key));
    });

    it('an unknown key, also one that differs in one character', async () => {
      await expectRefusal(basic('abc-P1-E1-SDK-def'));
      await expectRefusal(basic(`${environment.key}x`));
      await expectRefusal(basic(environment.key.slice(0, -1)));
      await expectRefusal(basic(environment.key.toUpperCase()));
    });

    it('a key that expired, and says when and what to do', async () => {
      const expiresAt = new Date(Date.now() + app.clock.ahead + 3_600_000).toISOString();
      const path = `/environments/${environment.id}/keys`;
      const { body } = await app.admin('post', path).send({ kind: 'server', expiresAt }).expect(201);
      const { key } = body as { key: string };
      expect(body).toMatchObject({ expiresAt });
      expect((await get(basic(key))).status).toBe(200);
      const { ahead } = app.clock;
      app.clock.ahead += 3_600_000;
      expect(await expectRefusal(basic(key))).toMatch(
        new RegExp(`^the API key \\w+ expired at ${expiresAt}: create another one`),
      );
      app.clock.ahead = ahead;
    });

    it('a revoked key', async () => {
      const { id, key } = await newKey('server');
      expect((await get(basic(key))).status).toBe(200);
      await app.admin('delete', `/keys/${id}`).expect(200);
      expect(await expectRefusal(basic(key))).toContain('revoked');
    });

    it('a client key, because it may not see rules', async () => {
      const { key } = await newKey('client');
      expect(await expectRefusal(basic(key))).toContain('client key');
    });

    it('the hash of a key', async () => {
      const stored = (await app.store.keys()).find(({ id }) => id === environment.keyId)!;
      await expectRefusal(basic(stored.hash));
    });

    it('the admin token', async () => {
      await expectRefusal(basic('admin-token-of-the-tests'));
    });
  });
}

describe('an answer of 401', () => {
  it('an answer of 401 never repeats the key', async () => {
    const answer = await app.http.get('/api/v1/configs/0').set('Authorization', basic('a-P1-E1-SDK-secret'));
    expect(answer.text).not.toContain('secret');
    expect(JSON.stringify(app.logs)).not.toContain('a-P1-E1-SDK-secret');
  });
});

describe('a key', () => {
  it('a key reads its own environment and no other', async () => {
    const other = await app.environment();
    const answer = await other.subscribe();
    expect(answer.get('Grip-Channel')).toContain(`environment-${other.id};`);
    expect(answer.get('Grip-Channel')).not.toContain(`environment-${environment.id};`);
  });
});
