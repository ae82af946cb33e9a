import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exampleConfigs } from '../../src/app/first-run-text.js';
import type { Config } from '../../src/ruleset/model.js';
import { encodedBytes, FakeServer, KEY, refuse, TOKEN } from './fake-server.js';
import { credentials, run } from './run.js';

let server: FakeServer;
let env: Record<string, string>;
beforeEach(async () => {
  server = await FakeServer.start();
  env = credentials(server);
});
afterEach(() => server.stop());

function large(key: string): Config {
  return {
    key,
    configType: 'CONFIG',
    valueType: 'STRING',
    rows: [{ values: [{ value: { string: 'x'.repeat(40_000) } }] }],
  };
}

describe('import', () => {
  it('commits a file and counts what it did', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-import-'));
    const file = join(directory, 'datafile.json');
    await writeFile(
      file,
      JSON.stringify({ configs: exampleConfigs(), configServicePointer: { projectEnvId: 1 } }),
    );
    const { code, out } = await run(['import', file], { env });
    await rm(directory, { recursive: true });
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Imported 7 configs into environment 1 in 1 change: version 100 → 107\n',
    });
    expect([...server.configs.keys()].sort()).toEqual(
      exampleConfigs()
        .map(({ key }) => key)
        .sort(),
    );
  });

  it('reads standard input', async () => {
    const { out } = await run(['import', '-'], { env, stdin: JSON.stringify({ configs: [large('a')] }) });
    expect(out).toContain('Imported 1 config into environment 1 in 1 change');
  });

  it('cuts a large file into changes that the server takes', async () => {
    const configs = Array.from({ length: 60 }, (_, i) => large(`config-${i}`));
    expect(encodedBytes(configs)).toBeGreaterThan(2 * 1024 * 1024);
    const { code, out } = await run(['import', '-'], { env, stdin: JSON.stringify({ configs }) });
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Imported 60 configs into environment 1 in 3 changes: version 100 → 160\n',
    });
  });

  it('says how far it came when a later change fails', async () => {
    const configs = Array.from({ length: 60 }, (_, i) => large(`config-${i}`));
    server.intercepts.push(
      () => false,
      (_seen, response) => {
        refuse(response, 400, 'value_invalid', 'configs[0] is not to my liking.');
        return true;
      },
    );
    const { code, err } = await run(['import', '-'], { env, stdin: JSON.stringify({ configs }) });
    expect(code).toBe(1);
    expect(err).toBe(
      '1 of 3 changes (24 configs) are committed; then one failed. The same import can be repeated.\n' +
        'holdfast: configs[0] is not to my liking.\n',
    );
  });

  it('commits nothing of a file with something wrong at its end', async () => {
    const configs = [
      ...Array.from({ length: 60 }, (_, i) => large(`config-${i}`)),
      { key: 'empty', configType: 'CONFIG' },
    ];
    const { code, err } = await run(['import', '-'], { env, stdin: JSON.stringify({ configs }) });
    expect({ code, commits: server.commits }).toEqual({ code: 1, commits: [] });
    expect(err).toMatch(/^holdfast: configs\[60\]\.rows must have a row/);
  });

  it('says what of the file it left out', async () => {
    const stdin = JSON.stringify({
      configs: [{ key: 'gone', configType: 'DELETED' }],
      defaultContext: { contexts: [{ type: 'user', values: {} }] },
    });
    const { code, out, err } = await run(['import', '-'], { env, stdin });
    expect({ code, out }).toEqual({ code: 0, out: 'Imported 0 configs into environment 1 in 0 changes\n' });
    expect(err).toMatch(
      /^1 deletion in the file left out.*\nThe default context in the file is not imported/,
    );
  });
});

describe('show', () => {
  beforeEach(() => {
    server.version = 1_763_726_400_000_000n; // 2025-11-21 12:00:00Z
    server.put(...exampleConfigs());
    server.configs.set('old', { key: 'old', id: '17018962363976479', configType: 'DELETED' });
  });

  it.each([
    ['the admin token', TOKEN, undefined],
    ['an API key', undefined, KEY],
  ])('lists the configs with %s', async (_with, token, key) => {
    const { code, out } = await run(['show'], {
      env: { HOLDFAST_URL: server.url, HOLDFAST_ADMIN_TOKEN: token, HOLDFAST_API_KEY: key },
    });
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ['KEY', 'TYPE', 'VALUE'],
      ['checkout.limits', 'CONFIG', '{"maxItems":50,"currency":"EUR"}'],
      ['flag.fast-search', 'FEATURE_FLAG', '20 % true, 80 % false by user.id'],
      ['flag.new-checkout', 'FEATURE_FLAG', '2 rules, else false'],
      ['flag.welcome-banner', 'FEATURE_FLAG', 'false'],
      ['log-level.shop', 'LOG_LEVEL', 'INFO'],
      ['segment.beta-testers', 'SEGMENT', '1 rule, else false'],
      ['site.greeting', 'CONFIG', '"Hello"'],
      [''],
    ]);
    expect(out).toMatch(/^flag\.welcome-banner .* 1763726400000002 {2}2025-11-21 12:00:00Z$/m);
  });

  it('uses the key that was named rather than a token that happens to be in the environment', async () => {
    await run(['show', '--key', KEY], { env });
    expect(server.seen.map(({ path }) => path)).toEqual(['/api/v1/configs/0?format=json']);
  });

  it('show KEY prints one config in words, and as JSON with --json', async () => {
    const { out } = await run(['show', 'flag.new-checkout'], { env });
    expect(out).toMatch(/^flag\.new-checkout\n {2}flag of type bool/);
    expect(out).toContain('user.email ends with');
    const json = await run(['show', 'flag.new-checkout', '--json'], { env });
    expect(JSON.parse(json.out)).toEqual(server.configs.get('flag.new-checkout'));
  });

  it('fails for a config that is not there, or deleted', async () => {
    const { code, err } = await run(['show', 'old', '--key', KEY], { env });
    expect({ code, err }).toEqual({
      code: 1,
      err: 'holdfast: There is no config "old". holdfast show lists them.\n',
    });
  });

  it('writes JSON that import reads', async () => {
    const { out } = await run(['show', '--json'], { env });
    const { code } = await run(['import', '-'], { env, stdin: out });
    expect(code).toBe(0);
    expect(server.commits[0]?.configs).toHaveLength(7);
  });

  it('show does not show a confidential value in the list', async () => {
    const values = [{ value: { string: 'hunter2', confidential: true } }];
    server.put({ key: 'password', configType: 'CONFIG', valueType: 'STRING', rows: [{ values }] });
    const { out } = await run(['show'], { env });
    expect(out).toMatch(/^password +CONFIG +\(confidential\)/m);
    expect(out).not.toContain('hunter2');
  });
});

