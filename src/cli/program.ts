/**
 * The command line: makes a parser of the table of commands and runs one of them. Nearly every
 * command is a client of the HTTP interface.
 *
 * Exit codes: 0 done, 1 the request failed, 2 the command or the settings are wrong. A failure is
 * one line on standard error.
 */
import { Command, CommanderError, type Argument } from 'commander';
import type { EnvironmentVariables } from '../config/option.js';
import { systemClock } from '../core/clock.js';
import { VERSION } from '../core/version.js';
import { COMMAND_GROUPS, type CommandEntry } from './command.js';
import type { CommandContext, Processes, SharedOptions } from './context.js';
import { configure, usageHint } from './declare.js';
import { tellFailure } from './failure.js';
import { wrapLine } from './wrap.js';
import type { CommandIO } from './io.js';
import { printerOptions, type TerminalStream } from './terminal.js';
import { commandTable, familySummaries } from './table/index.js';

/** The parts of the command line. */
export interface CliParts extends Processes {
  /** The arguments after the name of the program. */
  readonly argv: readonly string[];
  readonly env: EnvironmentVariables;
  readonly stdout: TerminalStream;
  readonly stderr: TerminalStream;
  readonly stdin?: CommandIO['stdin'];
  /** The working directory; that of this process when absent. */
  readonly cwd?: string;
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: CommandIO['sleep'];
  /**
   * Aborts on Ctrl-C: ends `tail`, gives up what another command waits for. `serve` and `belt` are
   * stopped by their own signals.
   */
  readonly signal?: AbortSignal;
}

/** Help is not wider than that: longer lines are hard to read. */
const WIDEST_HELP = 100;

/** Runs one command. Never rejects; resolves to the exit code. */
export async function runCli(parts: CliParts): Promise<number> {
  const program = parserOf(parts);
  try {
    await program.parseAsync(argumentsOf(parts.argv), { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return tellFailure(error, parts.stderr);
  }
}

/** Without a command: serve. `help keys create` is `keys create --help`. */
function argumentsOf(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ['serve'];
  const [word, ...topic] = argv;
  const isKnown = commandTable.some(({ name }) => `${name} `.startsWith(`${topic.join(' ')} `));
  return word === 'help' && (topic.length === 0 || isKnown) ? [...topic, '--help'] : argv;
}

function commandIO(parts: CliParts): CommandIO {
  return {
    fetch: parts.fetch ?? fetch,
    stdout: parts.stdout,
    stderr: parts.stderr,
    stdin: parts.stdin ?? nothing(),
    now: parts.now ?? systemClock.now,
    random: parts.random ?? systemClock.random,
    sleep: parts.sleep ?? systemClock.sleep,
    signal: parts.signal ?? new AbortController().signal,
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty standard input.
}

/** Makes the parser. Only the table is read for it; what a command needs is imported when it runs. */
function parserOf(parts: CliParts): Command {
  const program = new Command('holdfast')
    .description('Delivers feature flags and config to every connected client. Without a command: serve.')
    .helpOption('-h, --help', 'print the help of a command')
    .version(VERSION, '-V, --version', 'print the version')
    .helpCommand(false)
    .addHelpText(
      'after',
      "\nholdfast help COMMAND explains a command,\nholdfast help settings the server's settings.",
    )
    .exitOverride();
  const { width, colours } = printerOptions(parts.stdout, parts.env);
  const style = (text: string) => (colours ? `\u001b[1m${text}\u001b[0m` : text);
  program.configureHelp({
    styleTitle: style,
    // Nearly all have options.
    subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
  });
  const output = {
    writeOut: (text: string) => parts.stdout.write(text),
    writeErr: (text: string) => parts.stderr.write(text),
    getOutHelpWidth: () => Math.min(width ?? 80, WIDEST_HELP),
    getErrHelpWidth: () => 80,
    getOutHasColors: () => colours,
    getErrHasColors: () => false,
  };
  // Headings come in the order in which their first commands are declared.
  const sorted = COMMAND_GROUPS.flatMap((group) => commandTable.filter((entry) => entry.group === group));
  for (const entry of sorted) {
    const command = commandAt(program, entry);
    configure(command, entry);
    command.action((...values: unknown[]) => {
      const given = values.slice(0, entry.arguments.length) as (string | undefined)[];
      return run(entry, parts, given, command.opts());
    });
  }
  eachCommand(program, (command) => {
    command.configureOutput({
      ...output,
      outputError: (text, write) => {
        const line = oneLine(text, usageHint(command)).trimEnd();
        write(`${wrapLine(line, printerOptions(parts.stderr, parts.env).width).join('\n')}\n`);
      },
    });
  });
  return program;
}

/** Finds or adds the command of an entry below those that its name begins with. */
function commandAt(program: Command, entry: CommandEntry): Command {
  let at = program;
  for (const word of entry.name.split(' ')) {
    const found = at.commands.find((each) => each.name() === word);
    const next = found ?? at.command(word).helpCommand(false);
    if (found === undefined) {
      if (at === program) next.helpGroup(`${entry.group}:`);
      next.description(familySummaries[word] ?? '');
    }
    at = next;
  }
  return at;
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function eachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) eachCommand(child, visit);
}

/** The parser's message as one line, which ends in the way out. */
function oneLine(text: string, hint: string): string {
  const message = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\n\((.*)\)$/s, '. $1');
  return `holdfast: ${/[.?]$/.test(message) ? message : `${message}.`} ${hint}\n`;
}

async function run(
  entry: CommandEntry,
  parts: CliParts,
  args: readonly (string | undefined)[],
  options: Readonly<Record<string, unknown>> & SharedOptions,
): Promise<void> {
  const { makeContext } = await import('./make-context.js');
  const context: CommandContext = makeContext(parts, commandIO(parts), options);
  await entry.run(context, args, options);
}
