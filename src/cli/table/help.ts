/** The commands about the command line itself. */
import { defineCommand, type CommandEntry } from '../command.js';

/** Declares the commands about the command line itself, which know the whole table. */
export const helpCommands = (table: () => readonly CommandEntry[]): CommandEntry[] => [
  defineCommand({
    name: 'help',
    group: 'Help',
    summary: 'explain a command, or the settings of the server',
    examples: [
      { line: 'help set', does: 'explains a command' },
      { line: 'help settings', does: "lists the server's settings, which are variables" },
    ],
    arguments: ['[topic...]'],
    run: async (context, [topic]) => {
      const { printHelp } = await import('../commands/help.js');
      printHelp(context, topic, table());
    },
  }),
  defineCommand({
    name: 'version',
    group: 'Help',
    summary: 'print the version of this program',
    examples: [{ line: 'version', does: 'prints it' }],
    json: '{"version", "node"}',
    run: async (context) => {
      const { printVersion } = await import('../commands/help.js');
      printVersion(context);
    },
  }),
  defineCommand({
    name: 'completion',
    group: 'Help',
    summary: 'print a script that completes commands in bash, zsh or fish',
    examples: [
      { line: 'completion bash > ~/.local/share/bash-completion/completions/holdfast', does: 'for bash' },
      { line: 'completion zsh > "${fpath[1]}/_holdfast"', does: 'for zsh' },
      { line: 'completion fish > ~/.config/fish/completions/holdfast.fish', does: 'for fish' },
    ],
    arguments: ['<shell>'],
    run: async (context, [shell]) => {
      const { printCompletion } = await import('../commands/completion.js');
      printCompletion(context, shell, table());
    },
  }),
];
