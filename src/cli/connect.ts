/** Finds the server and the credentials of a command: options, variables, the folder, defaults. */
import type { EnvironmentVariables } from '../config/option.js';
import { clientVariables } from '../config/client-variables.js';
import { findSecret } from '../config/secret-file.js';
import { Api, type ApiTarget } from './api.js';
import { variable, type SharedOptions } from './context.js';
import type { CommandIO } from './io.js';
import { findLocalServer, type LocalSearch } from './local-server.js';

/** While the token is changed, the variable may have several, as for the server. */
function adminToken(env: EnvironmentVariables): string | undefined {
  return findSecret(env, 'HOLDFAST_ADMIN_TOKEN')?.text.split(/[\s,]+/)[0];
}

/** A server and credentials, and where each of them is from. */
export interface ChosenTarget {
  readonly target: ApiTarget;
  /** Sentences for `--verbose`. */
  readonly sources: readonly string[];
}

/**
 * Chooses the server and credentials of a command. What is named wins over what is found, and what
 * is found is for the server that was found alone: its token goes to no other.
 */
export function chooseTarget(
  options: SharedOptions,
  env: EnvironmentVariables,
  search: LocalSearch,
): ChosenTarget {
  const found = search.kind === 'found' ? search.server : undefined;
  const named = options.url ?? variable(env, clientVariables.url.name);
  const isFound = found !== undefined && (named === undefined || sameOrigin(named, found));
  const url = named ?? found?.url ?? clientVariables.url.default;
  // A key that is named on the command line counts, also where the environment has a token.
  const givenToken = options.token ?? (options.key === undefined ? adminToken(env) : undefined);
  const givenKey = options.key ?? findSecret(env, clientVariables.key.name)?.text;
  const foundToken = isFound && options.key === undefined ? found.token : undefined;
  const foundKey = isFound ? found.key : undefined;
  const sources = [
    `Server: ${url} (${named === undefined ? (found?.files[0] ?? 'default') : sourceOf(options.url, 'HOLDFAST_URL')})`,
    ...credentialSource(
      'Admin token',
      sourceOf(options.token, 'HOLDFAST_ADMIN_TOKEN'),
      givenToken,
      foundToken,
      found,
    ),
    ...credentialSource('API key', sourceOf(options.key, 'HOLDFAST_API_KEY'), givenKey, foundKey, found),
    ...(search.kind === 'refused' ? [`Not used: ${search.reason}`] : []),
  ];
  return {
    target: {
      url,
      adminUrl: isFound && found.url === url ? found.adminUrl : url,
      token: givenToken ?? foundToken,
      key: givenKey ?? foundKey,
      ...(search.kind === 'refused' ? { hint: search.reason } : {}),
    },
    sources,
  };
}

function sourceOf(option: string | undefined, name: string): string {
  return option === undefined ? name : 'option';
}

function credentialSource(
  what: string,
  given: string,
  givenText: string | undefined,
  foundText: string | undefined,
  found: { readonly files: readonly string[] } | undefined,
): string[] {
  if (givenText !== undefined) return [`${what}: ${given}`];
  return foundText === undefined ? [`${what}: none`] : [`${what}: ${found?.files[1] ?? ''}`];
}

function sameOrigin(named: string, { url, adminUrl }: { url: string; adminUrl: string }): boolean {
  if (!URL.canParse(named)) return false;
  const { origin } = new URL(named);
  return [url, adminUrl].some((each) => new URL(each).origin === origin);
}

/** Opens the HTTP interface of the server that a command is for. */
export async function connect(
  options: SharedOptions,
  env: EnvironmentVariables,
  around: CommandIO,
  cwd: string,
  tell: (sentence: string) => void,
): Promise<Api> {
  const { target, sources } = chooseTarget(options, env, await findLocalServer(env, cwd));
  if (options.verbose === true) for (const sentence of sources) tell(sentence);
  return new Api(target, around);
}
