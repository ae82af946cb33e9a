/** Large environments: no request keeps the event loop for long, and answers are whole. */
import { get, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Configs } from '../../src/ruleset/model.js';
import { ADMIN_TOKEN, basic, sign, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { segment } from '../ruleset/arbitrary.js';
import { deletion, flag } from '../support/configs.js';
import { measureTurns } from '../support/turns.js';

const CONFIGS = 20_000;
/** The number of configs of one change: below 1 MiB. */
const BATCH = 2_500;
/** Milliseconds of one turn. */
const LONGEST = 50;

let app: TestApp;
let environment: TestEnvironment;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  for (let from = 0; from < CONFIGS; from += BATCH) {
    const keys = Array.from({ length: BATCH }, (_, index) => `flag.number.${from + index}`);
    await environment.commit(...keys.map((key) => flag(key, true)));
  }
  await environment.commit(deletion('flag.number.7'));
}, 120_000);

afterAll(() => app.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Not by supertest, which would parse the body within a turn of this process. */
function request(path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(app.url + path, { headers, method }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      answer.on('end', () => {
        const { statusCode: status = 0, headers: got } = answer;
        resolve({ status, headers: got, body: Buffer.concat(parts) });
      });
    }).on('error', reject);
  });
}

const byKey = () => ({ authorization: basic(environment.key) });
const byAdmin = () => ({ authorization: `Bearer ${ADMIN_TOKEN}` });
const SNAPSHOT = '/api/v1/configs/0';
const FLAGS = '/ofrep/v1/evaluate/flags';
const VALUES = `/api/v2/configs/eval-with-context/${encodeURIComponent(Buffer.from('{"contexts":[]}').toString('base64'))}`;
const JSON_FORM = `${SNAPSHOT}?format=json`;

describe('a large environment', () => {
  it.each<[string, () => Promise<Answer[]>]>([
    ['a snapshot', () => Promise.all([request(SNAPSHOT, byKey())])],
    ['a snapshot as JSON', () => Promise.all([request(JSON_FORM, byKey())])],
    [
      'a subscription through a proxy',
      async () => [await request('/api/v1/sse/config', { ...byKey(), 'grip-sig': await sign() })],
    ],
    [
      'all flags for OpenFeature, twice',
      async () => [await request(FLAGS, byKey(), 'POST'), await request(FLAGS, byKey(), 'POST')],
    ],
    [
      'all values for a browser, twice',
      async () => [await request(VALUES, byKey()), await request(VALUES, byKey())],
    ],
    [
      'the list of administration',
      () => Promise.all([request(`/admin/v1/environments/${environment.id}/configs`, byAdmin())]),
    ],
    [
      'eight requests at the same time',
      () =>
        Promise.all(
          [SNAPSHOT, JSON_FORM, SNAPSHOT, JSON_FORM, SNAPSHOT, JSON_FORM, SNAPSHOT, JSON_FORM].map((path) =>
            request(path, byKey()),
          ),
        ),
    ],
  ])('answers %s within short turns', async (_, ask) => {
    const { result, longestTurn } = await measureTurns(ask);
    expect(result.map(({ status }) => status)).toEqual(result.map(() => 200));
    expect(longestTurn).toBeLessThan(LONGEST);
  });

  it('a large environment has the same configs as protobuf, as JSON and, without tombstones, in the list', async () => {
    const [json, list, protobuf] = await Promise.all([
      request(JSON_FORM, byKey()),
      request(`/admin/v1/environments/${environment.id}/configs`, byAdmin()),
      request(SNAPSHOT, byKey()),
    ]);
    const all = (JSON.parse(json.body.toString()) as Configs).configs!;
    const live = (JSON.parse(list.body.toString()) as Configs).configs!;
    expect([all.length, live.length]).toEqual([CONFIGS, CONFIGS - 1]);
    expect(live).toEqual(all.slice(0, -1));
    expect(protobuf.headers['content-length']).toBe(`${protobuf.body.length}`);
  });

  it('answers HEAD with the length of the snapshot and without a body', async () => {
    const [head, whole] = await Promise.all([request(SNAPSHOT, byKey(), 'HEAD'), request(SNAPSHOT, byKey())]);
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(`${whole.body.length}`);
    expect(head.headers.etag).toBe(whole.headers.etag);
  });

  it('a large environment sends one version although another is committed while it is sent', async () => {
    const [answer] = await Promise.all([
      request(JSON_FORM, byKey()),
      environment.commit(flag('added.late', true)),
    ]);
    const { configs = [] } = JSON.parse(answer.body.toString()) as Configs;
    expect(answer.headers.etag).toBe(`"${environment.id}-${configs.at(-1)!.id!}-json"`);
  });

  it('a large environment stops building an answer whose client has left', async () => {
    await new Promise<void>((resolve, reject) => {
      const asked = get(app.url + SNAPSHOT, { headers: byKey() }, (answer) => {
        answer.once('data', () => asked.destroy());
        answer.once('close', resolve).on('error', () => undefined);
      });
      asked.on('error', reject);
    });
    expect((await request('/livez', {})).status).toBe(200);
  });
});

describe('a segment with 6,000 users', () => {
  const USERS = 6_000;
  let many: TestEnvironment;
  beforeAll(async () => {
    many = await app.environment();
    await many.commit(segment('s'));
    for (let from = 0; from < USERS; from += 2_000) {
      await many.commit(...Array.from({ length: 2_000 }, (_, index) => segment(`u${from + index}`, 's')));
    }
  }, 60_000);

  it.each([
    ['changed', 200, [segment('s')]],
    ['refused to be deleted', 400, [deletion('s')]],
    [
      'deleted with them',
      200,
      [deletion('s'), ...Array.from({ length: USERS }, (_, i) => deletion(`u${i}`))],
    ],
  ])('a segment with 6,000 users is %s within short turns', async (_, status, configs) => {
    const { result, longestTurn } = await measureTurns(() => many.change({ configs }));
    expect(result.status).toBe(status);
    expect(longestTurn).toBeLessThan(LONGEST);
  });
});
