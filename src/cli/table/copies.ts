/** The commands for copies in object storage and for recovery. */
import { defaultOption, defineCommand, switchOption, textOption } from '../command.js';
import { UsageError } from '../io.js';

/** Declares the commands for copies in object storage and for recovery. */
export const copyCommands = [
  defineCommand({
    name: 'restore',
    group: 'Copies and recovery',
    summary: 'write back what the store lost',
    details: 'From what a node has in memory, from a datafile, or from the copies in a bucket.',
    examples: [
      { line: 'restore', does: 'has the node write back what it has in memory' },
      { line: 'restore backup.json', does: 'commits a datafile with its ids into its environment' },
      { line: 'restore --from s3://flags/copies', does: 'reads copies and writes to HOLDFAST_STORE itself' },
    ],
    arguments: ['[file]'],
    options: {
      from: textOption('<bucket>', 'URL of a bucket, as in HOLDFAST_BELT; writes to HOLDFAST_STORE itself'),
      message: textOption('<text>', 'with a file: why, for the history; at most 500 characters'),
    },
    connections: ['url', 'token'],
    json: '{"environments": [{"id", "version"}], "keys"}',
    run: async (context, [file], { from, message }) => {
      if (message !== undefined && file === undefined)
        throw new UsageError('--message is for a file: what a node or a bucket has comes back as it was.');
      if (from !== undefined) {
        if (file !== undefined) throw new UsageError('restore takes a file or --from, not both.');
        const { restoreFrom } = await import('../commands/belt.js');
        await restoreFrom(context, from);
        return;
      }
      const { restoreFromFile, restoreFromNode } = await import('../commands/restore.js');
      await (file === undefined ? restoreFromNode(context) : restoreFromFile(context, file, { message }));
    },
  }),
  defineCommand({
    name: 'belt',
    group: 'Copies and recovery',
    summary: 'write copies of all environments to the buckets of HOLDFAST_BELT, without serving',
    examples: [{ line: 'belt', does: 'writes copies until it is stopped' }],
    run: ({ processes }) => {
      if (processes.belt === undefined) throw new UsageError('holdfast belt is not part of this program.');
      return processes.belt();
    },
  }),
  defineCommand({
    name: 'belt verify',
    group: 'Copies and recovery',
    summary: 'compare every copy in every bucket with the store; exit code 1 if they differ',
    examples: [{ line: 'belt verify --all', does: 'lists the copies that are as they should be too' }],
    options: {
      within: defaultOption('<seconds>', '60', 'how old a change must be to count as not copied'),
      all: switchOption('list the copies that are as they should be too'),
    },
    json: '{"copies": [{"bucket", "environment", "state", "copy", "stored", "writtenAt"}]}',
    run: async (context, _arguments, { within, all }) => {
      const { verifyBelt } = await import('../commands/belt.js');
      await verifyBelt(context, { within, all: all === true });
    },
  }),
];
