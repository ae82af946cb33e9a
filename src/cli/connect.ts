/** Finds the server and the credentials of a command, from its options and variables. */
import type { EnvironmentVariables } from '../config/option.js';
import { clientVariables } from '../config/client-variables.js';
import { findSecret } from '../config/secret-file.js';
import { Api } from './api.js';
import { variable, type SharedOptions } from './context.js';
import type { CommandIO } from './io.js';

/** While the token is changed, the variable may have several, as for the server. */
function adminToken(env: EnvironmentVariables): string | undefined {
  return findSecret(env, 'HOLDFAST_ADMIN_TOKEN')?.text.split(/[\s,]+/)[0];
}

/** Opens the HTTP interface of the server that a command is for. */
export function connect(options: SharedOptions, env: EnvironmentVariables, around: CommandIO): Promise<Api> {
  const { url, token, key } = options;
  const target = {
    url: url ?? variable(env, clientVariables.url.name) ?? clientVariables.url.default,
    // A key that is named on the command line counts, also where the environment has a token.
    token: token ?? (key === undefined ? adminToken(env) : undefined),
    key: key ?? findSecret(env, clientVariables.key.name)?.text,
  };
  return Promise.resolve(new Api(target, around));
}
