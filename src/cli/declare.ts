/** Makes commands of the parser out of entries of the table. */
import { Option, type Command } from 'commander';
import { clientVariables } from '../config/client-variables.js';
import type { CommandEntry, CommandOption, Connection } from './command.js';

/**
 * The warning of options with secrets: arguments of a process can be read by every user of the
 * machine (`ps`), its environment cannot.
 */
const VISIBLE = 'visible in the list of processes, so prefer';

/** The options that say where the server is and who asks: flags and help. */
export const CONNECTIONS: Readonly<Record<Connection, readonly [flags: string, help: string]>> = {
  url: ['--url <url>', `server (HOLDFAST_URL; ${clientVariables.url.default})`],
  token: ['--token <token>', `admin token; ${VISIBLE} HOLDFAST_ADMIN_TOKEN`],
  key: ['--key <key>', `API key; ${VISIBLE} HOLDFAST_API_KEY`],
  environment: ['--environment <name>', 'its name or number (HOLDFAST_ENVIRONMENT; 1)'],
};

/** The option of every command with a connection. */
export const VERBOSE = ['--verbose', 'say where the server and the credentials are from'] as const;

/** Gives a command what its entry says. */
export function configure(command: Command, entry: CommandEntry): void {
  command.summary(entry.summary);
  command.description([entry.summary, ...(entry.details === undefined ? [] : [entry.details])].join('\n\n'));
  for (const argument of entry.arguments) command.argument(argument);
  for (const [name, option] of Object.entries(entry.options)) {
    command.addOption(optionOf(name, option));
  }
  if (entry.json !== undefined) command.option('--json', `print JSON: ${entry.json}`);
  for (const connection of entry.connections) {
    command.addOption(new Option(...CONNECTIONS[connection]).helpGroup('Connection:'));
  }
  if (entry.connections.length > 0) command.addOption(new Option(...VERBOSE).helpGroup('Connection:'));
  const lines = entry.examples.map(({ line, does }) => `  holdfast ${line}\n      ${does}`);
  command.addHelpText('after', () => {
    const title = command.createHelp().styleTitle('Examples:');
    return `\n${title}\n${lines.join('\n')}`;
  });
}

/** The flags of an option: `keepIds` is `--keep-ids`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function optionOf(name: string, option: CommandOption): Option {
  const { help, placeholder, choices, required } = option;
  const made = new Option(placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`, help);
  if (choices !== undefined) made.choices(choices);
  // Without commander's own `default`, which would print it in quotes.
  if (option.default !== undefined) made.default(option.default, option.default);
  if (option.repeated === true) {
    made.argParser<string[]>((value, before: string[] | undefined) => [...(before ?? []), value]);
  }
  return required === true ? made.makeOptionMandatory() : made;
}

/** The sentence that ends a usage error: where to read what exists. */
export function usageHint(command: Command): string {
  const names: string[] = [];
  for (let at = command; at.parent !== null; at = at.parent) names.unshift(at.name());
  const path = ['holdfast', ...names].join(' ');
  return command.commands.length > 0 && names.length > 0
    ? `${path} has ${command.commands.map((each) => each.name()).join(', ')}.`
    : `See ${path} --help.`;
}
