import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isRunning } from './processes.js';
import { openSse } from './sse.js';
import { startStack, type Stack } from './stack.js';
import { until } from './until.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hf-stack-'));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function pidsOf(stack: Stack): number[] {
  return [
    stack.redis.pid,
    ...stack.pushpins.flatMap(({ pids }) => pids),
    ...stack.nodes.map(({ pid }) => pid),
  ];
}

const config = {
  key: 'a',
  configType: 'CONFIG',
  valueType: 'STRING',
  rows: [{ values: [{ value: { string: 'x' } }] }],
};

describe('a stack', () => {
  it('a stack carries a change from a node to a subscriber of each Pushpin, and leaves nothing behind', async () => {
    const stack = await startStack({ dir: temporary(), pushpins: 2 });
    cleanups.push(() => stack.stop());
    const environment = await stack.createEnvironment();
    const { key } = await stack.createKey(environment);
    const streams = await Promise.all(
      stack.pushpins.map(({ url }) => openSse(`${url}/api/v1/sse/config`, { key })),
    );
    const { version } = await stack.commit(environment, [config]);
    for (const stream of streams) await stream.waitForEvent(({ id }) => id === version);

    const pids = pidsOf(stack);
    expect(pids.every(isRunning)).toBe(true);
    await stack.stop();
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('a stack writes one log for each program', async () => {
    const dir = temporary();
    const stack = await startStack({ dir });
    cleanups.push(() => stack.stop());
    const logs = readdirSync(dir).filter((name) => name.endsWith('.log'));
    expect(logs.sort()).toEqual(['holdfast-1.log', 'holdfast-2.log', 'pushpin-1.log', 'redis.log']);
    for (const log of logs) expect(readFileSync(join(dir, log), 'utf8')).not.toBe('');
  });

  it('a stack that cannot start says why in the words of the node', async () => {
    const env = { HOLDFAST_STALENESS: 'soon' };
    await expect(startStack({ dir: temporary(), env })).rejects.toThrow('HOLDFAST_STALENESS');
  });
});

describe('npm run stack', () => {
  it('prints what to paste, and ends with 0 on Ctrl-C', async () => {
    const program = join(import.meta.dirname, 'stack-main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', program, temporary()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanups.push(() => child.kill('SIGINT'));
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    await until('it is up', () => output.includes('Ctrl-C'), { timeout: 30_000 });

    const [, key = '', url = ''] = /curl -N -u :(\S+) (\S+)/.exec(output) ?? [];
    const stream = await openSse(url, { key });
    await stream.waitForEvent(({ id }) => id !== undefined);
    const [, token = '', body = '', changes = ''] =
      /curl -H 'Authorization: (.*?)' .* -d '(.*)' (\S+)/.exec(output) ?? [];
    const headers = { authorization: token, 'content-type': 'application/json' };
    const answer = await fetch(changes, { method: 'POST', headers, body });
    const { version } = (await answer.json()) as { version: string };
    await stream.waitForEvent(({ id }) => id === version);

    child.kill('SIGINT');
    expect(await ended).toBe(0);
    await stream.closed;
  });
});
