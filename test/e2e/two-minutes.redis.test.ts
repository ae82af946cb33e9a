/**
 * The two minutes of README.md, by its own commands, from nothing to a rollback: on a data directory
 * and on Redis, by the compiled command line alone.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startRedis, type RedisServer } from '../support/redis.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'an-admin-token-of-the-two-minutes';

/** The commands of README.md that change the flag, in their order. */
const lines = readFileSync(join(ROOT, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('npx holdfast ') && line.includes(' flag.search'));
const rollback = /^npx holdfast rollback .*$/m.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[0] ?? '';

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-minutes-'));
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['a data directory', 'Redis'])('the two minutes of the README on %s', (name) => {
  let node: HoldfastNode;

  beforeAll(async () => {
    node = await startNode({
      env: {
        HOLDFAST_STORE: name === 'Redis' ? redis.url : `file:${join(folder, 'data')}`,
        HOLDFAST_ADMIN_TOKEN: TOKEN,
        HOLDFAST_SECRET: 'a-secret-of-the-two-minutes-which-is-long',
        HOLDFAST_EXAMPLES: 'off',
      },
    });
  });

  afterAll(() => node.stop());

  /** Runs a line of the README in a shell. */
  async function paste(line: string): Promise<string> {
    const command = line.replace(/^npx holdfast /, `node ${join(ROOT, 'dist/main.js')} `);
    const env = { PATH: process.env.PATH ?? '', HOLDFAST_URL: node.url, HOLDFAST_ADMIN_TOKEN: TOKEN };
    const { stdout } = await run('bash', ['-c', command], { env, cwd: folder });
    return stdout;
  }

  it('the two minutes lead from nothing to a rollout by e-mail domain and share, and back, which a restart remembers', async () => {
    await paste('npx holdfast environments put 1 --project 1 --name production');
    expect(lines.map((line) => line.split(' ')[2])).toEqual([
      'set',
      'rule',
      'rollout',
      'show',
      'eval',
      'history',
    ]);
    const [set, rule, rollout, show, evaluate, history] = lines as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    expect(await paste(set)).toContain('flag.search is false');
    expect(await paste(rule)).toContain('when user.email ends with @acme.com then true');
    expect(await paste(rollout)).toContain('10 % true, 90 % false by user.key');
    const shown = await paste(show);
    expect(shown).toContain('user.email ends with @acme.com');
    expect(shown).toContain('10 % true');
    expect(await paste(evaluate)).toMatch(
      /^flag\.search is true .*\n.*1\. when user\.email ends with @acme\.com/,
    );
    const listed = await paste(history);
    expect(listed.match(/ root/g)).toHaveLength(3);
    const [version = ''] = /^\d+/.exec(listed) ?? [];
    expect(await paste(rollback.replace('VERSION', version))).toContain('flag.search is changed');
    const after = await paste(show);
    expect(after).toContain('user.email ends with @acme.com');
    expect(after).not.toContain('10 % true');
    await node.restart();
    expect(await paste(history)).toContain('root (rollback): Too early');
  });
});
