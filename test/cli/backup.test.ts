/** What show writes, restore and import read: on the real app and a real store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExamples } from '../../src/app/first-run.js';
import type { Config, Configs } from '../../src/ruleset/model.js';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { run, type Result } from './run.js';

let source: TestApp;
let target: TestApp;

beforeEach(async () => {
  [source, target] = await Promise.all([startApp(), startApp()]);
});

afterEach(async () => {
  await Promise.all([source.close(), target.close()]);
});

async function holdfast(app: TestApp, argv: readonly string[], stdin?: string): Promise<Result> {
  const env = { HOLDFAST_URL: app.url, HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN };
  return run(argv, { env, now: Date.now(), ...(stdin === undefined ? {} : { stdin }) });
}

/** An environment with the examples, changed, and a default context. */
async function filledSource(): Promise<string> {
  await createExamples(source.store, source.committer, Date.now());
  const defaultContext = { contexts: [{ type: 'team', values: { plan: { string: 'pro' } } }] };
  await source
    .admin('put', '/environments/1')
    .send({ projectId: '1', name: 'Development', defaultContext })
    .expect(200);
  await holdfast(source, ['set', 'flag.welcome-banner', 'on']);
  await holdfast(source, ['delete', 'checkout.limits']);
  await holdfast(source, ['set', 'only.here', 'a value', '--create']);
  const { code, out } = await holdfast(source, ['show', '--json']);
  expect(code).toBe(0);
  return out;
}

async function shown(app: TestApp, environment = '1'): Promise<Configs> {
  return JSON.parse((await holdfast(app, ['show', '--json', '--environment', environment])).out) as Configs;
}

function withoutIds({ configs = [] }: Configs): Config[] {
  return configs.map((config) => {
    const copy = { ...config };
    delete copy.id;
    delete copy.projectId;
    return copy;
  });
}

describe('show --json', () => {
  it('show --json is restored into an empty store as it was, with ids and the default context', async () => {
    const backup = await filledSource();
    const restored = await holdfast(target, ['restore', '-'], backup);
    expect(restored).toMatchObject({ code: 0 });
    expect(await shown(target)).toEqual(JSON.parse(backup));
  });

  it('show --json of more than one change is restored as it was, although a segment was edited after its users', async () => {
    const set = (...argv: string[]) => holdfast(source, ['set', ...argv]);
    await holdfast(source, ['environments', 'put', '1', '--name', 'x']);
    await holdfast(source, ['segment', 'create', 'beta', '--if', 'user.plan is pro']);
    await set('flag.a', 'false', '--create');
    await holdfast(source, ['rule', 'add', 'flag.a', '--if', 'in segment beta', '--then', 'true']);
    for (let i = 0; i < 30; i++)
      await set(`text.${i}`, `${i} `.repeat(13_000), '--create', '--type', 'string');
    await holdfast(source, ['rule', 'add', 'beta', '--if', 'user.plan is gold', '--then', 'true']);
    const { out: backup } = await holdfast(source, ['show', '--json']);
    const restored = await holdfast(target, ['restore', '-', '--message', 'disk 7 failed'], backup);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.out).toContain('Imported 32 configs');
    expect(await shown(target)).toEqual(JSON.parse(backup));
    expect((await holdfast(target, ['history'])).out).toContain('disk 7 failed');
    expect(await holdfast(target, ['restore', '-'], backup)).toMatchObject({ code: 0 });
    expect(await shown(target)).toEqual(JSON.parse(backup));
  });

  it('a datafile that cannot be restored leaves no environment', async () => {
    const configServicePointer = { projectId: '1', projectEnvId: '8' };
    const file = JSON.stringify({ configs: [{ key: '', id: '4' }], configServicePointer });
    expect(await holdfast(target, ['restore', '-'], file)).toMatchObject({ code: 1 });
    expect((await holdfast(target, ['environments', 'list'])).out).not.toContain('environment 8');
  });

  it('show --json is imported into an empty environment with new ids', async () => {
    const backup = await filledSource();
    await holdfast(target, ['environments', 'put', '1', '--project', '1', '--name', 'x']);
    expect(await holdfast(target, ['import', '-'], backup)).toMatchObject({ code: 0 });
    expect(withoutIds(await shown(target))).toEqual(withoutIds(JSON.parse(backup) as Configs));
  });

  it('show --json is imported into an environment of another number with --remap', async () => {
    const backup = await filledSource();
    await holdfast(target, ['environments', 'put', '7', '--project', '3', '--name', 'x']);
    const argv = ['import', '-', '--remap', '--environment', '7'];
    expect(await holdfast(target, argv, backup)).toMatchObject({ code: 0 });
    const moved = JSON.parse(backup.replaceAll('"projectEnvId": "1"', '"projectEnvId": "7"')) as Configs;
    expect(withoutIds(await shown(target, '7'))).toEqual(withoutIds(moved));
  });

  it('show KEY --json prints that config', async () => {
    await filledSource();
    const { out } = await holdfast(source, ['show', 'only.here', '--json']);
    expect(JSON.parse(out)).toMatchObject({ key: 'only.here', valueType: 'STRING' });
  });
});

describe('a restore into the environment of a first start', () => {
  it('a restore into the environment of a first start replaces the untouched examples', async () => {
    const backup = await filledSource();
    await createExamples(target.store, target.committer, Date.now());
    const restored = await holdfast(target, ['restore', '-'], backup);
    expect(restored.err).toContain('The environment had the examples of a first start alone');
    expect(restored).toMatchObject({ code: 0 });
    const after = await shown(target);
    expect(withoutIds(after)).toEqual(withoutIds(JSON.parse(backup) as Configs));
    expect(after.defaultContext).toEqual((JSON.parse(backup) as Configs).defaultContext);
  });

  it('a restore into the environment of a first start changes nothing when an example was changed', async () => {
    const backup = await filledSource();
    await createExamples(target.store, target.committer, Date.now());
    await holdfast(target, ['set', 'site.greeting', 'mine']);
    const before = await shown(target);
    const refused = await holdfast(target, ['restore', '-'], backup);
    expect(refused.code).toBe(1);
    expect(await shown(target)).toEqual(before);
  });
});
