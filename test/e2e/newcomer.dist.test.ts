/**
 * The first minutes of a newcomer: what `npm start` prints works as it is pasted, a second start
 * finds its data, and the commands do what they say, on a real server with the embedded store.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const PATH = process.env.PATH ?? '';

let folder: string;
let server: RunningProcess;
let printed: string;
let url: string;
let key: string;

/** Starts the server as `npm start` does, in a folder of its own. */
async function start(): Promise<string> {
  const logFile = join(folder, `start-${Date.now()}.log`);
  server = startProcess({
    command: process.execPath,
    args: [join(PROJECT, 'scripts/start.mjs')],
    env: { PATH, PORT: '0', HOME: folder },
    cwd: folder,
    logFile,
    onOrphaned: 'SIGTERM',
  });
  await until('it says where it runs', () => server.logs().includes('Holdfast is running at'), {
    timeout: 25_000,
    context: () => server.tail(),
  });
  url = /running at (\S+?),/.exec(server.logs())?.[1] ?? '';
  return server.logs();
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hf-newcomer-'));
  printed = await start();
  key = /API key +(\S+)/.exec(printed)?.[1] ?? '';
});

afterAll(async () => {
  await endProcess(server, 'SIGTERM', 15_000);
  rmSync(folder, { recursive: true, force: true });
});

/** The commands that the first start tells one to paste. */
function pasted(beginning: string): string {
  const line = printed.split('\n').find((each) => each.startsWith(beginning));
  if (line === undefined) throw new Error(`no line begins with ${beginning}`);
  return line;
}

/** Runs a command in the folder of the server, which it finds by itself. */
async function holdfast(...args: string[]): Promise<string> {
  const env = { PATH };
  const { stdout } = await run(process.execPath, [join(PROJECT, 'dist/main.js'), ...args], {
    env,
    cwd: folder,
  });
  return stdout;
}

describe('the first start', () => {
  it('the first start prints three lines that work as they are pasted', async () => {
    const stream = join(folder, 'stream.txt');
    const subscribe = startProcess({
      command: 'bash',
      args: ['-c', `exec ${pasted('curl -N')}`],
      env: { PATH },
      logFile: stream,
      onOrphaned: 'SIGKILL',
    });
    await until('the catch-up', () => subscribe.logs().includes('\nid: '));
    const events = subscribe.logs().split('\nid: ').length;
    const { stdout: changed } = await run('bash', ['-c', pasted('curl -X POST')]);
    const { version } = JSON.parse(changed) as { version: string };
    await until('the change', () => subscribe.logs().includes(`\nid: ${version}\n`));
    expect(subscribe.logs().split('\nid: ').length).toBe(events + 1);
    await endProcess(subscribe, 'SIGKILL', 1_000);
    const { stdout: snapshot } = await run('bash', ['-c', pasted('curl -u')]);
    expect(snapshot).toContain('flag.welcome-banner');
  });

  it('the first start keeps generated secrets readable by their owner only', () => {
    expect(statSync(join(folder, 'data/secrets.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data/server.json')).mode & 0o777).toBe(0o600);
  });
});

describe('the commands', () => {
  it('set, show and delete a config', async () => {
    await holdfast('set', 'site.color', 'blue', '--create');
    expect(JSON.parse(await holdfast('show', 'site.color', '--json'))).toMatchObject({
      key: 'site.color',
      valueType: 'STRING',
    });
    await holdfast('delete', 'site.color');
    expect(await holdfast('show')).not.toContain('site.color');
  });

  it('import a datafile', async () => {
    const file = join(folder, 'datafile.json');
    const rows = [{ values: [{ value: { int: '7' } }] }];
    writeFileSync(
      file,
      JSON.stringify({ configs: [{ key: 'imported.limit', configType: 'CONFIG', valueType: 'INT', rows }] }),
    );
    await holdfast('import', file);
    expect(await holdfast('show')).toContain('imported.limit');
  });

  it('create, list and revoke a key, and print deltas as they arrive', async () => {
    const created = await holdfast('keys', 'create', '--name', 'for the tail');
    const text = /\S+-P1-E1-SDK-\S+/.exec(created)?.[0] ?? '';
    const tail = startProcess({
      command: process.execPath,
      args: [join(PROJECT, 'dist/main.js'), 'tail', '--url', url, '--key', text],
      env: { PATH },
      logFile: join(folder, 'tail.txt'),
      onOrphaned: 'SIGKILL',
    });
    await until('the catch-up', () => tail.logs().includes('flag.new-checkout'));
    await holdfast('set', 'tailed.flag', 'true', '--create');
    await until('the change', () => /tailed\.flag.*true/.test(tail.logs()));
    const id = /^(\S+) .*for the tail/m.exec(await holdfast('keys', 'list'))?.[1] ?? '';
    await holdfast('keys', 'revoke', id);
    // The stream ends, the next subscription is refused, and that is final.
    expect(await tail.ended).toBe(1);
    expect(tail.logs()).toMatch(/revoked/);
  });
});

describe('a later start', () => {
  it('a later start finds its data, its keys and its admin token', async () => {
    expect(await endProcess(server, 'SIGTERM', 15_000)).toBe(0);
    expect(existsSync(join(folder, 'data/server.json'))).toBe(false);
    const text = await start();
    expect(text).not.toContain('API key');
    expect(text).toContain('secrets.json');
    const snapshot = await fetch(`${url}/api/v1/configs/0`, {
      headers: { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` },
    });
    expect(snapshot.status).toBe(200);
    expect(await holdfast('show')).toContain('imported.limit');
  });
});
