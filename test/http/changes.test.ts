/** Commits: what is answered, and how a caller makes sure of what it meant. */
import { gzipSync } from 'node:zlib';
import type { Response } from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { concat, encodeConfig } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import type { Headers, TestEnvironment } from '../support/app.js';
import { deletion, flag, text } from '../support/configs.js';
import { sharedApp } from '../support/shared.js';

const app = sharedApp();
let environment: TestEnvironment;

beforeEach(async () => {
  environment = await app.environment();
});

const post = (headers: Headers, ...configs: Config[]) => environment.change({ configs }, headers);

async function state(): Promise<{ version: string; configs: Config[] }> {
  const answer = await app.admin('get', `/environments/${environment.id}/configs`).expect(200);
  return { version: answer.get('ETag')!.replaceAll('"', ''), configs: answer.body.configs as Config[] };
}

const keys = ({ configs }: { configs: Config[] }) => configs.map(({ key }) => key).sort();

describe('a change', () => {
  it('a change is answered with the version before and after it, and the id of each config in its order', async () => {
    const first = await post({}, flag('b', true), flag('a', true)).expect(200);
    const { version } = first.body as { version: string };
    expect(first.body).toEqual({
      previous: '0',
      version,
      configs: [
        { key: 'b', id: `${BigInt(version) - 1n}` },
        { key: 'a', id: version },
      ],
    });
    expect(first.get('ETag')).toBe(`"${version}"`);
    expect(first.get('Cache-Control')).toBe('no-store');
    const second = await post({}, deletion('a')).expect(200);
    expect(second.body.previous).toBe(version);
  });

  it('a change that deletes a config that never existed names it, and moves no version', async () => {
    const { version } = await environment.commit(flag('a', true));
    const answer = await post({}, deletion('typo')).expect(200);
    expect(answer.body).toEqual({
      previous: version,
      version,
      configs: [],
      absent: ['typo'],
      unchanged: true,
    });
    const mixed = await post({}, deletion('typo'), deletion('a')).expect(200);
    expect(mixed.body).toMatchObject({ previous: version, configs: [{ key: 'a' }], absent: ['typo'] });
  });

  it('a change that deletes a deleted config is answered with the id of its deletion', async () => {
    await environment.commit(flag('gone', true));
    const first = await post({}, deletion('gone')).expect(200);
    const { version, configs } = first.body as { version: string; configs: unknown };
    const again = await post({}, deletion('gone')).expect(200);
    expect(again.body).toEqual({ previous: version, version, configs, unchanged: true });
  });

  it('a change has ids that say when it was made: microseconds since 1970', async () => {
    const earliest = BigInt(Date.now()) * 1000n;
    const { version } = await environment.commit(flag('a', true));
    const latest = BigInt(Date.now() + 1) * 1000n;
    expect(BigInt(version)).toBeGreaterThanOrEqual(earliest);
    expect(BigInt(version)).toBeLessThanOrEqual(latest);
  });

  it('a change is read as JSON whatever the content type says, unless it says protobuf', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'text/plain']) {
      await environment.change({ configs: [flag('a', true)] }, { 'content-type': type }).expect(200);
    }
  });

  it('a change may be protobuf', async () => {
    const configs = [flag('a', true), text('b', 'é')];
    const body = concat(configs.map(encodeConfig), new Uint8Array());
    for (const type of ['application/x-protobuf', 'application/protobuf', 'APPLICATION/X-PROTOBUF; v=1']) {
      const answer = await environment.change(Buffer.from(body), { 'content-type': type }).expect(200);
      expect(answer.body.configs).toMatchObject([{ key: 'a' }, { key: 'b' }]);
    }
    expect((await state()).configs).toMatchObject(configs);
  });

  it('a change may be compressed', async () => {
    const body = gzipSync(JSON.stringify({ configs: [flag('a', true)] }));
    const answer = await environment.change(body, { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(200);
  });

  it('a change keeps ids of the source, above 2^53 too', async () => {
    const id = '17018962363976479';
    const answer = await post({}, { ...flag('a', true), id }).expect(200);
    expect(answer.body).toEqual({ previous: '0', version: id, configs: [{ key: 'a', id }] });
    expect((await state()).configs).toMatchObject([{ key: 'a', id }]);
  });

  it('a change that was sent with its ids before is done already, and changes nothing', async () => {
    const config = { ...flag('a', true), id: '17018962363976479' };
    await post({}, config).expect(200);
    const again = await post({}, config).expect(200);
    expect(again.body).toEqual({
      previous: config.id,
      version: config.id,
      configs: [{ key: 'a', id: config.id }],
      unchanged: true,
    });
  });

  it('a change does not touch the configs that it does not name', async () => {
    await post({}, flag('a', true), flag('b', true)).expect(200);
    const before = await state();
    await post({}, flag('c', true)).expect(200);
    expect((await state()).configs.slice(0, 2)).toEqual(before.configs);
  });

  it('a change of an environment that does not exist is refused', async () => {
    const answer = await app
      .admin('post', '/environments/424242/changes')
      .send({ configs: [flag('a', true)] })
      .expect(404);
    expect(answer.body.error.code).toBe('environment_unknown');
  });
});

