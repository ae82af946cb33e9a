/** `health`: asks the server of the same container or machine whether it lives, for container checks. */
import { parseOption, type EnvironmentVariables } from '../../config/option.js';
import { options } from '../../config/options.js';
import { messageOf } from '../../core/errors.js';
import { isTimeOver, withTimeLimit } from '../../core/time-limit.js';
import { USER_AGENT } from '../../core/version.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';

/** The options of `health`. */
export interface HealthOptions {
  /** The server; `undefined`: the one with the settings of this environment. */
  readonly url: string | undefined;
  /** True: may it get traffic, and not only: does it live. */
  readonly ready: boolean;
  /** Seconds, as it was given. */
  readonly timeout: string;
}

/**
 * Prints one line, that the server is well.
 *
 * @throws Error when it is not, or does not answer in time; UsageError when there is no such place
 */
export async function printHealth(
  context: CommandContext,
  { url, ready, timeout }: HealthOptions,
): Promise<void> {
  const seconds = Number(timeout);
  if (!/^\d+(\.\d+)?$/.test(timeout) || seconds < 0.1 || seconds > 600) {
    throw new UsageError('--timeout must be a number of seconds, 0.1 to 600.');
  }
  const place = (url ?? ownUrl(context.env)).replace(/\/+$/, '') + (ready ? '/readyz' : '/livez');
  const { status, text } = await ask(context, place, seconds * 1000);
  const state = ready ? stateIn(text) : 'alive';
  if (status !== 200) throw new Error(`${place} answered ${status}${ready ? `: ${state}` : ''}`);
  answer(context, { url: place, healthy: true, state }, (out) => out.line(`${state}: ${place}`));
}

async function ask(
  { around }: CommandContext,
  url: string,
  milliseconds: number,
): Promise<{ readonly status: number; readonly text: string }> {
  const signal = withTimeLimit(around.signal, milliseconds);
  try {
    const response = await around.fetch(url, { headers: { 'user-agent': USER_AGENT }, signal });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const reason = isTimeOver(signal) ? `within ${milliseconds / 1000} s` : `(${reasonOf(error)})`;
    throw new Error(`${url} does not answer ${reason}`, { cause: error });
  }
}

/** `fetch` says `fetch failed`; its cause says why. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

/** The state in the answer of `/readyz`, with what is degraded where that is told. */
function stateIn(text: string): string {
  try {
    const { status, degraded } = JSON.parse(text) as { status?: unknown; degraded?: unknown };
    const why = Array.isArray(degraded) ? ` (${degraded.join(', ')})` : '';
    if (typeof status === 'string') return `${status}${why}`;
  } catch {
    // Something else answered.
  }
  return 'something that is no readiness';
}

/**
 * Returns the URL of the server that runs with these settings on this machine: the port of operators
 * where it has one, which tells more.
 *
 * @throws UsageError when a setting is wrong, or the port is one that the system chooses
 */
export function ownUrl(env: EnvironmentVariables): string {
  const adminPort = read(options.adminPort, env);
  const host = read(options.host, env);
  const port = adminPort ?? read(options.port, env);
  if (port === undefined || port === 0) {
    throw new UsageError('The port is one that the system chose: say where the server is with --url.');
  }
  const listens = adminPort === undefined ? host : (read(options.adminHost, env) ?? host);
  return `http://${reachable(listens ?? '127.0.0.1')}:${port}`;
}

function read<T>(option: Parameters<typeof parseOption<T>>[0], env: EnvironmentVariables): T | undefined {
  const parsed = parseOption<T>(option, env);
  if ('problem' in parsed) throw new UsageError(parsed.problem);
  return parsed.value;
}

/** A server that listens on every address is asked on that of the machine itself. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
