/** Makes what a command is given. Not part of context.ts, which the table of commands needs. */
import { clientVariables } from '../config/client-variables.js';
import type { EnvironmentVariables } from '../config/option.js';
import type { Api } from './api.js';
import {
  environmentName,
  variable,
  type CommandContext,
  type Processes,
  type SharedOptions,
} from './context.js';
import type { CommandIO } from './io.js';
import { Printer } from './printer.js';
import { printerOptions, type TerminalStream } from './terminal.js';

/** The parts of the command line that every command is given. */
interface Given extends Processes {
  readonly env: EnvironmentVariables;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  /** The working directory; that of this process when absent. */
  readonly cwd?: string;
}

/** Returns what a command is given, by its options. */
export function makeContext(parts: Given, around: CommandIO, options: SharedOptions): CommandContext {
  const { env, stdout, stderr } = parts;
  const err = new Printer(stderr, printerOptions(stderr, env));
  let api: Promise<Api> | undefined;
  return {
    around,
    env,
    processes: parts,
    out: new Printer(stdout, printerOptions(stdout, env)),
    err,
    json: options.json === true,
    api: () =>
      (api ??= import('./connect.js').then(({ connect }) =>
        connect(options, env, around, parts.cwd ?? process.cwd(), (sentence) => {
          err.line(sentence);
        }),
      )),
    environment: () =>
      environmentName(
        options.environment ??
          variable(env, clientVariables.environment.name) ??
          clientVariables.environment.default,
      ),
  };
}
