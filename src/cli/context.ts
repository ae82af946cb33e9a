/** The options that commands share, and the variables behind them. */
import type { Command } from 'commander';
import type { EnvironmentVariables } from '../config/option.js';
import { clientVariables } from '../config/options.js';
import { parseVersion } from '../ruleset/version.js';
import { Api } from './api.js';
import { UsageError, type CommandIO } from './io.js';

/** The options that commands share; absent ones come from the environment. */
export interface SharedOptions {
  readonly url?: string;
  readonly token?: string;
  readonly key?: string;
  readonly environment?: string;
}

/** Gives commands their connection and environment, from options and variables. */
export interface CommandContext {
  readonly around: CommandIO;
  readonly env: EnvironmentVariables;
  readonly open: (options: SharedOptions) => Api;
  readonly environment: (options: SharedOptions) => string;
}

function variable(env: EnvironmentVariables, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

/** While the token is changed, the variable may have several, as for the server. */
function adminToken(env: EnvironmentVariables): string | undefined {
  return variable(env, 'HOLDFAST_ADMIN_TOKEN')?.split(/[\s,]+/)[0];
}

/**
 * Checks the number of an environment.
 *
 * @param name the argument or option that it came from, for the error
 * @throws UsageError
 */
export function environmentArgument(text: string, name = '--environment (HOLDFAST_ENVIRONMENT)'): string {
  if ((parseVersion(text) ?? 0n) > 0n) return text;
  throw new UsageError(`${name} must be the number of an environment, from 1.`);
}

/**
 * The beginning of a warning: arguments of a process can be read by every user of the machine
 * (`ps`), its environment cannot.
 */
const VISIBLE = 'visible in the list of processes, so prefer';

/**
 * Adds the options that say where the server is and who asks. Defaults are not commander's, which
 * would print them: some are secrets.
 */
export function connected(command: Command, ...credentials: ('token' | 'key' | 'environment')[]): Command {
  command.option('--url <url>', `server (HOLDFAST_URL; ${clientVariables.url.default})`);
  if (credentials.includes('token'))
    command.option('--token <token>', `admin token; ${VISIBLE} HOLDFAST_ADMIN_TOKEN`);
  if (credentials.includes('key')) command.option('--key <key>', `API key; ${VISIBLE} HOLDFAST_API_KEY`);
  if (credentials.includes('environment')) {
    command.option('--environment <id>', 'environment (HOLDFAST_ENVIRONMENT; 1)');
  }
  return command;
}

/** The context of a run of the command line. */
export function commandContext(env: EnvironmentVariables, around: CommandIO): CommandContext {
  return {
    around,
    env,
    // An empty variable is one that is not set.
    open: ({ url, token, key }) =>
      new Api(
        {
          url: url ?? variable(env, clientVariables.url.name) ?? clientVariables.url.default,
          // A key that is named on the command line counts, also where the environment has a token.
          token: token ?? (key === undefined ? adminToken(env) : undefined),
          key: key ?? variable(env, clientVariables.key.name),
        },
        around,
      ),
    environment: (options) =>
      environmentArgument(
        options.environment ??
          variable(env, clientVariables.environment.name) ??
          clientVariables.environment.default,
      ),
  };
}