describe('keys', () => {
  const answering = (status: number, body: unknown) =>
    server.intercepts.push((_seen, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
      return true;
    });

  it('create prints the key', async () => {
    answering(201, { id: 'k1', key: 'abc-P1-E1-SDK-def' });
    const { code, out } = await run(['keys', 'create', '--kind', 'client', '--name', 'web'], { env });
    expect({ code, out }).toEqual({ code: 0, out: 'id   k1\nkey  abc-P1-E1-SDK-def\n' });
    expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/admin/v1/environments/1/keys' });
    expect(JSON.parse(server.seen[0]!.body)).toEqual({ kind: 'client', name: 'web' });
  });

  it('create asks once, because a lost answer is a lost key', async () => {
    server.intercepts.push((_seen, response) => {
      response.destroy();
      return true;
    });
    const { code } = await run(['keys', 'create'], { env });
    expect({ code, requests: server.seen.length }).toEqual({ code: 1, requests: 1 });
  });

  it('list shows them as a table', async () => {
    const createdAt = '2025-11-21T10:00:00.000Z';
    answering(200, {
      keys: [
        {
          id: 'k1',
          kind: 'server',
          name: 'shop',
          createdAt,
          expiresAt: '2026-01-01T00:00:00Z',
          lastUsedAt: '2025-11-22T09:00:00Z',
        },
        { id: 'k2', kind: 'client', name: '', createdAt, revokedAt: '2025-11-21T11:00:00Z' },
      ],
    });
    const { out } = await run(['keys', 'list', '--environment', '7'], { env });
    expect(server.seen[0]?.path).toBe('/admin/v1/environments/7/keys');
    expect(out).toBe(
      'ID  KIND    NAME  CREATED               EXPIRES               LAST USED             REVOKED\n' +
        'k1  server  shop  2025-11-21 10:00:00Z  2026-01-01 00:00:00Z  2025-11-22 09:00:00Z\n' +
        `k2  client        2025-11-21 10:00:00Z  ${' '.repeat(20)}  ${' '.repeat(20)}  2025-11-21 11:00:00Z\n`,
    );
  });

  it('revoke takes an answer without a body', async () => {
    answering(204, undefined);
    const { code, out } = await run(['keys', 'revoke', 'k/1'], { env });
    expect({ code, out }).toEqual({ code: 0, out: 'k/1 is revoked\n' });
    expect(server.seen[0]).toMatchObject({ method: 'DELETE', path: '/admin/v1/keys/k%2F1' });
  });
});

describe('environments', () => {
  it('list shows them as a table', async () => {
    server.intercepts.push((_seen, response) => {
      const environment = {
        id: '1',
        projectId: '2',
        name: 'Production',
        version: '17018962363976479',
        configs: 3,
      };
      response.end(JSON.stringify({ environments: [environment] }));
      return true;
    });
    const { out } = await run(['environments', 'list'], { env });
    expect(out).toBe(
      'ID  PROJECT  NAME        VERSION            CONFIGS\n1   2        Production  17018962363976479  3\n',
    );
  });

  /**
   * The settings that are put when the environment exists with these settings, or does not exist.
   */
  async function putOver(present: object | undefined): Promise<unknown> {
    server.intercepts.push((_seen, response) => {
      if (present === undefined) refuse(response, 404, 'environment_unknown', 'environment 5 does not exist');
      else response.end(JSON.stringify(present));
      return true;
    });
    server.intercepts.push((_seen, response) => {
      response.end('{}');
      return true;
    });
    const { code } = await run(['environments', 'put', '5', '--project', '2', '--name', 'Test'], { env });
    expect(code).toBe(0);
    const put = server.seen[1];
    expect(put).toMatchObject({ method: 'PUT', path: '/admin/v1/environments/5' });
    return JSON.parse(put!.body);
  }

  it('put sends project and name', async () => {
    expect(await putOver(undefined)).toEqual({ projectId: '2', name: 'Test' });
  });

  it('put keeps the default context of an environment that is there', async () => {
    const defaultContext = { contexts: [{ type: 'user', values: { plan: { string: 'pro' } } }] };
    const present = { id: '5', projectId: '2', name: 'Old', version: '7', configs: 0, defaultContext };
    expect(await putOver(present)).toEqual({ projectId: '2', name: 'Test', defaultContext });
  });
});
