/** `history`, `rollback`, `promote` and `diff` against a real server with the embedded store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startApp, type TestApp } from '../support/app.js';
import { flag } from '../support/configs.js';
import { run } from './run.js';

let app: TestApp;
let environment: string;

/** Runs a command against the app; its standard output, or its error. */
async function holdfast(...argv: string[]): Promise<string> {
  const env = { HOLDFAST_URL: app.url, HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN, HOLDFAST_ENVIRONMENT: environment };
  const { code, out, err } = await run(argv, { env });
  return code === 0 ? out : `${code}: ${err}`;
}

async function versionOf(): Promise<string> {
  const { version } = (await app.admin('get', `/environments/${environment}`)).body as { version: string };
  return version;
}

beforeEach(async () => {
  app = await startApp();
  const made = await app.environment();
  environment = made.id;
  await made.commit(flag('flag.a', false), flag('flag.b', false));
});

afterEach(() => app.close());

describe('history', () => {
  it('history lists changes with author, reason and what changed, the newest first', async () => {
    await holdfast('set', 'flag.a', 'true');
    const lines = (await holdfast('history')).split('\n');
    expect(lines[0]).toMatch(/^\d+ {2}\S+.* root$/);
    expect(lines[1]).toBe('flag.a is changed');
    expect(lines.slice(2).join('\n')).toContain('flag.b is added');
  });

  it('history of a config leaves out the changes of others', async () => {
    await holdfast('set', 'flag.a', 'true');
    const out = await holdfast('history', 'flag.b');
    expect(out).toContain('flag.b');
    expect(out).not.toContain('flag.a');
  });

  it('history shows a change in full by its version, and has pages', async () => {
    await holdfast('set', 'flag.a', 'true');
    const version = await versionOf();
    expect(await holdfast('history', '--change', version)).toContain('flag.a is changed');
    const page = await holdfast('history', '--limit', '1');
    const [, next = ''] = /--before (\S+)/.exec(page) ?? [];
    expect(await holdfast('history', '--before', next)).toContain('flag.b is added');
  });
});

describe('rollback', () => {
  it('rollback takes a change back as a new change, with its reason', async () => {
    await holdfast('set', 'flag.a', 'true');
    const wrong = await versionOf();
    const out = await holdfast('rollback', '--undo', wrong, '--message', 'it was too early');
    expect(out).toMatch(/flag\.a is changed\n(.*\n)+0 added, 1 changed, 0 deleted\. Version \d+\n$/);
    expect(await holdfast('show', 'flag.a')).toContain('false');
    expect(BigInt(await versionOf())).toBeGreaterThan(BigInt(wrong));
    expect(await holdfast('history', '--limit', '1')).toContain('root (rollback): it was too early');
  });

  it('rollback of one config to a version leaves others as they are', async () => {
    const before = await versionOf();
    await holdfast('set', 'flag.a', 'true');
    await holdfast('set', 'flag.b', 'true');
    await holdfast('rollback', '--to', before, 'flag.a');
    expect(await holdfast('show', 'flag.a')).toContain('false');
    expect(await holdfast('show', 'flag.b')).toContain('true');
  });

  it('rollback with --dry-run shows what would change and commits nothing', async () => {
    const before = await versionOf();
    await holdfast('set', 'flag.a', 'true');
    const present = await versionOf();
    expect(await holdfast('rollback', '--to', before, '--dry-run')).toContain('Nothing is committed.');
    expect(await versionOf()).toBe(present);
  });

  it('rollback says what it needs when it is told neither version', async () => {
    expect(await holdfast('rollback')).toContain('rollback needs --to VERSION or --undo VERSION');
    expect(await holdfast('rollback', 'flag.a', '--undo', '5')).toContain('give keys with --to');
  });
});

describe('promote and diff', () => {
  it('promote and diff: copies what is named to an environment, which then differs no longer', async () => {
    const target = await app.environment();
    const [from, to] = [environment, target.id];
    expect(await holdfast('diff', from, to)).toContain('flag.a is deleted');
    environment = to;
    expect(await holdfast('promote', '--from', from, 'flag.a')).toContain('flag.a is added');
    expect(await holdfast('diff', from, to)).toBe(
      (await holdfast('diff', from, to)).replace(/flag\.a.*\n/g, ''),
    );
    expect(await holdfast('promote', '--from', from)).toContain('flag.b is added');
    expect(await holdfast('diff', from, to)).toBe('They are the same.\n');
  });

  it('promote and diff: shows what a promotion would delete, and deletes when asked', async () => {
    const target = await app.environment();
    await target.commit(flag('flag.only', true));
    const from = environment;
    environment = target.id;
    expect(await holdfast('promote', '--from', from, '--deletions', '--dry-run')).toContain(
      'flag.only is deleted',
    );
    expect(await holdfast('show')).toContain('flag.only');
    await holdfast('promote', '--from', from, '--deletions');
    expect(await holdfast('show')).not.toContain('flag.only');
  });

  it('promote and diff: refuses to compare an environment with itself', async () => {
    expect(await holdfast('diff', environment, environment)).toContain('are the same environment');
  });
});
