/** Child processes that write to a log file and do not outlive the process that started them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { until } from './until.js';

export interface RunningProcess {
  readonly pid: number;
  /** Everything it has written. */
  logs(): string;
  /** The last lines of it, for error messages. */
  tail(): string;
  /** Resolves when it has ended: the exit code, or the name of the signal. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** True when it has ended. */
  hasEnded(): boolean;
  signal(name: NodeJS.Signals): void;
}

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** The file that stdout and stderr are appended to. */
  readonly logFile: string;
  /**
   * The signal it gets when this process dies without ending it. A parent that must end children of
   * its own needs SIGTERM.
   */
  readonly onOrphaned: 'SIGTERM' | 'SIGKILL';
}

/**
 * Starts a process in a session of its own: Ctrl-C in a terminal reaches only this process, which
 * then ends the others in order.
 */
export function startProcess(options: ProcessOptions): RunningProcess {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...options.env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const logs = () => readFileSync(options.logFile, 'utf8');
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
  // A waiter for `ended` sees the error; without one it must not become an unhandled rejection.
  ended.catch(() => undefined);
  if (child.pid === undefined) throw new Error(`${options.command} cannot be started; is it installed?`);
  guard(child, child.pid, options.onOrphaned);
  return {
    pid: child.pid,
    logs,
    tail: () => logs().split('\n').slice(-30).join('\n'),
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    signal: (name) => void child.kill(name),
  };
}

/**
 * Ends a process and waits for it: with a signal, then with SIGKILL if it does not obey in time
 * (milliseconds).
 */
export async function endProcess(
  running: RunningProcess,
  signal: NodeJS.Signals,
  within: number,
): Promise<number | NodeJS.Signals> {
  running.signal(signal);
  const timer = setTimeout(() => running.signal('SIGKILL'), within);
  try {
    return await running.ended;
  } finally {
    clearTimeout(timer);
  }
}

/** True when a process exists and runs. A zombie, which only waits to be reaped, does not run. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state follows the name, which is in parentheses and may contain anything.
    return !/^ [ZX]/.test(stat.slice(stat.lastIndexOf(')') + 1));
  } catch {
    return false;
  }
}

/** Kills processes by id and waits until none of them runs. */
export async function killAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids.filter(isRunning)) process.kill(pid, 'SIGKILL');
  await until('killed processes are gone', () => !pids.some(isRunning));
}

/**
 * Lets a shell wait for this process's end, on a pipe that the kernel closes however it ends, and
 * then signal the child. It is itself ended when the child has ended, before the child's id can be
 * used again.
 */
function guard(child: ChildProcess, pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  const script = 'read -r _; kill -s "$1" "$2" 2>/dev/null';
  const guardian = spawn('sh', ['-c', script, 'sh', signal.slice(3), String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.once('exit', () => guardian.kill('SIGKILL'));
  guardian.unref();
  // An open pipe would keep this process from ending by itself.
  if (guardian.stdin instanceof Socket) guardian.stdin.unref();
}
