/**
 * The parts of the option table: what an option is, and how its value is read from the environment.
 * Pure.
 */
import { HoldfastError, messageOf } from '../core/errors.js';

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
  /** True for a value that is or may contain a credential: it is never part of a message. */
  readonly secret?: true;
  /** Throws an error whose message goes after the name: `must be …`. */
  readonly parse: (text: string) => T;
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
 * True when a variable has a value: an empty one is what compose files and shells make of a
 * variable that is not set.
 */
export function isGiven({ name }: { readonly name: string }, env: EnvironmentVariables): boolean {
  return (env[name] ?? '').trim() !== '';
}

/** The value of one option, or the sentence that says what is wrong with it. */
export type Parsed<T> = { readonly value: T | undefined } | { readonly problem: string };

/** Parses the value of one option. */
export function parseOption<T>(option: Option<Role, T>, env: EnvironmentVariables): Parsed<T> {
  const text = isGiven(option, env) ? env[option.name]?.trim() : option.default;
  if (text === undefined) return { value: undefined };
  try {
    return { value: option.parse(text) };
  } catch (error) {
    // Errors from the parsers of URLs name the setting themselves.
    if (error instanceof HoldfastError) return { problem: error.message };
    const is = option.secret === true ? '' : ` It is ${JSON.stringify(text)}.`;
    return { problem: `${option.name} ${messageOf(error)}${is}` };
  }
}
