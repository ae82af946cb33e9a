/**
 * Flags as code on Redis and on a data directory, by the compiled command line: a loop of `plan` and
 * `apply` does nothing, and what is exported comes back.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/ruleset/model.js';
import { sameContent } from '../../src/words/differences.js';
import { startNode, type HoldfastNode } from '../support/node.js';
import { startRedis, type RedisServer } from '../support/redis.js';
import { openSse, type SseConnection } from '../support/sse.js';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/gitops/flags.yaml');
const TOKEN = 'an-admin-token-of-flags-as-code';

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-gitops-'));
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The bytes that a client received, apart from comments that keep the connection alive. */
function bytesOf(stream: SseConnection): number {
  return stream
    .raw()
    .toString()
    .replace(/^:.*\n+/gm, '').length;
}

describe.each(['Redis', 'a data directory'])('flags as code on %s', (name) => {
  let node: HoldfastNode;

  const start = (store: string) =>
    startNode({
      env: {
        HOLDFAST_STORE: store,
        HOLDFAST_ADMIN_TOKEN: TOKEN,
        HOLDFAST_SECRET: 'a-secret-of-flags-as-code-which-is-long',
        HOLDFAST_EXAMPLES: 'off',
      },
    });

  beforeAll(async () => {
    node = await start(name === 'Redis' ? redis.url : `file:${join(folder, 'data')}`);
    for (const id of [1, 2]) await holdfast(['environments', 'put', `${id}`, '--name', `environment ${id}`]);
  });

  afterAll(() => node.stop());

  function holdfast(argv: readonly string[], on = node): Promise<{ code: number; out: string }> {
    const env = { PATH: process.env.PATH ?? '', HOLDFAST_URL: on.url, HOLDFAST_ADMIN_TOKEN: TOKEN };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(ROOT, 'dist/main.js'), ...argv],
        { env, cwd: folder },
        (error, out) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : 0, out });
        },
      );
    });
  }

  async function exported(environment: number, on = node): Promise<Config[]> {
    const { out } = await holdfast(['export', '--json', '--environment', `${environment}`], on);
    return (JSON.parse(out) as { configs: Config[] }).configs;
  }

  /** Rows of an environment by a name that is the same in all. */
  function ofAny(configs: readonly Config[], id: number): Config[] {
    return configs.map(({ rows = [], ...config }) => ({
      ...config,
      rows: rows.map((row) => (row.projectEnvId === `${id}` ? { ...row, projectEnvId: 'own' } : row)),
    }));
  }

  it('plan and apply in a loop commit nothing and send no byte to a held stream', async () => {
    expect(await holdfast(['plan', EXAMPLE])).toMatchObject({ code: 2 });
    expect(await holdfast(['apply', EXAMPLE, '--message', 'first'])).toMatchObject({ code: 0 });
    const { out } = await holdfast(['keys', 'create', '--json']);
    const stream = await openSse(`${node.url}/api/v1/sse/config`, {
      key: (JSON.parse(out) as { key: string }).key,
    });
    await stream.waitFor(({ events }) => events.length > 0);
    const history = await holdfast(['history', '--json']);
    const bytes = bytesOf(stream);
    for (let i = 0; i < 3; i++) {
      for (const command of ['plan', 'apply']) {
        expect(await holdfast([command, EXAMPLE, '--prune'])).toEqual({ code: 0, out: 'No changes.\n' });
      }
    }
    expect(await holdfast(['history', '--json'])).toEqual(history);
    expect(bytesOf(stream)).toBe(bytes);
    // The stream is alive: a real change arrives, and it alone.
    await holdfast(['set', 'flag.alive', 'true', '--create']);
    await stream.waitFor(({ events }) => events.length === 2);
    await holdfast(['delete', 'flag.alive']);
    stream.close();
  });

  it('export and apply into an empty environment give back the same ruleset', async () => {
    const file = join(folder, 'exported.yaml');
    writeFileSync(file, (await holdfast(['export'])).out);
    expect(await holdfast(['apply', file, '--environment', 'environment 2'])).toMatchObject({ code: 0 });
    const [expected, found] = [ofAny(await exported(1), 1), ofAny(await exported(2), 2)];
    expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
    expect(found.filter((config, i) => !sameContent(config, expected[i]!))).toEqual([]);
    expect(await holdfast(['plan', file, '--prune', '--environment', '2'])).toMatchObject({ code: 0 });
  });

  it('export and restore into an empty store give back the same ruleset, ids included', async () => {
    const file = join(folder, 'exported.json');
    writeFileSync(file, (await holdfast(['export', '--format', 'json'])).out);
    const other = name === 'Redis' ? await startRedis() : undefined;
    const empty = await start(other?.url ?? `file:${join(folder, 'empty')}`);
    try {
      expect(await holdfast(['restore', file], empty)).toMatchObject({ code: 0 });
      expect(await exported(1, empty)).toEqual(await exported(1));
    } finally {
      await empty.stop();
      await other?.stop();
    }
  });
});
