/**
 * The table of commands. A command is added by adding an entry to one of the files next to this
 * one; help, completion and the reference page follow.
 */
import type { CommandEntry } from '../command.js';
import { accessCommands } from './access.js';
import { copyCommands } from './copies.js';
import { flagCommands } from './flags.js';
import { helpCommands } from './help.js';
import { historyCommands } from './history.js';
import { operatorCommands } from './operators.js';
import { ruleCommands } from './rules.js';
import { serverCommands } from './server.js';

/** All commands, in the order of the help within their groups. */
export const commandTable: readonly CommandEntry[] = [
  ...flagCommands,
  ...ruleCommands,
  ...historyCommands,
  ...accessCommands,
  ...operatorCommands,
  ...serverCommands,
  ...copyCommands,
  ...helpCommands(() => commandTable),
];

/** The summaries of words that are followed by another one, such as `keys` of `keys list`. */
export const familySummaries: Readonly<Record<string, string>> = {
  environments: 'environments: list, put, delete',
  keys: 'API keys: create, list, revoke',
  operators: 'tokens of people and scripts: create, list, change, rotate, revoke',
  rejected: 'inbox events that failed validation: list, retry, drop',
  sessions: 'people who signed in with the issuer: list, end',
  rule: 'rules of a config in words: list, add, move, remove',
  segment: 'groups that rules refer to: list, show, create, delete',
};
