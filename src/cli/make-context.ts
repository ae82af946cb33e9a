/** Makes what a command is given. Not part of context.ts, which the table of commands needs. */
import { clientVariables } from '../config/client-variables.js';
import type { EnvironmentVariables } from '../config/option.js';
import {
  environmentArgument,
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
}

/** Returns what a command is given, by its options. */
export function makeContext(parts: Given, around: CommandIO, options: SharedOptions): CommandContext {
  const { env, stdout, stderr } = parts;
  return {
    around,
    env,
    processes: parts,
    out: new Printer(stdout, printerOptions(stdout, env)),
    err: new Printer(stderr, printerOptions(stderr, env)),
    json: options.json === true,
    api: async () => {
      const { connect } = await import('./connect.js');
      return connect(options, env, around);
    },
    environment: () =>
      environmentArgument(
        options.environment ??
          variable(env, clientVariables.environment.name) ??
          clientVariables.environment.default,
      ),
  };
}
