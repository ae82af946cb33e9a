/** `export`, `plan` and `apply` against the real app, with a client that listens. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/ruleset/model.js';
import { sameContent } from '../../src/words/differences.js';
import { ADMIN_TOKEN, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import type { SseConnection } from '../support/sse.js';
import { run, type Result } from './run.js';

const example = readFileSync(join(import.meta.dirname, '../../examples/gitops/flags.yaml'), 'utf8');

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

function holdfast(environment: TestEnvironment, argv: readonly string[], stdin: string): Promise<Result> {
  const env = {
    HOLDFAST_URL: app.url,
    HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
    HOLDFAST_ENVIRONMENT: environment.id,
  };
  return run(argv, { env, stdin });
}

async function configsOf(environment: TestEnvironment): Promise<Config[]> {
  const { out } = await holdfast(environment, ['export', '--format', 'json'], '');
  return (JSON.parse(out) as { configs: Config[] }).configs;
}

/** Rows of an environment by a name that is the same in all. */
function withoutEnvironment(configs: readonly Config[], { id }: TestEnvironment): Config[] {
  return configs.map((config) => ({
    ...config,
    rows: (config.rows ?? []).map((row) => (row.projectEnvId === id ? { ...row, projectEnvId: 'own' } : row)),
  }));
}

/** The bytes that a client received, apart from keep-alive comments. */
function bytesOf(stream: SseConnection): number {
  return stream
    .raw()
    .toString()
    .replace(/^:.*\n+/gm, '').length;
}

describe('flags as code on a server', () => {
  it('plan and apply in a loop commit nothing and send no byte to a client', async () => {
    const environment = await app.environment();
    const first = await holdfast(environment, ['apply', '-'], example);
    expect(first).toMatchObject({ code: 0, err: '' });
    const stream = await environment.open();
    await stream.waitForEvent(({ data }) => data !== '');
    const [bytes, commits] = [bytesOf(stream), await app.metric('holdfast_commits_total')];
    for (let i = 0; i < 5; i++) {
      for (const command of ['plan', 'apply']) {
        expect(await holdfast(environment, [command, '-', '--prune'], example)).toMatchObject({
          code: 0,
          out: 'No changes.\n',
        });
      }
    }
    expect(await app.metric('holdfast_commits_total')).toBe(commits);
    expect(bytesOf(stream)).toBe(bytes);
    // The stream is alive: a real change arrives.
    await holdfast(environment, ['apply', '-'], example.replace('currency: EUR', 'currency: SEK'));
    await stream.waitFor(({ events }) => events.length > 1);
    await app.closeStreams();
  });

  it('export and apply into an empty environment give back the same ruleset, and so does import', async () => {
    const [a, b, c] = [await app.environment(), await app.environment(), await app.environment()];
    await holdfast(a, ['apply', '-'], example);
    const yaml = await holdfast(a, ['export'], '');
    expect(await holdfast(b, ['apply', '-'], yaml.out)).toMatchObject({ code: 0, err: '' });
    const json = await holdfast(a, ['export', '--format', 'json'], '');
    expect(await holdfast(c, ['import', '--remap', '-'], json.out)).toMatchObject({ code: 0, err: '' });
    const expected = withoutEnvironment(await configsOf(a), a);
    expect(expected).toHaveLength(8);
    for (const other of [b, c]) {
      const found = withoutEnvironment(await configsOf(other), other);
      expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
      expect(found.filter((config, i) => !sameContent(config, expected[i]!))).toEqual([]);
    }
  });
});
