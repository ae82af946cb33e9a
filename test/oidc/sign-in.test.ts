/** Signing in with an issuer, by the requests of a browser, with answers that no honest issuer gives. */
import type { Response } from 'supertest';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { CLIENT_ID, startIssuer, type TestIssuer } from '../support/issuer.js';
import { until } from '../support/until.js';

const CONSOLE = 'https://flags.test';
const COOKIE = '__Host-holdfast-sign-in';
const GROUPS = { groups: ['flags-editors'], email: 'ann@example.com', email_verified: true };

let issuer: TestIssuer;
let app: TestApp;
const env = (): Record<string, string> => ({
  HOLDFAST_OIDC_ISSUER: issuer.url,
  HOLDFAST_OIDC_CLIENT_ID: CLIENT_ID,
  HOLDFAST_CONSOLE_URL: CONSOLE,
  HOLDFAST_OIDC_ROLES: 'flags-admins=admin,flags-editors=editor:environment 1|2',
});

beforeAll(async () => {
  issuer = await startIssuer();
  app = await startApp({ env: env() });
  await app.environment();
  await app.environment();
});
afterAll(async () => {
  await app.close();
  await issuer.stop();
});
afterEach(() => {
  issuer.reset();
  // The limit of sign-ins forgets, and what was discovered stays.
  app.clock.ahead += 60_000;
});

/** The cookie that an answer sets, without its attributes. */
function cookieOf({ headers }: Response): string {
  const [line = ''] = (headers['set-cookie'] as unknown as string[] | undefined) ?? [];
  return line.split(';')[0] ?? '';
}

const start = (at = app, path = '/oidc/start') => at.http.get(`/admin/v1${path}`).redirects(0);
const callback = (address: string, cookie: string, at = app) => {
  const { pathname, search } = new URL(address);
  return at.http.get(`${pathname}${search}`).set('Cookie', cookie).redirects(0);
};
const codeOf = ({ headers }: Response): string => /#code=(.+)$/.exec(headers.location!)?.[1] ?? '';
const redeem = (code: string, cookie: string, at = app) =>
  at.http.post('/admin/v1/sign-in').set('Cookie', cookie).send({ code });

/** Signs in until the exchange of the code. */
async function signIn(claims: Record<string, unknown> = GROUPS, at = app): Promise<Response> {
  issuer.behaviour.claims = { ...issuer.behaviour.claims, ...claims };
  const begun = await start(at).expect(302);
  const back = await callback(issuer.authorize(begun.headers.location!), cookieOf(begun), at).expect(302);
  return redeem(codeOf(back), cookieOf(back), at);
}

async function refusal(claims?: Record<string, unknown>): Promise<{ status: number; message: string }> {
  const { status, body } = await signIn(claims);
  return { status, message: (body as { error: { message: string } }).error.message };
}

const self = (token: string, at = app) => at.http.get('/admin/v1/self').auth(token, { type: 'bearer' });

