/** The commands about what changed. */
import { defineCommand, requiredOption, switchOption, textOption } from '../command.js';

const message = textOption('<text>', 'why, for the history; at most 500 characters');
const dryRun = switchOption('show the differences and commit nothing');

/** Declares the commands about what changed. */
export const historyCommands = [
  defineCommand({
    name: 'history',
    group: 'History',
    summary: 'list changes: when, who, why and what',
    examples: [
      { line: 'history', does: 'lists the newest changes of the environment' },
      { line: 'history flag.welcome-banner', does: 'lists those of one config' },
      { line: 'history --change 1795296829229006', does: 'shows one change in full' },
    ],
    arguments: ['[key]'],
    options: {
      change: textOption('<version>', 'show this change in full'),
      author: textOption('<name>', 'of this author only'),
      limit: textOption('<n>', 'how many at most, up to 100; default: 20'),
      before: textOption('<version>', 'older than this one'),
    },
    connections: ['url', 'token', 'environment'],
    json: '{"changes": [{"id", "version", "at", "author", "message", "source", "configs"}], "next"}; with --change one of them',
    run: async (context, [key], { change, ...filters }) => {
      const { showChange, showHistory } = await import('../commands/history.js');
      await (change === undefined ? showHistory(context, key, filters) : showChange(context, change));
    },
  }),
  defineCommand({
    name: 'rollback',
    group: 'History',
    summary: 'take changes back, as a new change',
    details: 'Refused where the history does not reach that far, or where a later change depends on it.',
    examples: [
      { line: 'rollback --undo 1795296829229006', does: 'takes one change back' },
      {
        line: 'rollback --to 1795296829229006 flag.welcome-banner',
        does: 'takes a config back to a version',
      },
      { line: 'rollback --to 1795296829229006 --dry-run', does: 'shows what would change' },
    ],
    arguments: ['[key...]'],
    options: {
      to: textOption('<version>', 'take back everything after this version, or that of the keys alone'),
      undo: textOption('<version>', 'take back the change to this version'),
      message,
      dryRun,
    },
    connections: ['url', 'token', 'environment'],
    json: '{"previous", "version", "configs"}; with --dry-run the differences',
    run: async (context, [keys], { to, undo, message: why, dryRun: isDry }) => {
      const { rollBack } = await import('../commands/history.js');
      await rollBack(context, keys, { to, undo, message: why, dryRun: isDry === true });
    },
  }),
  defineCommand({
    name: 'promote',
    group: 'History',
    summary: 'copy configs from another environment, with the segments that they need',
    examples: [
      { line: 'promote --from staging flag.welcome-banner', does: 'copies one flag' },
      { line: 'promote --from staging --deletions --dry-run', does: 'shows what a copy of all would change' },
    ],
    arguments: ['[key...]'],
    options: {
      from: requiredOption('<environment>', 'the environment to copy from, by number or name'),
      deletions: switchOption('delete what that environment does not have'),
      message,
      dryRun,
    },
    connections: ['url', 'token', 'environment'],
    json: '{"previous", "version", "configs"}; with --dry-run the differences',
    run: async (context, [keys], { from, deletions, message: why, dryRun: isDry }) => {
      const { promote } = await import('../commands/history.js');
      await promote(context, keys, {
        from,
        deletions: deletions === true,
        message: why,
        dryRun: isDry === true,
      });
    },
  }),
  defineCommand({
    name: 'diff',
    group: 'History',
    summary: 'compare two environments',
    examples: [{ line: 'diff staging production', does: 'shows what production has otherwise' }],
    arguments: ['<from>', '<to>'],
    connections: ['url', 'token'],
    json: '{"from", "to", "configs": [{"key", "kind", "lines"}]}',
    run: async (context, [from, to]) => {
      const { compareEnvironments } = await import('../commands/history.js');
      await compareEnvironments(context, from, to);
    },
  }),
];
