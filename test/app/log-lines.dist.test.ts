/** The log of the built server on a terminal, which script(1) makes, and elsewhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endProcess, startProcess, type RunningProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const PROJECT = join(import.meta.dirname, '../..');

let folder: string;
let server: RunningProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-log-lines-'));
});

afterEach(async () => {
  if (server !== undefined && !server.hasEnded()) await endProcess(server, 'SIGTERM', 10_000);
  rmSync(folder, { recursive: true, force: true });
});

/** The line that says that the server serves, as it was written. */
async function servingLine(
  form: 'terminal' | 'pipe',
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const serve = 'exec node dist/main.js serve';
  const [command, args] =
    form === 'pipe' ? ['sh', ['-c', serve]] : ['script', ['-qefc', serve, join(folder, 'typescript')]];
  const started = startProcess({
    command,
    args,
    env: {
      PATH: process.env.PATH ?? '',
      TERM: 'xterm',
      PORT: '0',
      HOLDFAST_STORE: `file:${join(folder, 'data')}`,
      ...env,
    },
    cwd: PROJECT,
    logFile: join(folder, 'log.txt'),
    onOrphaned: 'SIGTERM',
  });
  server = started;
  return until('it serves', () => /^.*serving\W.*$/m.exec(started.logs())?.[0], {
    timeout: 40_000,
    context: () => started.tail(),
  });
}

describe('the log of a server', () => {
  it('the log of a server on a terminal has coloured lines for people', async () => {
    const line = await servingLine('terminal');
    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] /);
    expect(line).toContain('\u001b[32mINFO');
  });

  it('the log of a server on a terminal has no colours with NO_COLOR', async () => {
    expect(await servingLine('terminal', { NO_COLOR: '1' })).toMatch(/\] INFO: serving \{"url"/);
  });

  it('the log of a server elsewhere is JSON with the host as the name of the node', async () => {
    const line: unknown = JSON.parse(await servingLine('pipe'));
    expect(line).toMatchObject({ level: 'info', msg: 'serving', node: hostname() });
    expect(line).toHaveProperty('version');
  });

  it('the log of a server has the name of the node that the settings give', async () => {
    const line: unknown = JSON.parse(await servingLine('pipe', { HOLDFAST_NODE_NAME: 'pod-7' }));
    expect(line).toMatchObject({ node: 'pod-7' });
  });
});
