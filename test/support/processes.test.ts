import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startNode } from './node.js';
import { endProcess, isRunning, killAll, startProcess } from './processes.js';
import { until } from './until.js';

const dir = mkdtempSync(join(tmpdir(), 'hf-proc-'));
afterAll(() => rmSync(dir, { recursive: true }));

const env = { PATH: process.env.PATH ?? '' };
const node = (script: string, name: string) =>
  startProcess({
    command: process.execPath,
    args: ['-e', script],
    env,
    logFile: join(dir, name),
    onOrphaned: 'SIGKILL',
  });

describe('a child process', () => {
  it('a child process writes both of its outputs to the log, and tells its exit code', async () => {
    const running = node('console.log("out"); console.error("err"); process.exitCode = 3', 'both.log');
    expect(await running.ended).toBe(3);
    expect(running.logs()).toBe('out\nerr\n');
  });

  it('a child process is killed when it does not obey the signal in time', async () => {
    const script = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1e6)';
    const running = node(script, 'deaf.log');
    await until('it is up', () => running.logs().includes('up'));
    expect(await endProcess(running, 'SIGTERM', 100)).toBe('SIGKILL');
    expect(isRunning(running.pid)).toBe(false);
  });

  it('a child process does not outlive a parent that crashed', async () => {
    const log = join(dir, 'orphan.log');
    const program = `
      const { startProcess } = await import(${JSON.stringify(join(import.meta.dirname, 'processes.ts'))});
      const options = { command: 'sleep', args: ['1000'], env: process.env, logFile: ${JSON.stringify(log)} };
      console.log(startProcess({ ...options, onOrphaned: 'SIGKILL' }).pid);
    `;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (data) => resolve(Number(data))),
    );
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    await until('the child is gone', () => !isRunning(pid));
  });

  it('a child process is gone after killAll', async () => {
    const running = node('setInterval(() => {}, 1e6)', 'forever.log');
    await killAll([running.pid]);
    expect(await running.ended).toBe('SIGKILL');
  });

  it('a child process that cannot be started is an error with its name', () => {
    const options = { command: 'no-such-program', args: [], env, logFile: join(dir, 'none.log') };
    expect(() => startProcess({ ...options, onOrphaned: 'SIGKILL' })).toThrow('no-such-program');
  });
});

describe('a node', () => {
  const program = (body: string) => ['-e', body];
  /** Ready only at the third look, to see that readiness is waited for. */
  const server = program(`
    let looks = 0;
    require('node:http')
      .createServer((request, response) => {
        response.statusCode = request.url === '/readyz' && ++looks < 3 ? 503 : 200;
        response.end(JSON.stringify({ looks, names: Object.keys(process.env).sort() }));
      })
      .listen(Number(process.env.PORT));
    process.on('SIGTERM', () => process.exit(7));
  `);

  it('a node is waited for until it is ready, has only the given environment, and returns its exit code', async () => {
    const running = await startNode({ env: { HOLDFAST_HOLD: 'auto' }, command: server });
    const state: unknown = await (await fetch(running.url)).json();
    expect(state).toEqual({ looks: 3, names: ['HOLDFAST_HOLD', 'PATH', 'PORT'] });
    expect(await running.stop()).toBe(7);
  });

  it('a node restarts on the same port after a crash', async () => {
    const running = await startNode({ env: {}, command: server });
    const before = running.pid;
    await running.kill();
    await running.restart();
    expect(running.pid).not.toBe(before);
    expect((await fetch(running.url)).status).toBe(200);
    await running.stop();
  });

  it('a node that ends at start is an error with its last words', async () => {
    const command = program('console.log("HOLDFAST_SECRET is required"); process.exitCode = 1');
    await expect(startNode({ env: {}, command })).rejects.toThrow('HOLDFAST_SECRET is required');
  });
});
