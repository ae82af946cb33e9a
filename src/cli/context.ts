/** What a command is given: its connection and environment, from options and variables, and where to print. */
import type { EnvironmentVariables } from '../config/option.js';
import { parseVersion } from '../ruleset/version.js';
import type { Api } from './api.js';
import { UsageError, type CommandIO } from './io.js';
import type { Printer } from './printer.js';

/** The options that commands share; absent ones come from the environment. */
export interface SharedOptions {
  readonly url?: string;
  readonly token?: string;
  readonly key?: string;
  readonly environment?: string;
  readonly json?: true;
  readonly verbose?: true;
}

/** Runs the processes of this program that are no clients; each resolves when it has stopped. */
export interface Processes {
  /** Runs the server. `source`: from copies at these URLs alone. */
  readonly serve: (source?: string) => Promise<void>;
  /** Writes copies to the buckets. */
  readonly belt?: () => Promise<void>;
}

/** What a command is given. */
export interface CommandContext {
  readonly around: CommandIO;
  readonly env: EnvironmentVariables;
  readonly processes: Processes;
  /** Standard output: the result. */
  readonly out: Printer;
  /** Standard error: everything about it. */
  readonly err: Printer;
  /** True when the result is to be printed as JSON. */
  readonly json: boolean;
  /** Finds the server and the credentials. */
  readonly api: () => Promise<Api>;
  /** The environment that the command is about: its number or its name, as it was given. */
  readonly environment: () => string;
}

/** Prints a result: as JSON when that was asked for, else in words. */
export function answer(context: CommandContext, value: unknown, print: (out: Printer) => void): void {
  if (context.json) context.out.json(value);
  else print(context.out);
}

/** The value of a variable; an empty one is one that is not set. */
export function variable(env: EnvironmentVariables, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/**
 * Checks the number of an environment.
 *
 * @param name the argument or option that it came from, for the error
 * @throws UsageError
 */
function environmentIdArgument(text: string, name: string): string {
  if ((parseVersion(text) ?? 0n) > 0n) return text;
  throw new UsageError(
    `${name} must be the number of an environment, from 1; it is ${JSON.stringify(text)}.`,
  );
}

/**
 * Checks what names an environment: its number or its name. A name is the server's to know.
 *
 * @throws UsageError
 */
export function environmentName(text: string, name = '--environment (HOLDFAST_ENVIRONMENT)'): string {
  if (text.trim() === '') throw new UsageError(`${name} must be the number or name of an environment.`);
  return /^[-+]?\d+$/.test(text) ? environmentIdArgument(text, name) : text;
}
