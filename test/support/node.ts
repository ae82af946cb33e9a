/** A Holdfast node as a child process: what `npm start` runs, with an environment of its own. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { endProcess, startProcess, type RunningProcess } from './processes.js';
import { until } from './until.js';

export interface NodeStart {
  /** Settings. Nothing else but PATH is in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  /**
   * The file that its output is appended to; default: a new file in the system's temporary folder.
   */
  readonly logFile?: string;
  /** The arguments of node in place of `dist/main.js serve`. */
  readonly command?: readonly string[] | undefined;
}

export interface HoldfastNode {
  /** Such as `http://127.0.0.1:12345`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  logs(): string;
  /**
   * SIGTERM, and waits for its end: the exit code, or the signal that killed it when it did not
   * obey within 20 s.
   */
  stop(): Promise<number | NodeJS.Signals>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port, after ending it if it runs. */
  restart(): Promise<void>;
}

const MAIN = join(import.meta.dirname, '../../dist/main.js');
/** Generous, because the machine may also be compiling. Milliseconds. */
const START_TIMEOUT = 20_000;
const STOP_TIMEOUT = 20_000;

/** Starts a node; resolves when /readyz answers 200. */
export async function startNode(options: NodeStart): Promise<HoldfastNode> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const logFile = options.logFile ?? join(mkdtempSync(join(tmpdir(), 'hf-node-')), 'node.log');
  const launch = () => launchNode(options, port, url, logFile);
  let current = await launch();
  const stop = async () =>
    current.hasEnded() ? current.ended : endProcess(current, 'SIGTERM', STOP_TIMEOUT);
  return {
    url,
    port,
    get pid() {
      return current.pid;
    },
    logs: () => current.logs(),
    stop,
    kill: async () => {
      await endProcess(current, 'SIGKILL', STOP_TIMEOUT);
    },
    restart: async () => {
      await stop();
      current = await launch();
    },
  };
}

async function launchNode(
  options: NodeStart,
  port: number,
  url: string,
  logFile: string,
): Promise<RunningProcess> {
  const running = startProcess({
    command: process.execPath,
    args: options.command ?? [MAIN, 'serve'],
    env: { PATH: process.env.PATH ?? '', ...options.env, PORT: String(port) },
    logFile,
    onOrphaned: 'SIGKILL',
  });
  try {
    await until('the node is ready', () => running.hasEnded() || isReady(url), {
      timeout: START_TIMEOUT,
      context: () => running.tail(),
    });
    if (running.hasEnded()) {
      throw new Error(`the node ended with ${await running.ended} at start:\n${running.tail()}`);
    }
  } catch (error) {
    if (!running.hasEnded()) await endProcess(running, 'SIGKILL', STOP_TIMEOUT);
    throw error;
  }
  return running;
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await answer.body?.cancel();
  return answer.status === 200;
}