describe('signing in with an issuer', () => {
  it('signing in ends with the token of a session that has the role and the environments of the claim', async () => {
    const { status, body } = await signIn();
    expect(status).toBe(201);
    const { token, expiresAt, ...rest } = body as { token: string; expiresAt: string };
    expect(rest).toEqual({ name: 'ann@example.com', role: 'editor', environments: ['1', '2'] });
    const hours = (Date.parse(expiresAt) - Date.now() - app.clock.ahead) / 3_600_000;
    expect(hours).toBeGreaterThan(7.9);
    expect(hours).toBeLessThanOrEqual(8);
    expect((await self(token).expect(200)).body).toMatchObject(rest);
    await app.http.get('/admin/v1/operators').auth(token, { type: 'bearer' }).expect(403);
  });

  it('signing in asks the issuer for a code with PKCE, state and nonce, in a cookie that only this host gets', async () => {
    const { headers } = await start().expect(302);
    const { searchParams } = new URL(headers.location!);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: `${CONSOLE}/admin/v1/oidc/callback`,
      code_challenge_method: 'S256',
      scope: 'openid profile email',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(searchParams.get(name)!.length).toBeGreaterThan(40);
    }
    const [line] = headers['set-cookie'] as unknown as string[];
    expect(line).toMatch(
      new RegExp(`^${COOKIE}=[\\w.-]+; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$`),
    );
    expect(line).not.toContain(searchParams.get('state'));
  });

  it('a node says how to sign in without a token', async () => {
    const { body } = await app.http.get('/admin/v1/sign-in').expect(200);
    expect(body).toEqual({
      oidc: { label: new URL(issuer.url).host, url: `${CONSOLE}/admin/v1/oidc/start` },
    });
  });

  it('signing in reads claims from UserInfo that the ID token lacks, and no others', async () => {
    issuer.behaviour.userInfo = { groups: ['flags-admins'], email: 'other@example.com' };
    const { body } = await signIn({ email: 'ben@example.com' });
    expect(body).toMatchObject({ name: 'ben@example.com', role: 'admin' });
  });

  it('signing in returns to the page of the console where it began', async () => {
    const page = '/console/e/1/flags?q=a';
    const begun = await start(app, `/oidc/start?return=${encodeURIComponent(page)}`).expect(302);
    const back = await callback(issuer.authorize(begun.headers.location!), cookieOf(begun));
    expect(back.headers.location).toMatch(/^\/console\/e\/1\/flags\?q=a#code=[\w-]+$/);
  });

  it('signing in refuses to return to another site', async () => {
    for (const page of ['https://evil.example/', '//evil.example/console/', '/admin/v1/audit']) {
      const { body } = await start(app, `/oidc/start?return=${encodeURIComponent(page)}`).expect(400);
      expect(body.error).toMatchObject({ code: 'field_invalid', field: 'return' });
    }
  });
});

describe('a sign-in that is refused', () => {
  it('a refusal names the claim that was found and the setting that gives roles, when it gives none', async () => {
    const { status, message } = await refusal({ groups: ['sales', 'flags-editors-2'] });
    expect(status).toBe(403);
    expect(message).toContain('sends the claim groups with sales, flags-editors-2');
    expect(message).toContain('HOLDFAST_OIDC_ROLES');
    expect((await refusal({ groups: undefined, email: 'x' })).message).toContain('sends no claim groups');
    expect((await refusal({ groups: [] })).message).toContain('sends the claim groups without a value');
  });

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'another-client' }],
    ['another nonce', { nonce: 'another' }],
    ['no nonce', { nonce: undefined }],
    ['a time that is over', { exp: Math.floor(Date.now() / 1000) - 3_600 }],
    ['no subject', { sub: undefined }],
  ])('a sign-in is refused whose ID token has %s', async (_case, claims) => {
    expect((await refusal({ ...GROUPS, ...claims })).status).toBe(401);
  });

  it.each(['none', 'another key'] as const)(
    'a sign-in is refused whose ID token is signed by %s',
    async (signing) => {
      issuer.behaviour.signing = signing;
      expect((await refusal(GROUPS)).status).toBe(401);
    },
  );

  it('a sign-in is refused with a state that is not of this browser, and the issuer is not asked', async () => {
    issuer.behaviour.claims = GROUPS;
    const [mine, other] = [await start(), await start()];
    const address = issuer.authorize(other.headers.location!);
    const asked = issuer.requests.length;
    for (const cookie of [cookieOf(mine), '', `${COOKIE}=garbage`]) {
      const back = await callback(address, cookie).expect(302);
      const { status, body } = await redeem(codeOf(back), cookieOf(back));
      expect(status).toBe(401);
      expect(body.error.message).toContain('begun in another browser');
    }
    expect(issuer.requests).toHaveLength(asked);
  });

  it('a sign-in is refused at a second answer with the same code', async () => {
    issuer.behaviour.claims = GROUPS;
    const begun = await start();
    const address = issuer.authorize(begun.headers.location!);
    await callback(address, cookieOf(begun)).expect(302);
    const again = await callback(address, cookieOf(begun)).expect(302);
    const { status, body } = await redeem(codeOf(again), cookieOf(again));
    expect(status).toBe(401);
    expect(body.error.message).toContain('invalid_grant');
  });

  it('a sign-in is refused that took more than ten minutes', async () => {
    const begun = await start();
    app.clock.ahead += 11 * 60_000;
    const back = await callback(issuer.authorize(begun.headers.location!), cookieOf(begun));
    expect((await redeem(codeOf(back), cookieOf(back))).status).toBe(401);
  });

  it('a sign-in that the issuer refuses is refused with its words', async () => {
    const begun = await start();
    const state = new URL(begun.headers.location!).searchParams.get('state')!;
    const query = new URLSearchParams({ error: 'access_denied', error_description: 'not \u202eyou', state });
    const back = await callback(`${CONSOLE}/admin/v1/oidc/callback?${query.toString()}`, cookieOf(begun));
    const { body } = await redeem(codeOf(back), cookieOf(back)).expect(401);
    expect(body.error.message).toContain('access_denied (not you)');
  });

  it('a refused sign-in has an entry of the audit trail, and counts', async () => {
    const before = await app.metric('holdfast_admin_refused_total{reason="oidc"}');
    await refusal({ ...GROUPS, email: 'zoe@example.com', groups: ['sales'] });
    expect(await app.metric('holdfast_admin_refused_total{reason="oidc"}')).toBe(before + 1);
    const entry = await until('the trail has it', async () => {
      const { body } = await app.admin('get', '/audit?action=refuseSignIn&operator=zoe@example.com');
      return (body.entries as { details: object }[])[0];
    });
    expect(entry.details).toMatchObject({ reason: 'forbidden' });
  });
});

