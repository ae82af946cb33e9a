/**
 * A private Varnish: its own process, folder and port, with the configuration of lab/vcl/ and one
 * origin.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '../test/support/ports.js';
import { endProcess, startProcess } from '../test/support/processes.js';
import { until } from '../test/support/until.js';

/** The files of lab/vcl/ that a Varnish can run. */
export type Vcl = 'streaming-miss' | 'drop-finished' | 'drop-literal';

export interface Varnish {
  /** Such as `http://127.0.0.1:12345`. */
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Debian has varnishd where only root looks for programs. */
export const PATH_OF_VARNISH = [process.env.PATH ?? '', '/usr/sbin', '/usr/local/sbin'].join(delimiter);
/** It compiles its configuration with a C compiler at start. Milliseconds. */
const START_TIMEOUT = 30_000;
const STOP_TIMEOUT = 10_000;

/** Starts a Varnish before an origin on loopback; resolves when it answers. Needs no root. */
export async function startVarnish(vcl: Vcl, originPort: number): Promise<Varnish> {
  const dir = mkdtempSync(join(tmpdir(), 'hf-varnish-'));
  const port = await freePort();
  const file = join(dir, 'lab.vcl');
  writeFileSync(
    file,
    [
      'vcl 4.1;',
      `backend default { .host = "127.0.0.1"; .port = "${originPort}"; }`,
      `include "${join(import.meta.dirname, 'vcl', `${vcl}.vcl`)}";`,
      '',
    ].join('\n'),
  );
  const running = startProcess({
    command: 'varnishd',
    args: [
      // In the foreground, with the rights of the caller, and without a port for its administration
      // (which would need a file with a secret).
      ...['-F', '-j', 'none', '-T', 'none'],
      ...['-n', dir, '-a', `127.0.0.1:${port}`, '-f', file],
      ...['-s', 'malloc,64m', '-l', '4m'],
      // Each open stream takes one of its threads: enough from the start, so that a wave of clients
      // does not wait for them.
      ...['-p', 'thread_pool_min=150'],
    ],
    env: { PATH: PATH_OF_VARNISH, HOME: dir },
    logFile: join(dir, 'varnishd.log'),
    // It ends its own child process.
    onOrphaned: 'SIGTERM',
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (!running.hasEnded()) await endProcess(running, 'SIGTERM', STOP_TIMEOUT);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until('varnishd answers', () => running.hasEnded() || isReady(url), {
      timeout: START_TIMEOUT,
      context: () => running.tail(),
    });
    if (running.hasEnded()) throw new Error(`varnishd ended at start:\n${running.tail()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid: running.pid, stop };
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(2_000) });
  await answer.body?.cancel();
  return answer.status === 200;
}
