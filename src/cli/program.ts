/**
 * The command line. Every command but `serve`, `belt` and `restore --from` is a client of the HTTP
 * interface.
 *
 * Exit codes: 0 done, 1 the request failed, 2 the command or the settings are wrong. A failure is
 * one line on standard error.
 */
import { systemClock } from '../core/clock.js';
import { Command, CommanderError, Option } from 'commander';
import { helpText } from '../config/help.js';
import type { EnvironmentVariables } from '../config/option.js';
import { restoreFrom, verifyBelt } from './commands/belt.js';
import { CHANGE_BYTES } from './datafile.js';
import { deleteConfig, setConfig } from './commands/edit.js';
import { importFile } from './commands/import.js';
import { createKey, listEnvironments, listKeys, putEnvironment, revokeKey } from './commands/keys.js';
import { tellFailure } from './failure.js';
import { dropRejected, listRejected, retryRejected } from './commands/rejected.js';
import { restoreFromFile, restoreFromNode } from './commands/restore.js';
import { showConfigs } from './commands/show.js';
import { UsageError, type Output, type CommandIO } from './io.js';
import {
  commandContext,
  connected,
  environmentArgument,
  type CommandContext,
  type SharedOptions,
} from './context.js';
import { tail } from './commands/tail.js';
import { typeNames } from './value.js';

