import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeServer, KEY, TOKEN } from './fake-server.js';
import { run } from './run.js';

let server: FakeServer;
let folder: string;

beforeEach(async () => {
  server = await FakeServer.start();
  folder = await mkdtemp(join(tmpdir(), 'hf-cli-secret-'));
  await writeFile(join(folder, 'token'), `${TOKEN}\n`);
  await writeFile(join(folder, 'key'), `${KEY}\n`);
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

describe('credentials of commands in files', () => {
  it('commands read the admin token and the API key from files', async () => {
    const url = { HOLDFAST_URL: server.url };
    for (const env of [
      { ...url, HOLDFAST_ADMIN_TOKEN_FILE: join(folder, 'token') },
      { ...url, HOLDFAST_API_KEY_FILE: join(folder, 'key') },
    ]) {
      expect(await run(['show'], { env })).toMatchObject({ code: 0 });
    }
  });

  it('a file of a credential that cannot be read is an error that names it', async () => {
    const path = join(folder, 'missing');
    const { code, err } = await run(['show'], {
      env: { HOLDFAST_URL: server.url, HOLDFAST_ADMIN_TOKEN_FILE: path },
    });
    expect(code).not.toBe(0);
    expect(err).toContain(`HOLDFAST_ADMIN_TOKEN_FILE names ${path}, which cannot be read`);
  });
});
