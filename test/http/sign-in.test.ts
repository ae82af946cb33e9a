/** Signing in with a code, and the operator of the token that it gives. */
import { describe, expect, it } from 'vitest';
import { SignInCodes } from '../../src/operators/sign-in.js';
import { ADMIN_TOKEN, startApp } from '../support/app.js';
import { sharedApp } from '../support/shared.js';
import { until } from '../support/until.js';

const app = sharedApp();

const signIn = (code: unknown) => app.http.post('/admin/v1/sign-in').send({ code });
const self = (token: string) => app.http.get('/admin/v1/self').auth(token, { type: 'bearer' });

describe('signing in with a code', () => {
  it('a code is exchanged once for a token of an admin that expires after 12 hours', async () => {
    const code = app.codes.issue();
    const { body } = await signIn(code).expect(201);
    expect(body).toMatchObject({ role: 'admin', environments: 'all' });
    expect(body.name).toMatch(/^root\.[0-9a-f]{8}$/);
    const hours = (Date.parse(body.expiresAt) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThanOrEqual(12);
    const { token, ...rest } = body as { token: string };
    expect((await self(token).expect(200)).body).toEqual(rest);
    const again = await signIn(code).expect(401);
    expect(again.body.error).toMatchObject({ code: 'unauthorized' });
    expect(again.body.error.message).toContain('was used');
  });

  it('a sign-in has an entry of the audit trail without the code', async () => {
    const code = app.codes.issue();
    const { name } = (await signIn(code).expect(201)).body as { name: string };
    // The trail is written behind the answer.
    const entries = await until('the trail has it', async () => {
      const { body } = await app.admin('get', `/audit?action=signIn&subject=${name}`).expect(200);
      return body.entries.length > 0 && (body.entries as unknown[]);
    });
    expect(entries).toHaveLength(1);
    expect(JSON.stringify(entries)).not.toContain(code);
  });

  it('operators of sign-ins that have expired are removed by the next one', async () => {
    const own = await startApp();
    try {
      const first = await own.http.post('/admin/v1/sign-in').send({ code: own.codes.issue() }).expect(201);
      own.clock.ahead += 13 * 3_600_000;
      await own.http.post('/admin/v1/sign-in').send({ code: own.codes.issue() }).expect(201);
      const { body } = await own.admin('get', '/operators').expect(200);
      const names = (body.operators as { name: string }[]).map(({ name }) => name);
      expect(names).toHaveLength(1);
      expect(names).not.toContain((first.body as { name: string }).name);
    } finally {
      await own.close();
    }
  });

  it('a missing or strange code is refused with its field', async () => {
    for (const code of [undefined, 1, '', 'x'.repeat(101)]) {
      expect((await signIn(code).expect(400)).body.error).toMatchObject({ field: 'code' });
    }
  });

  it('names the operator of root, who does not expire', async () => {
    const { body } = await self(ADMIN_TOKEN).expect(200);
    expect(body).toEqual({ name: 'root', role: 'admin', environments: 'all' });
  });
});

describe('sign-in codes', () => {
  it('a code works for 15 minutes', () => {
    const time = { ms: 0 };
    const codes = new SignInCodes(() => time.ms);
    const [early, late] = [codes.issue(), codes.issue()];
    time.ms = 15 * 60_000 - 1;
    expect(codes.redeem(early)).toBe('accepted');
    time.ms = 15 * 60_000;
    expect(codes.redeem(late)).toBe('wrong');
  });

  it('the newest ten codes work', () => {
    const codes = new SignInCodes(() => 0);
    const issued = Array.from({ length: 11 }, () => codes.issue());
    expect(issued.map((code) => codes.redeem(code)).filter((each) => each === 'accepted')).toHaveLength(10);
  });

  it('a right code is taken however many wrong ones came before it', () => {
    const codes = new SignInCodes(() => 0);
    const code = codes.issue();
    const results = Array.from({ length: 20 }, (_, i) => codes.redeem(`wrong ${i}`));
    expect(results.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 'wrong'));
    expect(results.slice(10)).toEqual(Array.from({ length: 10 }, () => 'limited'));
    expect(codes.redeem(code)).toBe('accepted');
  });
});