/** The parts of the command line. */
export interface CliParts {
  /** The arguments after the name of the program. */
  readonly argv: readonly string[];
  readonly env: EnvironmentVariables;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin?: CommandIO['stdin'];
  /** Runs the server until it has stopped. `source`: from copies at these URLs alone. */
  readonly serve: (source?: string) => Promise<void>;
  /** Writes copies to the buckets until it has stopped. */
  readonly belt?: () => Promise<void>;
  readonly version?: string;
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

/** Runs one command. Never rejects; resolves to the exit code. */
export async function runCli(parts: CliParts): Promise<number> {
  const around = commandIO(parts);
  const program = build(parts, around);
  try {
    await program.parseAsync(parts.argv.length === 0 ? ['serve'] : parts.argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return tellFailure(error, parts.stderr);
  }
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

function build(parts: CliParts, around: CommandIO): Command {
  const program = new Command('holdfast')
    .description('Delivers ruleset changes to every connected client. Without a command: serve.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => parts.stdout.write(text),
      writeErr: (text) => parts.stderr.write(text.replace(/^error: /, 'holdfast: ')),
    })
    .addHelpText('after', `\n${helpText()}`);
  if (parts.version !== undefined) program.version(parts.version);
  const context = commandContext(parts.env, around);
  program
    .command('serve')
    .description('run the server (the default)')
    .option('--source <urls>', 'serve copies alone, from there (HOLDFAST_SOURCE)')
    .action(({ source }: { source?: string }) => parts.serve(source));
  addConfigCommands(program, context);
  addRestore(program, context);
  addTail(program, context);
  addKeys(program, context);
  addEnvironments(program, context);
  addRejected(program, context);
  addBelt(program, context, parts.belt);
  return program;
}

function addConfigCommands(program: Command, { around, open, environment }: CommandContext): void {
  connected(program.command('import <file>'), 'token', 'environment')
    .description('commit a datafile (proto3-JSON of Configs); - is standard input')
    .option('--keep-ids', "keep the file's ids, which must be above the environment's version")
    .option('--remap', 'accept a file of another environment and make its rows rows of this one')
    .action((file: string, options: SharedOptions & { keepIds?: true; remap?: true }) =>
      importFile(open(options), around, file, {
        environment: environment(options),
        keepIds: options.keepIds === true,
        remap: options.remap === true,
        changeBytes: CHANGE_BYTES,
      }),
    );
  connected(program.command('set <key> <value>'), 'token', 'environment')
    .description('change what a config evaluates to where no rule matches; create it if there is none')
    .addOption(
      new Option(
        '--type <type>',
        "type of the value; default: the config's, else what it looks like",
      ).choices(Object.keys(typeNames)),
    )
    .option('--all-rules', 'drop the rules too: the value is for everyone')
    .action((key: string, value: string, options: SharedOptions & { type?: string; allRules?: true }) =>
      setConfig(open(options), around, key, value, {
        environment: environment(options),
        type: options.type,
        allRules: options.allRules === true,
      }),
    );
  connected(program.command('delete <key>'), 'token', 'environment')
    .description('delete a config')
    .action((key: string, options: SharedOptions) =>
      deleteConfig(open(options), around, key, environment(options)),
    );
  connected(program.command('show [key]'), 'token', 'key', 'environment')
    .description(
      'list the configs, or one config as JSON; with the admin token, else with an API key and its environment',
    )
    .option('--json', 'the list as JSON, in the form that import reads')
    .action((key: string | undefined, options: SharedOptions & { json?: true }) =>
      showConfigs(open(options), around, {
        key,
        environment: environment(options),
        json: options.json === true,
      }),
    );
}

function addRestore(program: Command, { around, env, open }: CommandContext): void {
  connected(program.command('restore [file]'), 'token')
    .description(
      'write back what the store lost: from what a node has in memory, from a datafile, or from the copies in a bucket',
    )
    .option('--from <bucket>', 'URL of a bucket, as in HOLDFAST_BELT; writes to HOLDFAST_STORE itself')
    .action((file: string | undefined, options: SharedOptions & { from?: string }) => {
      if (options.from !== undefined) {
        if (file !== undefined) throw new UsageError('restore takes a file or --from, not both.');
        return restoreFrom(env, around, options.from);
      }
      return file === undefined
        ? restoreFromNode(open(options), around)
        : restoreFromFile(open(options), around, file);
    });
}

function addBelt(program: Command, { around, env }: CommandContext, run: CliParts['belt']): void {
  const belt = program
    .command('belt')
    .description('write copies of all environments to the buckets of HOLDFAST_BELT, without serving')
    .action(run ?? missing);
  belt
    .command('verify')
    .description('compare every copy in every bucket with the store; exit code 1 if they differ')
    .option('--within <seconds>', 'how old a change must be to count as not copied', '60')
    .option('--all', 'list the copies that are as they should be too')
    .action((options: { within: string; all?: true }) =>
      verifyBelt(env, around, { within: options.within, all: options.all === true }),
    );
}

function missing(): never {
  throw new UsageError('holdfast belt is not part of this program.');
}

function addTail(program: Command, { around, open }: CommandContext): void {
  connected(program.command('tail'), 'key')
    .description('subscribe as a client does and print each delta, until Ctrl-C')
    .action((options: SharedOptions) => tail(open(options), around));
}

function addKeys(program: Command, { around, open, environment }: CommandContext): void {
  const keys = program.command('keys').description('API keys: create, list, revoke');
  connected(keys.command('create'), 'token', 'environment')
    .description('create a key and print it, this once')
    .addOption(new Option('--kind <kind>', 'who it is for').choices(['server', 'client']).default('server'))
    .option('--name <name>', 'what to call it in lists')
    .action((options: SharedOptions & { kind: string; name?: string }) =>
      createKey(open(options), around, {
        environment: environment(options),
        kind: options.kind,
        name: options.name,
      }),
    );
  connected(keys.command('list'), 'token', 'environment')
    .description('list the keys of an environment, never their text')
    .action((options: SharedOptions) => listKeys(open(options), around, environment(options)));
  connected(keys.command('revoke <id>'), 'token')
    .description('refuse a key from now on and close its streams')
    .action((id: string, options: SharedOptions) => revokeKey(open(options), around, id));
}

function addEnvironments(program: Command, { around, open }: CommandContext): void {
  const environments = program.command('environments').description('environments: list, put');
  connected(environments.command('list'), 'token')
    .description('list the environments with their versions')
    .action((options: SharedOptions) => listEnvironments(open(options), around));
  connected(environments.command('put <id>'), 'token')
    .description('create or rename an environment')
    .requiredOption('--project <id>', 'project that it belongs to')
    .requiredOption('--name <name>', 'its name')
    .action((id: string, options: SharedOptions & { project: string; name: string }) =>
      putEnvironment(open(options), around, environmentArgument(id, '<id>'), {
        projectId: options.project,
        name: options.name,
      }),
    );
}

function addRejected(program: Command, { around, open }: CommandContext): void {
  const rejected = program
    .command('rejected')
    .description('inbox events that failed validation: list, retry, drop');
  connected(rejected.command('list'), 'token')
    .description('list the oldest with the reason of each')
    .option('--count <n>', 'how many at most, up to 200', '50')
    .action((options: SharedOptions & { count: string }) =>
      listRejected(open(options), around, options.count),
    );
  connected(rejected.command('retry <id>'), 'token')
    .description('put an event back into the inbox, as it was')
    .action((id: string, options: SharedOptions) => retryRejected(open(options), around, id));
  connected(rejected.command('drop <id>'), 'token')
    .description('remove an event for good')
    .action((id: string, options: SharedOptions) => dropRejected(open(options), around, id));
}