describe('If-Match', () => {
  it('lets a change in when it names the current version', async () => {
    const { version } = await environment.commit(flag('a', true));
    await post({ 'If-Match': `"${version}"` }, flag('b', true)).expect(200);
  });

  it('names the same version when it is weak, as compression on the way makes it', async () => {
    const { version } = await environment.commit(flag('a', true));
    const { body } = await post({ 'If-Match': `W/"${version}"` }, flag('b', true)).expect(200);
    await post({ 'If-Match': `W/"${version}"` }, flag('b', false)).expect(412);
    expect(body.previous).toBe(version);
  });

  it('lets a change in with "0" when there is nothing yet', async () => {
    await post({ 'If-Match': '"0"' }, flag('a', true)).expect(200);
  });

  it('lets any change in when it is *', async () => {
    await environment.commit(flag('a', true));
    await post({ 'If-Match': '*' }, flag('b', true)).expect(200);
  });

  it('refuses a change at another version with 412, names the current one, and commits nothing', async () => {
    const first = await environment.commit(flag('a', true));
    const { version } = await environment.commit(flag('b', true));
    for (const other of [first.version, `${BigInt(version) + 1n}`, '0']) {
      const answer = await post({ 'If-Match': `"${other}"` }, flag('c', true)).expect(412);
      expect(answer.body.error).toMatchObject({ code: 'version_mismatch', field: 'If-Match', version });
    }
    expect(await state()).toMatchObject({ version, configs: [{ key: 'a' }, { key: 'b' }] });
  });

  it('refuses what is no version with 400, and commits nothing', async () => {
    for (const text of ['abc', '"abc"', '"-1"', '""', '"1", "2"', 'w/"1"', '"9223372036854775808"']) {
      const answer = await post({ 'If-Match': text }, flag('a', true)).expect(400);
      expect(answer.body.error).toMatchObject({ code: 'field_invalid', field: 'If-Match' });
    }
    expect((await state()).version).toBe('0');
  });

  it('lets exactly one of several writers in that read the same version', async () => {
    const { version } = await environment.commit(flag('a', true));
    const writers = ['b', 'c', 'd', 'e'].map((key) => post({ 'If-Match': `"${version}"` }, flag(key, true)));
    const answers = await Promise.all(writers);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    expect((await state()).configs).toHaveLength(2);
  });
});

describe('Idempotency-Key', () => {
  it('makes a repeat get the same answer, and commits once', async () => {
    const first = await post({ 'Idempotency-Key': 'k1' }, flag('a', true)).expect(200);
    await post({}, flag('b', true)).expect(200);
    const before = await state();
    const commits = await app.metric('holdfast_commits_total');
    const again = await post({ 'Idempotency-Key': 'k1' }, flag('a', true)).expect(200);
    expect(again.body).toEqual(first.body);
    expect(again.get('ETag')).toBe(first.get('ETag'));
    expect(await state()).toEqual(before);
    expect(await app.metric('holdfast_commits_total')).toBe(commits);
  });

  it('commits once when the repeats come at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post({ 'Idempotency-Key': 'k1' }, flag('a', true))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((answers[0] as Response).body.previous).toBe('0');
  });

  it('used for another change is refused with 422, and nothing is committed', async () => {
    await post({ 'Idempotency-Key': 'k1' }, flag('a', true)).expect(200);
    const before = await state();
    for (const other of [flag('a', false), flag('b', true)]) {
      const answer = await post({ 'Idempotency-Key': 'k1' }, other).expect(422);
      expect(answer.body.error).toMatchObject({ code: 'idempotency_mismatch', field: 'Idempotency-Key' });
    }
    expect(await state()).toEqual(before);
  });

  it('belongs to its environment', async () => {
    await post({ 'Idempotency-Key': 'k1' }, flag('a', true)).expect(200);
    const other = await app.environment();
    const answer = await other
      .change({ configs: [flag('b', true)] }, { 'idempotency-key': 'k1' })
      .expect(200);
    expect(answer.body.previous).toBe('0');
  });

  it('Idempotency-Key of a change that was refused can be used again', async () => {
    await post({ 'Idempotency-Key': 'k1' }, flag('', true)).expect(400);
    await post({ 'Idempotency-Key': 'k1' }, flag('a', true)).expect(200);
  });

  it('saves a repeat from an If-Match that was right then', async () => {
    const headers = { 'Idempotency-Key': 'k1', 'If-Match': '"0"' };
    const first = await post(headers, flag('a', true)).expect(200);
    expect((await post(headers, flag('a', true)).expect(200)).body).toEqual(first.body);
  });

  it('Idempotency-Key must have 1 to 255 characters and come once', async () => {
    for (const value of ['x'.repeat(256), ['a', 'b']]) {
      const answer = await post({ 'Idempotency-Key': value }, flag('a', true)).expect(400);
      expect(answer.body.error).toMatchObject({ code: 'field_invalid', field: 'Idempotency-Key' });
    }
    await environment
      .change({ configs: [flag('a', true)] })
      .set('Idempotency-Key', '')
      .expect(400);
    await post({ 'Idempotency-Key': 'x'.repeat(255) }, flag('a', true)).expect(200);
  });
});

describe('changes at the same time', () => {
  it('changes at the same time of one environment all land, one after the other', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `flag.${index}`);
    const answers = await Promise.all(names.map((name) => post({}, flag(name, true)).expect(200)));
    expect(keys(await state())).toEqual([...names].sort());
    const bodies = answers.map(({ body }) => body as { previous: string; version: string });
    bodies.sort((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1));
    expect(bodies.map(({ previous }) => previous)).toEqual([
      '0',
      ...bodies.slice(0, -1).map(({ version }) => version),
    ]);
  });

  it('changes at the same time of one config leave the one with the highest id', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => post({}, text('a', `${index}`)).expect(200)),
    );
    const versions = answers.map(({ body }) => BigInt(body.version as string));
    const newest = versions.indexOf([...versions].sort((a, b) => (a < b ? 1 : -1))[0]!);
    expect((await state()).configs).toMatchObject([
      { id: `${versions[newest]!}`, rows: [{ values: [{ value: { string: `${newest}` } }] }] },
    ]);
  });
});
