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
      { line: 'environments put 2 --name staging', does: 'creates environment 2 of project 1' },
      { line: 'environments put staging --name preview', does: 'gives it another name' },
    ],
    arguments: ['<environment>'],
    options: {
      name: textOption('<name>', 'its name; needed for a new one'),
      project: textOption('<id>', 'project that it belongs to; default: the one that it has, or 1'),
    },
    connections: ['url', 'token'],
    json: '{"id", "projectId", "name", "version", "configs"}',
    run: async (context, [environment], { project, name }) => {
      const { environmentsPut } = await import('../commands/environments.js');
      await environmentsPut(context, environment, { project, name });
    },
  }),
  defineCommand({
    name: 'environments delete',
    group: 'Access',
    summary: 'delete an environment for good: configs, keys and history',
    details:
      'Its streams end, and its copies in buckets become empty. Clients keep the values that they have.',
    examples: [
      { line: 'environments delete preview --confirm preview', does: 'deletes the environment preview' },
    ],
    arguments: ['<environment>'],
    options: {
      confirm: requiredOption('<name>', 'its name or number again'),
      message: textOption('<text>', 'why, for the audit trail; at most 500 characters'),
    },
    connections: ['url', 'token'],
    json: '{"id", "version", "revokedKeys"}',
    run: async (context, [environment], { confirm, message }) => {
      const { environmentsDelete } = await import('../commands/environments.js');
      await environmentsDelete(context, environment, { confirm, message });
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
      expires: textOption('<time>', 'when it expires, such as 2027-06-30T00:00:00Z; default: never'),
    },
    connections: ['url', 'token', 'environment'],
    json: '{"id", "key", "kind", "environment", "expiresAt"}',
    run: async (context, _arguments, { kind = 'server', name, expires }) => {
      const { createKey } = await import('../commands/keys.js');
      await createKey(context, { kind, name, expires });
    },
  }),
  defineCommand({
    name: 'keys list',
    group: 'Access',
    summary: 'list the keys of an environment, never their text',
    examples: [
      { line: 'keys list', does: 'shows which keys exist, when each was used, and which are revoked' },
    ],
    connections: ['url', 'token', 'environment'],
    json: '{"keys": [{"id", "kind", "name", "createdAt", "expiresAt", "lastUsedAt", "revokedAt"}]}',
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
