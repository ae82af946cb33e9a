/**
 * Rollbacks, promotions and file changes of a large environment, on both stores: no request keeps
 * the event loop for long.
 */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { flag } from '../support/configs.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { measureTurns } from '../support/turns.js';

const CONFIGS = 20_000;
/** The number of configs of one change: below 1 MiB. */
const BATCH = 2_500;
/** Milliseconds of one turn. */
const LONGEST = 50;

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

describe.each(['file', 'redis'])('an environment of 20,000 configs in the %s store', (kind) => {
  let app: TestApp;
  let source: TestEnvironment;
  let target: TestEnvironment;
  /** Two versions of the source with all configs on, and off, and the one whose values it has. */
  let first: string;
  let second: string;
  let at: string;

  /** Not by supertest, which would parse the body within a turn of this process. */
  const ask = (method: string, path: string, body?: Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
      const asked = httpRequest(`${app.url}/admin/v1${path}`, { method, headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts) }));
      });
      asked.on('error', reject);
      asked.end(body);
    });

  const post = (environment: TestEnvironment, route: string, body: object): Promise<Answer> =>
    ask('POST', `/environments/${environment.id}/${route}`, Buffer.from(JSON.stringify(body)));

  /** The configs of a change as bytes, made outside of what is measured. */
  const batch = (from: number, value: boolean): Buffer => {
    const keys = Array.from({ length: BATCH }, (_, index) => `flag.number.${from + index}`);
    return Buffer.from(JSON.stringify({ configs: keys.map((key) => flag(key, value)) }));
  };

  const commitAll = async (value: boolean): Promise<string> => {
    let version = '';
    for (let from = 0; from < CONFIGS; from += BATCH) {
      const { status, body } = await ask('POST', `/environments/${source.id}/changes`, batch(from, value));
      expect(status).toBe(200);
      ({ version } = JSON.parse(body.toString()) as { version: string });
    }
    return version;
  };

  /**
   * The least of the longest turns of three tries: work that is too long is so each time, and a
   * collection of garbage is not.
   */
  const longestTurnOf = async (
    work: () => Promise<Answer>,
    prepare?: () => Promise<unknown>,
  ): Promise<number> => {
    const turns: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      await prepare?.();
      const { result, longestTurn } = await measureTurns(work);
      expect([result.status, result.body.subarray(0, 200).toString()]).toEqual([200, expect.any(String)]);
      expect(result.body.includes('"unchanged"')).toBe(false);
      turns.push(longestTurn);
    }
    return Math.min(...turns);
  };

  /** Takes all configs of the source to their other values. */
  const flip = (): Promise<Answer> => {
    at = at === first ? second : first;
    return post(source, 'rollback', { to: at });
  };

  beforeAll(async () => {
    const shared = { HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN, HOLDFAST_SECRET: 's'.repeat(32) };
    app = await startApp(kind === 'redis' ? { env: { ...shared, HOLDFAST_STORE: redis.url } } : {});
    source = await app.environment();
    target = await app.environment();
    first = await commitAll(true);
    second = at = await commitAll(false);
  }, 120_000);
  afterAll(() => app.close());

  it('a rollback of 20,000 configs is shown within short turns', async () => {
    const longest = await longestTurnOf(() => post(source, 'rollback', { to: first, dryRun: true }));
    expect(longest).toBeLessThan(LONGEST);
  });

  it('a rollback of 20,000 configs is made within short turns', async () => {
    expect(await longestTurnOf(flip)).toBeLessThan(LONGEST);
  });

  it('the history of a rollback of 20,000 configs is listed within short turns', async () => {
    const longest = await longestTurnOf(() => ask('GET', `/environments/${source.id}/history?limit=100`));
    expect(longest).toBeLessThan(LONGEST);
  });

  it('a promotion of 20,000 configs is shown within short turns', async () => {
    const body = { from: source.id, dryRun: true };
    expect(await longestTurnOf(() => post(target, 'promote', body))).toBeLessThan(LONGEST);
  });

  it('a promotion of 20,000 configs is made within short turns, and a second finds nothing to do', async () => {
    const promote = (): Promise<Answer> => post(target, 'promote', { from: source.id });
    expect(await longestTurnOf(promote, flip)).toBeLessThan(LONGEST);
    const again = await post(target, 'promote', { from: source.id, deletions: true });
    expect(JSON.parse(again.body.toString())).toMatchObject({ unchanged: true });
  });

  it('a change of 2,500 configs, as apply sends them, is shown and made within short turns', async () => {
    const path = `/environments/${source.id}/changes`;
    const bodies = [batch(0, true), batch(0, false)];
    const shown = (): Promise<Answer> => ask('POST', `${path}?dryRun=true`, bodies[1]);
    await ask('POST', path, bodies[0]);
    expect(await longestTurnOf(shown)).toBeLessThan(LONGEST);
    const made = (): Promise<Answer> => ask('POST', path, bodies.reverse()[0]);
    expect(await longestTurnOf(made)).toBeLessThan(LONGEST);
  });

  it('the configs that plan and apply read are listed within short turns', async () => {
    const path = `/environments/${source.id}/configs`;
    expect(await longestTurnOf(() => ask('GET', path))).toBeLessThan(LONGEST);
  });
});