describe('the code of a sign-in', () => {
  it('the code of a sign-in works once, and in the browser that it was made for', async () => {
    issuer.behaviour.claims = GROUPS;
    const begun = await start();
    const back = await callback(issuer.authorize(begun.headers.location!), cookieOf(begun));
    const [code, cookie] = [codeOf(back), cookieOf(back)];
    await redeem(code, '').expect(401);
    await redeem(code, cookieOf(begun)).expect(401);
    const done = await redeem(code, cookie).expect(201);
    expect(cookieOf(done)).toBe(`${COOKIE}=`);
    const again = await redeem(code, cookie).expect(401);
    expect(again.body.error.message).toContain('was used');
  });

  it('the code of a sign-in works for two minutes', async () => {
    issuer.behaviour.claims = GROUPS;
    const begun = await start();
    const back = await callback(issuer.authorize(begun.headers.location!), cookieOf(begun));
    app.clock.ahead += 121_000;
    await redeem(codeOf(back), cookieOf(back)).expect(401);
  });
});

describe('the issuer', () => {
  it('the issuer is not asked at the start, and its outage leaves tokens alone', async () => {
    const asked = issuer.requests.length;
    issuer.behaviour.status = 503;
    const own = await startApp({ env: env() });
    try {
      expect(issuer.requests).toHaveLength(asked);
      const back = await start(own).expect(302);
      expect(back.headers.location).toMatch(/^\/console\/#code=/);
      const { body } = await redeem(codeOf(back), cookieOf(back), own).expect(503);
      expect(body.error).toMatchObject({ code: 'issuer_unavailable' });
      expect(body.error.message).toContain('sign in with a token');
      await self(ADMIN_TOKEN, own).expect(200);
      issuer.reset();
      own.clock.ahead += 3_000;
      expect((await signIn({ ...GROUPS, groups: ['flags-admins'] }, own)).status).toBe(201);
    } finally {
      await own.close();
    }
  });

  it('the issuer is given up after five seconds without an answer', async () => {
    const own = await startApp({ env: env() });
    try {
      issuer.behaviour.isSilent = true;
      const back = await start(own).expect(302);
      await redeem(codeOf(back), cookieOf(back), own).expect(503);
    } finally {
      await own.close();
    }
  });

  it('the issuer must name itself as the settings do', async () => {
    issuer.behaviour.namedAs = 'https://evil.example';
    const own = await startApp({ env: env() });
    try {
      const back = await start(own).expect(302);
      expect(back.headers.location).toMatch(/^\/console\/#code=/);
    } finally {
      await own.close();
    }
  });

  it('the issuer is asked for a limited number of sign-ins of one address', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => start()));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(10);
    expect(refused[0]!.headers['retry-after']).toBeDefined();
  });

  it('the issuer is unknown without settings', async () => {
    const own = await startApp();
    try {
      expect((await own.http.get('/admin/v1/sign-in').expect(200)).body).toEqual({});
      await start(own).expect(404);
      await start(own, '/oidc/callback?code=x&state=y').expect(404);
    } finally {
      await own.close();
    }
  });
});

