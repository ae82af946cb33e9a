/**
 * The form of an entry in the table of commands: all that help, completion, the reference page and
 * the parser need. What a command does is imported when it runs, so that no command loads what
 * another one needs. Pure.
 */
import type { CommandContext } from './context.js';

/** A setting of the connection that a command can be given. */
export type Connection = 'url' | 'token' | 'key' | 'environment';

/** The headings of the help, in its order. */
export const COMMAND_GROUPS = [
  'Flags',
  'History',
  'Access',
  'Server',
  'Copies and recovery',
  'Help',
] as const;

/** A heading of the help. */
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** An option of a command. The type of its value is `T`. */
export interface CommandOption<T = unknown> {
  readonly help: string;
  /** The name of the value, such as `<type>`; absent for a switch. */
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly required?: true;
  /** True when the option can be given several times. */
  readonly repeated?: true;
  /** True when the value is a file, for completion. */
  readonly file?: true;
  /** Carries the type; there is no such property. */
  readonly type?: T;
}

/** Declares an option without a value. */
export function switchOption(help: string): CommandOption<true | undefined> {
  return { help };
}

/** Declares an option with any text as its value. */
export function textOption(placeholder: string, help: string): CommandOption<string | undefined> {
  return { placeholder, help };
}

/** Declares an option with a value that counts where none is given. */
export function defaultOption(placeholder: string, value: string, help: string): CommandOption<string> {
  return { placeholder, help, default: value };
}

/** Declares an option that must be given. */
export function requiredOption(placeholder: string, help: string): CommandOption<string> {
  return { placeholder, help, required: true };
}

/** Declares an option that takes one of a few values. */
export function choiceOption(
  placeholder: string,
  choices: readonly string[],
  help: string,
): CommandOption<string | undefined> {
  return { placeholder, help, choices };
}

/** Declares an option that can be given several times. */
export function listOption(placeholder: string, help: string): CommandOption<readonly string[] | undefined> {
  return { placeholder, help, repeated: true };
}

type ArgumentValue<A> = A extends `${string}...${string}`
  ? readonly string[]
  : A extends `<${string}`
    ? string
    : string | undefined;

/** The values of arguments by their declarations: `<key>` is a text, `[key]` may be absent. */
export type ArgumentValues<A extends readonly string[]> = { readonly [I in keyof A]: ArgumentValue<A[I]> };

/** The values of options by their declarations. */
export type OptionValues<O> = {
  readonly [K in keyof O]: O[K] extends CommandOption<infer T> ? T : never;
};

/** A command line that does something useful, and what that is. */
export interface CommandExample {
  /** What follows `holdfast `. */
  readonly line: string;
  readonly does: string;
}

/** An entry of the table of commands. */
export interface CommandEntry {
  /** The words after `holdfast`, such as `keys create`. */
  readonly name: string;
  readonly group: CommandGroup;
  readonly summary: string;
  /** Paragraphs below the summary. */
  readonly details?: string;
  /** At least one. */
  readonly examples: readonly [CommandExample, ...CommandExample[]];
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly connections: readonly Connection[];
  /** The form of the output with `--json`; absent for a command that prints nothing to read. */
  readonly json?: string;
  readonly run: (
    context: CommandContext,
    args: readonly (string | readonly string[] | undefined)[],
    options: Readonly<Record<string, unknown>>,
  ) => Promise<void>;
}

/** A command as it is written in the table. */
interface Declared<
  A extends readonly string[],
  O extends Readonly<Record<string, CommandOption>>,
> extends Omit<CommandEntry, 'arguments' | 'options' | 'connections' | 'run'> {
  readonly arguments?: A;
  /** By their names without the dashes, in camel case: `keepIds` is `--keep-ids`. */
  readonly options?: O;
  readonly connections?: readonly Connection[];
  readonly run: (context: CommandContext, args: ArgumentValues<A>, options: OptionValues<O>) => Promise<void>;
}

/** Declares a command; the types of what `run` is given follow from the declaration. */
export function defineCommand<
  const A extends readonly string[] = readonly [],
  const O extends Readonly<Record<string, CommandOption>> = Readonly<Record<string, never>>,
>(declared: Declared<A, O>): CommandEntry {
  const { arguments: args = [], options = {}, connections = [], run } = declared;
  return {
    ...declared,
    arguments: args,
    options,
    connections,
    // The parser makes of the declarations the values whose types were taken from them.
    run: (context, values, given) => run(context, values as ArgumentValues<A>, given as OptionValues<O>),
  };
}
