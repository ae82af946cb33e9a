/** The commands for environments and keys. */
import { choiceOption, defineCommand, requiredOption, textOption } from '../command.js';

/** Declares the commands for environments and keys. */
export const accessCommands = [
  defineCommand({
    name: 'environments list',
    group: 'Access',
    summary: 'list the environments with their versions',
    examples: [{ line: 'environments list', does: 'shows the number, name and version of each' }],
    connections: ['url', 'token'],
    json: '{"environments": [{"id", "projectId", "name", "version", "configs"}]}',
    run: async (context) => {
      const { listEnvironments } = await import('../commands/environments.js');
      await listEnvironments(context);
    },
  }),
  defineCommand({
    name: 'environments put',
    group: 'Access',
    summary: 'create or rename an environment',
    examples: [
      { line: 'environments put 2 --project 1 --name staging', does: 'creates environment 2 of project 1' },
    ],
    arguments: ['<id>'],
    options: {
      project: requiredOption('<id>', 'project that it belongs to'),
      name: requiredOption('<name>', 'its name'),
    },
    connections: ['url', 'token'],
    json: '{"id", "projectId", "name"}',
    run: async (context, [id], { project, name }) => {
      const { environmentsPut } = await import('../commands/environments.js');
      await environmentsPut(context, id, { projectId: project, name });
    },
  }),
  defineCommand({
    name: 'keys create',
    group: 'Access',
    summary: 'create a key and print it, this once',
    examples: [
      { line: 'keys create --name checkout', does: 'makes a key for a server' },
      { line: 'keys create --kind client --name my-page', does: 'makes a key for pages and apps' },
    ],
    options: {
      kind: choiceOption('<kind>', ['server', 'client'], 'the clients it is for; default: server'),
      name: textOption('<name>', 'what to call it in lists'),
    },
    connections: ['url', 'token', 'environment'],
    json: '{"id", "key", "kind", "environment"}',
    run: async (context, _arguments, { kind = 'server', name }) => {
      const { createKey } = await import('../commands/keys.js');
      await createKey(context, { kind, name });
    },
  }),
  defineCommand({
    name: 'keys list',
    group: 'Access',
    summary: 'list the keys of an environment, never their text',
    examples: [{ line: 'keys list', does: 'shows which keys exist, and which are revoked' }],
    connections: ['url', 'token', 'environment'],
    json: '{"keys": [{"id", "kind", "name", "createdAt", "revokedAt"}]}',
    run: async (context) => {
      const { listKeys } = await import('../commands/keys.js');
      await listKeys(context);
    },
  }),
  defineCommand({
    name: 'keys revoke',
    group: 'Access',
    summary: 'refuse a key from now on and close its streams',
    examples: [{ line: 'keys revoke 4f2a', does: 'revokes the key that keys list shows with this id' }],
    arguments: ['<id>'],
    connections: ['url', 'token'],
    json: '{"id"}',
    run: async (context, [id]) => {
      const { revokeKey } = await import('../commands/keys.js');
      await revokeKey(context, id);
    },
  }),
];
