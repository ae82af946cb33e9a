/** History, changes that are shown, rollbacks, promotions and deletions, over HTTP. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/ruleset/model.js';
import type { TestEnvironment } from '../support/app.js';
import { deletion, flag } from '../support/configs.js';
import { sharedApp } from '../support/shared.js';

interface Shown {
  readonly version: string;
  readonly previous: string;
  readonly author: string;
  readonly message?: string;
  readonly source: string;
  readonly configs: { key: string; kind: string; lines: string[]; before?: Config; after?: Config }[];
}

const app = sharedApp();
let environment: TestEnvironment;
beforeEach(async () => {
  environment = await app.environment();
});

const path = (rest: string, id = environment.id) => `/environments/${id}/${rest}`;
const history = async (query = ''): Promise<Shown[]> =>
  (await app.admin('get', path(`history${query}`)).expect(200)).body.changes as Shown[];
const post = (rest: string, body: object) => app.admin('post', path(rest)).send(body);

async function configs(id = environment.id): Promise<Map<string, Config>> {
  const { body } = await app.admin('get', path('configs', id)).expect(200);
  return new Map((body.configs as Config[]).map((config) => [config.key!, config]));
}
const valueOf = (config: Config | undefined) => config?.rows?.[0]?.values?.[0]?.value?.bool;

const segment: Config = {
  key: 'beta',
  configType: 'SEGMENT',
  valueType: 'BOOL',
  rows: [{ values: [{ value: { bool: true } }] }],
};
const ruled: Config = {
  key: 'ruled',
  configType: 'FEATURE_FLAG',
  valueType: 'BOOL',
  rows: [
    {
      values: [
        { criteria: [{ operator: 'IN_SEG', valueToMatch: { string: 'beta' } }], value: { bool: true } },
        { value: { bool: false } },
      ],
    },
  ],
};

describe('the history of an environment', () => {
  it('a history says who changed what and why, newest first, with each change in words', async () => {
    const first = await environment.commit(flag('a', true));
    await environment
      .change({ configs: [flag('a', false), flag('b', true)] }, { 'Holdfast-Message': 'f%C3%BCr%20Ann' })
      .expect(200);
    const [newest, before, created] = await history();
    expect(newest).toMatchObject({
      previous: first.version,
      author: 'root',
      message: 'für Ann',
      source: 'http',
    });
    expect(newest!.configs.map(({ key, kind }) => [key, kind])).toEqual([
      ['a', 'changed'],
      ['b', 'added'],
    ]);
    expect(newest!.configs[0]!.lines.join('\n')).toContain('false');
    expect(valueOf(newest!.configs[0]!.before)).toBe(true);
    expect(valueOf(newest!.configs[0]!.after)).toBe(false);
    expect(before).toMatchObject({ version: first.version, source: 'http' });
    expect(created).toMatchObject({ source: 'settings', configs: [] });
    const one = await app.admin('get', path(`history/${first.version}`)).expect(200);
    expect(one.body).toEqual(before);
    await app.admin('get', path('history/5')).expect(404);
  });

  it('a history is read by key, author and page, and refuses what is none', async () => {
    for (let i = 0; i < 5; i++) await environment.commit(flag(`k${i % 2}`, i % 4 < 2));
    expect(await history('?key=k1')).toHaveLength(2);
    expect(await history('?author=nobody')).toEqual([]);
    const first = await app.admin('get', path('history?limit=4')).expect(200);
    const { changes, next } = first.body as { changes: Shown[]; next: string };
    const rest = await history(`?before=${next}`);
    expect([...changes, ...rest].map(({ version }) => version)).toEqual(
      (await history()).map(({ version }) => version),
    );
    await app.admin('get', path('history?before=x')).expect(400);
    await app.admin('get', path('history', '99999')).expect(404);
  });

  it('a message that is too long or not percent-encoded is refused by its name', async () => {
    for (const message of ['x'.repeat(501), '%E0%A4%A']) {
      const answer = await environment.change(
        { configs: [flag('a', true)] },
        { 'Holdfast-Message': message },
      );
      expect(answer.body).toMatchObject({ error: { code: 'field_invalid', field: 'Holdfast-Message' } });
    }
  });
});

describe('a dry run of a change', () => {
  it('a dry run answers with the differences, and commits nothing', async () => {
    const { version } = await environment.commit(flag('a', true));
    const dry = await post('changes?dryRun=true', {
      configs: [flag('a', false), flag('b', true), deletion('c')],
    }).expect(200);
    expect(dry.body).toMatchObject({ dryRun: true, version, absent: ['c'] });
    expect((dry.body as Shown).configs.map(({ key, kind }) => [key, kind])).toEqual([
      ['a', 'changed'],
      ['b', 'added'],
    ]);
    expect([...(await configs()).keys()]).toEqual(['a']);
    const same = await post('changes?dryRun=true', { configs: [flag('a', true)] }).expect(200);
    expect(same.body).toMatchObject({ unchanged: true, configs: [] });
    await post('changes?dryRun=true', { configs: [{ ...flag('a', true), configType: 'NONE' }] }).expect(400);
    await post('changes?dryRun=1', { configs: [flag('a', false)] }).expect(400);
  });
});

describe('a rollback', () => {
  it('a rollback takes the environment back to a version by new ids, and can itself be undone', async () => {
    const good = await environment.commit(flag('a', true), flag('b', true));
    await environment.commit(flag('a', false), flag('new', true));
    const bad = await environment.commit(deletion('b'));
    const dry = await post('rollback', { to: good.version, dryRun: true }).expect(200);
    expect((dry.body as Shown).configs.map(({ key, kind }) => [key, kind])).toEqual([
      ['a', 'changed'],
      ['b', 'added'],
      ['new', 'deleted'],
    ]);
    expect((await configs()).has('b')).toBe(false);
    const answer = await post('rollback', { to: good.version, message: 'incident 7' }).expect(200);
    const { version } = answer.body as { version: string };
    expect(BigInt(version)).toBeGreaterThan(BigInt(bad.version));
    const after = await configs();
    expect([...after.keys()].sort()).toEqual(['a', 'b']);
    expect(valueOf(after.get('a'))).toBe(true);
    expect((await history())[0]).toMatchObject({ source: 'rollback', message: 'incident 7', version });
    await post('rollback', { undo: version }).expect(200);
    expect([...(await configs()).keys()].sort()).toEqual(['a', 'new']);
    const again = await post('rollback', { to: version }).expect(200);
    const nothing = await post('rollback', { to: (again.body as { version: string }).version }).expect(200);
    expect(nothing.body).toMatchObject({ unchanged: true });
  });

  it('a rollback of some keys leaves the others', async () => {
    const good = await environment.commit(flag('a', true), flag('b', true));
    await environment.commit(flag('a', false), flag('b', false));
    await post('rollback', { to: good.version, keys: ['b'] }).expect(200);
    const after = await configs();
    expect([valueOf(after.get('a')), valueOf(after.get('b'))]).toEqual([false, true]);
  });

  it('an undo is refused when a later change changed the same config, and says which', async () => {
    await environment.commit(flag('a', true));
    const second = await environment.commit(flag('a', false), flag('b', true));
    await environment.commit(flag('a', true));
    const refused = await post('rollback', { undo: second.version }).expect(409);
    expect(refused.body).toMatchObject({ error: { code: 'rollback_conflict', field: 'undo' } });
    expect((refused.body as { error: { message: string } }).error.message).toContain('"a"');
  });

  it('a rollback is refused when it would remove a segment that a later rule uses', async () => {
    const { version } = await environment.commit(flag('a', true));
    const added = await environment.commit(segment);
    await environment.commit(ruled);
    const refused = await post('rollback', { undo: added.version });
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ error: { code: 'segment_missing' } });
    await post('rollback', { to: version }).expect(200);
    expect([...(await configs()).keys()]).toEqual(['a']);
  });

  it('a rollback to a version before the first change is refused, and deletes nothing', async () => {
    const first = await environment.commit(flag('a', true));
    const { body } = await post('rollback', { to: '2' }).expect(400);
    expect(body).toMatchObject({ error: { code: 'field_invalid', field: 'to' } });
    expect((await history())[0]?.version).toBe(first.version);
    await post('rollback', { to: first.version, keys: ['a'] }).expect(200);
  });

  it('a rollback is refused beyond the history, at another version, and without a target', async () => {
    const { version } = await environment.commit(flag('a', true));
    expect((await post('rollback', { undo: '17' })).body).toMatchObject({
      error: { code: 'history_missing' },
    });
    await post('rollback', { to: `${BigInt(version) + 5n}` }).expect(400);
    await post('rollback', {}).expect(400);
    await post('rollback', { to: version, undo: version }).expect(400);
    await environment.commit(flag('a', false));
    const stale = await app
      .admin('post', path('rollback'))
      .set('If-Match', `"${version}"`)
      .send({ to: version });
    expect(stale.status).toBe(412);
  });
});

describe('a promotion', () => {
  it('a promotion brings configs with the segments that they need, and rows become those of the target', async () => {
    const other = await app.environment();
    await environment.commit(segment, {
      ...ruled,
      rows: [{ ...ruled.rows![0], projectEnvId: environment.id }],
    });
    await other.commit(flag('own', true));
    const promote = (body: object) =>
      app.admin('post', path('promote', other.id)).send({ from: environment.id, ...body });
    const dry = await promote({ keys: ['ruled'], dryRun: true }).expect(200);
    expect((dry.body as Shown).configs.map(({ key }) => key)).toEqual(['beta', 'ruled']);
    await promote({ keys: ['ruled'] }).expect(200);
    const after = await configs(other.id);
    expect([...after.keys()].sort()).toEqual(['beta', 'own', 'ruled']);
    expect(after.get('ruled')?.rows?.[0]?.projectEnvId).toBe(other.id);
    expect((await promote({}).expect(200)).body).toMatchObject({ unchanged: true });
    expect((await configs(other.id)).has('own')).toBe(true);
    await promote({ deletions: true }).expect(200);
    expect((await configs(other.id)).has('own')).toBe(false);
    await promote({ keys: ['unknown'] }).expect(400);
    await app.admin('post', path('promote')).send({ from: environment.id }).expect(400);
    await app.admin('post', path('promote')).send({ from: '99999' }).expect(404);
  });

  it('a promotion takes the environment that it is from by number or name, and says which names do not exist', async () => {
    const other = await app.environment();
    await environment.commit(flag('a', true));
    const promote = (from: unknown) =>
      app.admin('post', path('promote', other.id)).send({ from, dryRun: true });
    for (const from of [`environment ${environment.id}`, environment.id, Number(environment.id)]) {
      const { body } = await promote(from).expect(200);
      expect((body as Shown).configs.map(({ key }) => key)).toEqual(['a']);
    }
    expect((await promote('nowhere').expect(404)).body.error.message).toContain('named nowhere');
    for (const from of ['', '0', 1.5, 2 ** 60, null, ['1'], 'x'.repeat(201)]) {
      const { body } = await promote(from).expect(400);
      expect([from, body.error.field]).toEqual([from, 'from']);
    }
  });

  it('a promotion from an environment that the operator does not reach is refused by number and name', async () => {
    const other = await app.environment();
    const settings = { name: 'promoter', role: 'editor', environments: [other.id] };
    const { body } = await app.admin('post', '/operators').send(settings).expect(201);
    for (const from of [environment.id, `environment ${environment.id}`]) {
      await app.http
        .post(`/admin/v1${path('promote', other.id)}`)
        .auth((body as { token: string }).token, { type: 'bearer' })
        .send({ from })
        .expect(403);
    }
  });

  it('a viewer of both environments may try a promotion, and is refused to carry it out', async () => {
    const other = await app.environment();
    await environment.commit(flag('a', true));
    const viewer = async (name: string, environments: string[]): Promise<string> => {
      const settings = { name, role: 'viewer', environments };
      return ((await app.admin('post', '/operators').send(settings).expect(201)).body as { token: string })
        .token;
    };
    const promote = (token: string, body: object) =>
      app.http
        .post(`/admin/v1${path('promote', other.id)}`)
        .auth(token, { type: 'bearer' })
        .send({ from: environment.id, ...body });
    const token = await viewer('viewer-of-both', [environment.id, other.id]);
    const dry = await promote(token, { dryRun: true }).expect(200);
    expect(dry.body).toMatchObject({ dryRun: true, configs: [{ key: 'a', kind: 'added' }] });
    for (const body of [{}, { dryRun: false }, { dryRun: 'true' }]) {
      const refused = await promote(token, body).expect(403);
      expect(refused.body.error).toMatchObject({ code: 'forbidden', needed: 'editor', role: 'viewer' });
    }
    expect(await configs(other.id)).toEqual(new Map());
    await promote(await viewer('viewer-of-one', [other.id]), { dryRun: true }).expect(403);
  });
});

describe('the deletion of an environment', () => {
  it('a deletion needs a confirmation, ends keys and streams, and the number goes on above its version', async () => {
    const { version } = await environment.commit(flag('a', true));
    const { id } = environment;
    await app.admin('delete', `/environments/${id}`).send({ confirm: 'no' }).expect(400);
    const deleted = await app.admin('delete', `/environments/${id}`).send({ confirm: id }).expect(200);
    const last = BigInt((deleted.body as { version: string }).version);
    expect(last).toBeGreaterThan(BigInt(version));
    expect((deleted.body as { revokedKeys: number }).revokedKeys).toBeGreaterThan(0);
    await app.admin('get', `/environments/${id}`).expect(404);
    await app.admin('get', path('history')).expect(404);
    expect((await environment.change({ configs: [flag('a', true)] })).status).toBe(404);
    const again = await app.admin('delete', `/environments/${id}`).send({ confirm: id }).expect(200);
    expect(again.body).toMatchObject({ version: `${last}`, revokedKeys: 0 });
    const created = await app
      .admin('put', `/environments/${id}`)
      .send({ projectId: '3', name: `again ${id}` })
      .expect(201);
    expect(BigInt((created.body as { version: string }).version)).toBeGreaterThan(last);
    await environment.change({ configs: [flag('b', true)] }).expect(200);
    expect([...(await configs()).keys()]).toEqual(['b']);
  });
});
