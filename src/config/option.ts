/**
 * The parts of the option table: what an option is, and how its value is read from the environment,
 * or for a secret from the file that the environment names.
 */
import { HoldfastError, messageOf } from '../core/errors.js';
import { fileVariable, findSecret, type FoundSecret, type SecretReader } from './secret-file.js';

/**
 * The kinds of processes that have settings: `holdfast serve`, `holdfast belt`, and `holdfast serve
 * --source`.
 */
export const ROLES = ['node', 'belt writer', 'belt server'] as const;

/** A kind of process that has settings. */
export type Role = (typeof ROLES)[number];

/** Environment variables by name, as in `process.env`. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/** One option: a variable, the processes that read it, and how. */
export interface Option<R extends Role, T> {
  readonly name: string;
  /** The processes on which it has an effect. */
  readonly roles: readonly R[];
  /** The text that is parsed when the variable is absent or empty; also in the help. */
  readonly default?: string;
  /** The help shows this in place of a default that is no text. */
  readonly shown?: string;
  readonly help: string;
  /**
   * True for a value that is or may contain a credential: it is never part of a message, and can be
   * given in a file (`NAME_FILE`).
   */
  readonly secret?: true;
  /** Throws an error whose message goes after the name: `must be …`. */
  readonly parse: (text: string) => T;
}

/**
 * Returns an entry of the option table as it is, with the types of its roles, its value, and whether it has a default.
 */
export function option<const R extends Role, T, const O extends Option<R, T>>(entry: O & Option<R, T>): O {
  return entry;
}

/** The roles of an option. */
export type RolesOf<O> = O extends { readonly roles: readonly (infer R)[] } ? R : never;

/** The type of an option's value: with `undefined` where there is no default. */
export type ValueOf<O> = O extends { readonly parse: (text: string) => infer T }
  ? O extends { readonly default: string }
    ? T
    : T | undefined
  : never;

/**
 * Settings that cannot be started with. The message lists every problem, a line each, and contains
 * no secret.
 */
export class SettingsError extends HoldfastError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      'field_invalid',
      `Holdfast cannot start with these settings:\n${problems.map((p) => `- ${p}`).join('\n')}`,
    );
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/**
 * True when an option has a value: an empty variable is what compose files and shells make of one
 * that is not set. A secret is also given by a file.
 */
export function isGiven(
  { name, secret }: { readonly name: string; readonly secret?: true },
  env: EnvironmentVariables,
): boolean {
  const names = secret === true ? [name, fileVariable(name)] : [name];
  return names.some((each) => (env[each] ?? '').trim() !== '');
}

/** Environment variables with the value of an option replaced, wherever it came from. */
export function withVariable(env: EnvironmentVariables, name: string, value: string): EnvironmentVariables {
  return { ...env, [name]: value, [fileVariable(name)]: undefined };
}

/** The value of one option, or the sentence that says what is wrong with it. */
export type Parsed<T> = { readonly value: T | undefined } | { readonly problem: string };

/**
 * Reads the value of one option.
 *
 * @param read replaces the reading of secrets from files
 */
export function parseOption<T>(
  option: Option<Role, T>,
  env: EnvironmentVariables,
  read?: SecretReader,
): Parsed<T> {
  let found: FoundSecret | undefined;
  try {
    found = findValue(option, env, read);
    const text = found?.text ?? option.default;
    return { value: text === undefined ? undefined : option.parse(text) };
  } catch (error) {
    const from = found?.path === undefined ? '' : ` It was read from ${found.path}.`;
    // Errors from the parsers of URLs, and about files, name the setting themselves.
    if (error instanceof HoldfastError) return { problem: `${error.message}${from}` };
    const text = found?.text ?? option.default ?? '';
    const is = option.secret === true ? from : ` It is ${JSON.stringify(text)}.`;
    return { problem: `${option.name} ${messageOf(error)}${is}` };
  }
}

function findValue(
  option: Option<Role, unknown>,
  env: EnvironmentVariables,
  read: SecretReader | undefined,
): FoundSecret | undefined {
  if (option.secret === true) return findSecret(env, option.name, read);
  const text = env[option.name]?.trim() ?? '';
  return text === '' ? undefined : { text, path: undefined };
}
