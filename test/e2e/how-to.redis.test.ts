/**
 * The commands of the how-to pages, as they are written there, by the compiled command line on a
 * data directory and on Redis.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { read, root } from '../docs/markdown.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startRedis, type RedisServer } from '../support/redis.js';

/** Each command is a process of its own. */
vi.setConfig({ testTimeout: 120_000 });

const TOKEN = 'an-admin-token-of-the-how-to-pages';

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-how-to-'));
  mkdirSync(join(folder, 'bin'));
  const program = `exec ${process.execPath} ${join(root, 'dist/main.js')} "$@"`;
  writeFileSync(join(folder, 'bin/holdfast'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'bin/npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  copyFileSync(join(root, 'examples/gitops/flags.yaml'), join(folder, 'example.yaml'));
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The commands of a page, one a line, in their order. */
function commandsOf(page: string): string[] {
  const blocks = [...read(`docs/how-to/${page}.md`).matchAll(/^```sh\n(.*?)^```/gms)];
  return blocks.flatMap(([, block = '']) =>
    block
      .replace(/\\\n\s*/g, ' ')
      .trim()
      .split('\n'),
  );
}

describe.each(['a data directory', 'Redis'])('the how-to pages on %s', (name) => {
  let node: HoldfastNode;

  beforeAll(async () => {
    node = await startNode({
      env: {
        HOLDFAST_STORE: name === 'Redis' ? redis.url : `file:${join(folder, 'data')}`,
        HOLDFAST_ADMIN_TOKEN: TOKEN,
        HOLDFAST_SECRET: 'a-secret-of-the-how-to-pages-which-is-long',
        HOLDFAST_EXAMPLES: 'off',
      },
    });
    await succeed('holdfast environments put 1 --name staging');
    await succeed('holdfast environments put 2 --name production');
  });

  afterAll(() => node.stop());

  function paste(command: string): Promise<{ code: number; out: string; err: string }> {
    const env = {
      PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`,
      HOLDFAST_URL: node.url,
      HOLDFAST_ADMIN_TOKEN: TOKEN,
    };
    return new Promise((resolve) => {
      execFile('bash', ['-c', command], { env, cwd: folder }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      });
    });
  }

  async function succeed(command: string): Promise<string> {
    const { code, out, err } = await paste(command);
    expect({ command, code, err }).toEqual({ command, code: 0, err: expect.any(String) as string });
    return out;
  }

  async function succeedAll(page: string): Promise<string[]> {
    const outputs: string[] = [];
    for (const command of commandsOf(page)) outputs.push(await succeed(command));
    return outputs;
  }

  it('the page about rolling out leads from off to everyone, step by step', async () => {
    const outputs = await succeedAll('roll-out');
    expect(outputs.join('')).toContain(
      [
        '1  when user.email ends with @acme.com then true',
        '2  when in segment segment.beta then 50 % true, 50 % false by user.key',
        '   otherwise 50 % true, 50 % false by user.key',
      ].join('\n'),
    );
    expect(await succeed('holdfast show flag.search')).toContain('otherwise false');
    const inline = "holdfast rule add segment.beta --if 'user.key is one of [7, 9]' --then true";
    expect(read('docs/how-to/roll-out.md')).toContain(inline);
    await succeed(inline);
    for (const more of ['rule move flag.search 2 1', 'rule remove flag.search 2', 'set flag.search 5%'])
      await succeed(`holdfast ${more}`);
  });

  it('the page about promoting compares two environments and copies what differs', async () => {
    const [compared, dry, promoted] = await succeedAll('promote');
    expect(compared).toContain('flag.search is deleted');
    expect(dry).toContain('segment.beta is added');
    expect(promoted).toContain('flag.search is added');
    expect(await succeed('holdfast show flag.search --environment production')).toContain('5 % true');
  });

  it('the page about rolling back takes changes back by the versions that the history shows', async () => {
    const versions = async (key = '') =>
      [...(await succeed(`holdfast history ${key}`)).matchAll(/^\d+/gm)].map(([version]) => version);
    const [all, ofKey, undo, dry, to] = commandsOf('roll-back');
    await succeed(all!);
    await succeed(ofKey!);
    expect(await succeed(undo!.replace('VERSION', (await versions())[0]!))).toContain(
      'flag.search is changed',
    );
    const target = (await versions())[3]!;
    const before = await versions();
    await succeed(dry!.replace('VERSION', target));
    expect(await versions()).toEqual(before);
    await succeed(to!.replace('VERSION', target));
    await succeed(`holdfast rollback --to ${(await versions())[0]!} flag.search`);
    expect(await paste(to!.replace('VERSION', '2'))).toMatchObject({ code: 1 });
  });

  it('the page about flags as code exports, plans and applies a file', async () => {
    const [exported, schema, plan, planAgain, apply, ...operators] = commandsOf('gitops');
    for (const command of [exported, schema]) await succeed(command!);
    expect(await succeed(plan!)).toBe('No changes.\n');
    await succeed('cp example.yaml flags.yaml');
    expect(await paste(planAgain!)).toMatchObject({ code: 2 });
    expect(await succeed(apply!)).toContain('Applied to environment 1');
    expect(operators).toHaveLength(2);
    for (const command of operators) expect(await succeed(command)).toContain('token');
    expect(await succeed('npx holdfast export new-checkout')).toContain('new-checkout:');
  });

  it('the page about operators creates, changes, rotates and revokes them', async () => {
    await succeedAll('operators');
    for (const more of ['rotate deploy', 'change deploy --role viewer', 'revoke ann'])
      await succeed(`holdfast operators ${more}`);
    expect(await succeed('holdfast audit')).toContain('revokeOperator');
  });

  it('the page about migrating converts, plans and applies flags of another product', async () => {
    const flags = {
      $schema: 'x',
      flags: { welcome: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'on' } },
    };
    writeFileSync(join(folder, 'flags.json'), JSON.stringify(flags));
    const [convert, plan, apply] = commandsOf('migrate');
    await succeed(convert!);
    expect(await paste(plan!)).toMatchObject({ code: 2, out: expect.stringContaining('welcome') as string });
    await succeed(apply!);
    expect(await succeed('holdfast history --limit 1')).toContain('From flagd');
  });

  it('the page about backups writes a datafile that restore reads into the environment after it was deleted elsewhere', async () => {
    const page = read('docs/operations/back-up.md');
    const [, command = ''] = /^(holdfast show --json .*)$/m.exec(page) ?? [];
    await succeed(command);
    const before = JSON.parse(await succeed('holdfast show --json')) as unknown;
    expect(await paste('holdfast restore production-*.json')).toMatchObject({ code: 0 });
    expect(JSON.parse(await succeed('holdfast show --json'))).toEqual(before);
  });
});
