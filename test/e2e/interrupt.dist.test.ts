/**
 * Ctrl-C as a terminal sends it: to every process of a group. npm passes on what it gets, so the
 * server gets it twice.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { openSse, type SseConnection } from '../support/sse.js';
import { until } from '../support/until.js';

const PROJECT = join(import.meta.dirname, '../..');

/** Seconds: longer than any test waits, with several holds whose ends are spread over it. */
const DRAIN = '600';
const HOLDS = 10;

let folder: string;
const closing: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-interrupt-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a server with direct holds. */
async function serve(
  command: string,
  args: readonly string[],
  drain: string,
): Promise<{ server: RunningProcess; streams: readonly SseConnection[] }> {
  const server = startProcess({
    command,
    args,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      PORT: '0',
      HOLDFAST_DRAIN: drain,
      HOLDFAST_STORE: `file:${join(folder, 'data')}`,
    },
    cwd: PROJECT,
    logFile: join(folder, 'log.txt'),
    onOrphaned: 'SIGTERM',
  });
  closing.push(() => (server.hasEnded() ? undefined : endProcess(server, 'SIGKILL', 5_000)));
  await until('it says where it runs', () => server.logs().includes('API key'), {
    timeout: 40_000,
    context: () => server.tail(),
  });
  const [, url = ''] = /running at (\S+?),/.exec(server.logs()) ?? [];
  const [, key = ''] = /API key +(\S+)/.exec(server.logs()) ?? [];
  const streams: SseConnection[] = [];
  for (let i = 0; i < HOLDS; i++) {
    const stream = await openSse(`${url}/api/v1/sse/config`, { key });
    closing.push(() => stream.close());
    await stream.waitFor(({ events }) => events.length > 0);
    streams.push(stream);
  }
  return { server, streams };
}

/** What Ctrl-C does. */
function interruptGroup({ pid }: RunningProcess): void {
  process.kill(-pid, 'SIGINT');
}

describe.each([
  ['npm start', 'npm', ['start', '--silent']],
  ['node scripts/start.mjs', process.execPath, ['scripts/start.mjs']],
  ['holdfast serve', process.execPath, ['dist/main.js', 'serve']],
] as const)('Ctrl-C on %s', (name, command, args) => {
  it(`Ctrl-C on ${name} ends its holds in order and exits with 0`, async () => {
    const { server, streams } = await serve(command, args, '1');
    interruptGroup(server);
    expect(new Set(await Promise.all(streams.map(({ closed }) => closed)))).toEqual(new Set(['ended']));
    expect(await server.ended).toBe(0);
    expect(server.logs()).toContain('"msg":"stopped"');
  });

  it(`Ctrl-C on ${name} once more, a second later, ends it without waiting for the drain`, async () => {
    const { server } = await serve(command, args, DRAIN);
    interruptGroup(server);
    await until('it stops', () => server.logs().includes('"msg":"stopping"'));
    const asked = performance.now();
    await until('a second has passed', () => performance.now() - asked > 1_200);
    expect(server.hasEnded()).toBe(false);
    interruptGroup(server);
    expect(await server.ended).not.toBe(0);
    expect(server.logs()).not.toContain('"msg":"stopped"');
  });
});