describe('sessions', () => {
  async function begin(email: string, more: object = {}): Promise<{ token: string; expiresAt: string }> {
    const { body } = await signIn({ ...GROUPS, email, sub: email, ...more });
    return body as { token: string; expiresAt: string };
  }
  const signOut = (token: string) =>
    app.http.post('/admin/v1/sign-out').auth(token, { type: 'bearer' }).send({});
  const listed = async (name: string) =>
    (
      (await app.admin('get', '/sessions').expect(200)).body.sessions as { id: string; name: string }[]
    ).filter((each) => each.name === name);

  it('a session ends by signing out', async () => {
    const { token } = await begin('out@example.com');
    expect((await signOut(token).expect(200)).body).toEqual({ ended: true });
    const { body } = await self(token).expect(401);
    expect(body.error.message).toContain('sign in again');
    expect((await signOut(ADMIN_TOKEN).expect(200)).body).toEqual({ ended: false });
  });

  it('a session ends at its time, with a sentence that says so', async () => {
    const { token } = await begin('late@example.com');
    app.clock.ahead += 8 * 3_600_000;
    const { body } = await self(token).expect(401);
    expect(body.error.message).toMatch(/^the session ended at .*: sign in again$/);
    expect(await listed('late@example.com')).toEqual([]);
  });

  it('an admin ends one session, those of a person, and all', async () => {
    const tokens = [await begin('a@example.com'), await begin('a@example.com'), await begin('b@example.com')];
    const { id } = (await listed('a@example.com'))[0]!;
    await app.admin('delete', `/sessions/${id}`).expect(200);
    await app.admin('delete', `/sessions/${id}`).expect(404);
    expect(await listed('a@example.com')).toHaveLength(1);
    const { body } = await app.admin('delete', '/sessions?name=a@example.com').expect(200);
    expect(body.ended).toHaveLength(1);
    await self(tokens[2]!.token).expect(200);
    await app.admin('delete', '/sessions').expect(200);
    for (const { token } of tokens) await self(token).expect(401);
  });

  it('sessions of one person: the newest ten stay', async () => {
    for (let i = 0; i < 11; i++) {
      await begin('many@example.com');
      app.clock.ahead += 2_000;
    }
    expect(await listed('many@example.com')).toHaveLength(10);
  }, 60_000);

  it('a session has entries of the audit trail that say by which claim, and no secret', async () => {
    const { token } = await begin('trail@example.com');
    await signOut(token).expect(200);
    const entries = await until('the trail has both', async () => {
      const { body } = await app.admin('get', '/audit?count=500');
      const own = (body.entries as { subject?: string; operator: string; action: string }[]).filter(
        (each) => each.subject === 'trail@example.com' || each.operator === 'trail@example.com',
      );
      return own.length === 2 && own;
    });
    expect(entries.map(({ action }) => action)).toEqual(['signOut', 'signIn']);
    expect(entries[1]).toMatchObject({
      details: {
        role: 'editor',
        claim: 'groups=flags-editors',
        issuer: issuer.url,
        subject: 'trail@example.com',
      },
    });
    const written = JSON.stringify(entries) + JSON.stringify(app.logs);
    expect(written).not.toContain(token);
    expect(written).not.toContain('hfs_');
  });

  it('the author of a change is the person', async () => {
    const { token } = await begin('author@example.com');
    await app.http
      .post('/admin/v1/environments/1/changes')
      .auth(token, { type: 'bearer' })
      .send({ configs: [flag('by-author', true)] })
      .expect(200);
    const { body } = await app.admin('get', '/environments/1/history').expect(200);
    expect(body.changes[0]).toMatchObject({ author: 'author@example.com' });
  });

  it('sessions of another issuer do not count', async () => {
    const { token } = await begin('moved@example.com');
    const session = (await app.store.sessions.all()).find(({ name }) => name === 'moved@example.com')!;
    await app.store.sessions.replace(session.id, session, { ...session, issuer: 'https://old.example' });
    app.clock.ahead += 2_000;
    await self(token).expect(401);
  });
});
