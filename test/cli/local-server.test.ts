/** Finding the server that runs in a folder. */
import { chmod, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseTarget } from '../../src/cli/connect.js';
import { findLocalServer, type LocalServer } from '../../src/cli/local-server.js';
import { FakeServer, KEY, TOKEN } from './fake-server.js';
import { run } from './run.js';

let cwd: string;
let server: FakeServer;

beforeEach(async () => {
  server = await FakeServer.start();
  cwd = await mkdtemp(join(tmpdir(), 'hf-local-'));
  await mkdir(join(cwd, 'data'));
  await files();
});

afterEach(async () => {
  await server.stop();
  await rm(cwd, { recursive: true });
});

/** Writes what a running server keeps. */
async function files(address: object = {}, secrets: object = {}): Promise<void> {
  const where = { url: server.url, adminUrl: server.url, pid: process.pid, generatedToken: true, ...address };
  const kept = { adminToken: TOKEN, secret: 's', apiKey: KEY, ...secrets };
  await writeFile(join(cwd, 'data/server.json'), JSON.stringify(where), { mode: 0o600 });
  await writeFile(join(cwd, 'data/secrets.json'), JSON.stringify(kept), { mode: 0o600 });
}

describe('a command in the folder of a running server', () => {
  it('a command in the folder of a running server needs no address, token or key', async () => {
    expect(await run(['set', 'flag.a', 'true', '--create'], { cwd })).toMatchObject({ code: 0 });
    expect(await run(['show', '--json'], { cwd })).toMatchObject({ code: 0 });
  });

  it('a command in the folder of a running server says with --verbose where the server and credentials are from', async () => {
    const { err } = await run(['show', '--verbose'], { cwd });
    expect(err).toContain(
      `Server: ${server.url} (data/server.json)\nAdmin token: data/secrets.json\nAPI key: data/secrets.json\n`,
    );
    expect(err).not.toContain(TOKEN);
  });

  it('a command in the folder of a running server finds its store where HOLDFAST_STORE says', async () => {
    const env = { HOLDFAST_STORE: `file:${join(cwd, 'data')}` };
    expect(await run(['show'], { env })).toMatchObject({ code: 0 });
    expect(await findLocalServer({ HOLDFAST_STORE: 'redis://localhost' }, cwd)).toEqual({ kind: 'none' });
  });

  it('finds nothing once the server has ended, also when it was killed', async () => {
    // The largest id of a process on Linux is below that.
    await files({ pid: 2 ** 22 + 1 });
    expect(await findLocalServer({}, cwd)).toEqual({ kind: 'none' });
    await rm(join(cwd, 'data/server.json'));
    expect(await findLocalServer({}, cwd)).toEqual({ kind: 'none' });
  });

  it.each([
    ['data/secrets.json', 0o640],
    ['data/secrets.json', 0o602],
    ['data/server.json', 0o620],
  ])('refuses %s when its mode is %o, and says so where a credential is missing', async (name, mode) => {
    await chmod(join(cwd, name), mode);
    const { code, err } = await run(['keys', 'list'], { cwd });
    expect(code).toBe(2);
    expect(err).toBe(
      `holdfast: This needs the admin token: give --token or set HOLDFAST_ADMIN_TOKEN. (other users can read or write ${name}; chmod 600 ${name})\n`,
    );
    expect(server.seen).toEqual([]);
  });

  it.each(['http://flags.example.com', 'http://10.0.0.7:8080', 'http://127.0.0.1.example.com'])(
    'refuses a file that names the other machine %s',
    async (url) => {
      await files({ adminUrl: url });
      expect(await findLocalServer({}, cwd)).toEqual({
        kind: 'refused',
        reason: 'data/server.json names a server on another machine',
      });
    },
  );

  it('refuses files that are not what a server writes', async () => {
    await writeFile(join(cwd, 'data/server.json'), '{');
    expect(await findLocalServer({}, cwd)).toMatchObject({ kind: 'refused' });
    await files({ url: 7 });
    expect(await findLocalServer({}, cwd)).toMatchObject({ kind: 'refused' });
  });
});

describe('the server and credentials of a command', () => {
  const found: LocalServer = {
    url: 'http://127.0.0.1:1',
    adminUrl: 'http://127.0.0.1:2',
    token: 'found-token',
    key: 'found-key',
    files: ['a', 'b'],
  };
  const search = { kind: 'found', server: found } as const;

  it('options win over variables, and variables over what is found', () => {
    const env = { HOLDFAST_ADMIN_TOKEN: 'variable-token', HOLDFAST_API_KEY: 'variable-key' };
    const options = { token: 'option-token' };
    expect(chooseTarget(options, env, search).target).toMatchObject({
      url: found.url,
      adminUrl: found.adminUrl,
      token: 'option-token',
      key: 'variable-key',
    });
    expect(chooseTarget({}, env, search).target.token).toBe('variable-token');
    expect(chooseTarget({}, {}, search).target).toMatchObject({ token: 'found-token', key: 'found-key' });
  });

  it.each([{ url: 'http://flags.example.com' }, { url: 'http://127.0.0.1:3' }])(
    'what is found is not given to another server: %j',
    ({ url }) => {
      const targets = [chooseTarget({ url }, {}, search), chooseTarget({}, { HOLDFAST_URL: url }, search)];
      for (const { target } of targets) {
        expect(target).toEqual({ url, adminUrl: url, token: undefined, key: undefined });
      }
    },
  );

  it('what is found is given to the same server when its address is named', () => {
    expect(chooseTarget({ url: 'http://127.0.0.1:2/' }, {}, search).target).toEqual({
      url: 'http://127.0.0.1:2/',
      adminUrl: 'http://127.0.0.1:2/',
      token: 'found-token',
      key: 'found-key',
    });
  });

  it('a key that is named on the command line wins over a token that is found', () => {
    expect(chooseTarget({ key: 'k' }, {}, search).target).toMatchObject({ token: undefined, key: 'k' });
  });
});
