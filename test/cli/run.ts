/** Runs a command in this process, with what it needs from outside in the test's hands. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { runCli } from '../../src/cli/program.js';
import type { CliParts } from '../../src/cli/program.js';
import { KEY, TOKEN, type FakeServer } from './fake-server.js';

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The delays that the command asked for, milliseconds. None is waited for. */
  readonly slept: readonly number[];
}

export interface Options {
  readonly env?: CliParts['env'];
  readonly stdin?: string;
  readonly now?: number;
  readonly serve?: () => Promise<void>;
  /** The working directory; without one, a folder that no server runs in. */
  readonly cwd?: string;
  /** The characters of a line, where both outputs are a terminal. */
  readonly terminal?: number;
}

/** The credentials of the fake server, as variables. */
export function credentials(server: FakeServer): Record<string, string> {
  return { HOLDFAST_URL: server.url, HOLDFAST_ADMIN_TOKEN: TOKEN, HOLDFAST_API_KEY: KEY };
}

/** A command that goes on until it is stopped. */
export interface Running {
  readonly done: Promise<number>;
  out(): string;
  err(): string;
  slept(): readonly number[];
  stop(): void;
}

export function start(argv: readonly string[], options: Options = {}): Running {
  let out = '';
  let err = '';
  const slept: number[] = [];
  const terminal = options.terminal === undefined ? {} : { isTTY: true, columns: options.terminal };
  const controller = new AbortController();
  const done = runCli({
    argv,
    env: options.env ?? {},
    stdout: { ...terminal, write: (text) => (out += text) },
    stderr: { ...terminal, write: (text) => (err += text) },
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    serve: options.serve ?? (() => Promise.reject(new Error('this test serves nothing'))),
    random: () => 0.5,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      // Lets the test act between two attempts.
      await new Promise(setImmediate);
    },
    now: () => options.now ?? Date.parse('2025-11-21T12:00:00Z'),
    cwd: options.cwd ?? join(tmpdir(), 'no-server-runs-here'),
    signal: controller.signal,
  });
  return { done, out: () => out, err: () => err, slept: () => slept, stop: () => controller.abort() };
}

export async function run(argv: readonly string[], options: Options = {}): Promise<Result> {
  const running = start(argv, options);
  const code = await running.done;
  return { code, out: running.out(), err: running.err(), slept: running.slept() };
}
