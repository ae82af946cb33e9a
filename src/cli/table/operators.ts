/** The commands for operators, sessions and the audit trail. */
import { choiceOption, defineCommand, switchOption, textOption } from '../command.js';

const ROLES = ['viewer', 'editor', 'admin'] as const;
const environments = textOption('<names>', 'names or numbers with commas between them, or all');
const expires = textOption('<time>', 'when the token expires, such as 2027-06-30T00:00:00Z, or never');

/** Declares the commands for operators, sessions and the audit trail. */
export const operatorCommands = [
  defineCommand({
    name: 'operators create',
    group: 'Access',
    summary: 'create an operator and print its token, this once',
    examples: [
      { line: 'operators create ann --role admin', does: 'makes a token that may do everything' },
      {
        line: 'operators create ci --environments staging,2',
        does: 'makes a token that changes two environments',
      },
    ],
    arguments: ['<name>'],
    options: {
      role: choiceOption('<role>', ROLES, 'what it may do; default: editor'),
      environments,
      expires,
    },
    connections: ['url', 'token'],
    json: '{"name", "role", "environments", "createdAt", "expiresAt", "token"}',
    run: async (context, [name], { role = 'editor', ...options }) => {
      const { createOperator } = await import('../commands/operators.js');
      await createOperator(context, name, { role, ...options });
    },
  }),
  defineCommand({
    name: 'operators list',
    group: 'Access',
    summary: 'list operators, never their tokens; sessions list has people of an issuer',
    examples: [{ line: 'operators list', does: 'shows names, roles, expiry and the last day of use' }],
    connections: ['url', 'token'],
    json: '{"operators": [{"name", "role", "environments", "createdAt", "expiresAt", "lastUsedOn"}]}',
    run: async (context) => {
      const { listOperators } = await import('../commands/operators.js');
      await listOperators(context);
    },
  }),
  defineCommand({
    name: 'operators change',
    group: 'Access',
    summary: 'change role, environments or expiry of an operator',
    examples: [{ line: 'operators change ci --role viewer', does: 'lets it read only' }],
    arguments: ['<name>'],
    options: { role: choiceOption('<role>', ROLES, 'what it may do'), environments, expires },
    connections: ['url', 'token'],
    json: '{"name", "role", "environments", "createdAt", "expiresAt", "lastUsedOn"}',
    run: async (context, [name], options) => {
      const { changeOperator } = await import('../commands/operators.js');
      await changeOperator(context, name, options);
    },
  }),
  defineCommand({
    name: 'operators rotate',
    group: 'Access',
    summary: 'give an operator a new token and print it, this once',
    examples: [{ line: 'operators rotate ci', does: 'makes a new token; the old one is refused' }],
    arguments: ['<name>'],
    options: { expires },
    connections: ['url', 'token'],
    json: '{"name", "role", "environments", "createdAt", "expiresAt", "token"}',
    run: async (context, [name], options) => {
      const { rotateToken } = await import('../commands/operators.js');
      await rotateToken(context, name, options);
    },
  }),
  defineCommand({
    name: 'operators revoke',
    group: 'Access',
    summary: 'remove an operator; its token is refused within a second',
    examples: [{ line: 'operators revoke ann', does: 'refuses the token of ann from now on' }],
    arguments: ['<name>'],
    connections: ['url', 'token'],
    json: '{"name"}',
    run: async (context, [name]) => {
      const { revokeOperator } = await import('../commands/operators.js');
      await revokeOperator(context, name);
    },
  }),
  defineCommand({
    name: 'sessions list',
    group: 'Access',
    summary: 'list people who signed in to the console with the issuer',
    examples: [{ line: 'sessions list', does: 'shows names, roles, the claim of each, and the end' }],
    connections: ['url', 'token'],
    json: '{"sessions": [{"id", "name", "role", "environments", "claim", "issuer", "subject", "createdAt", "expiresAt"}]}',
    run: async (context) => {
      const { listSessions } = await import('../commands/sessions.js');
      await listSessions(context);
    },
  }),
  defineCommand({
    name: 'sessions end',
    group: 'Access',
    summary: 'end the sessions of a person, or all; they sign in again',
    examples: [
      { line: 'sessions end ann@example.com', does: 'signs ann out everywhere within a second' },
      { line: 'sessions end --all', does: 'signs everyone out, after a change of HOLDFAST_OIDC_ROLES' },
    ],
    arguments: ['[name]'],
    options: { all: switchOption('those of everyone') },
    connections: ['url', 'token'],
    json: '{"ended": [{"id", "name", "role", "environments", "claim", "issuer", "subject", "createdAt", "expiresAt"}]}',
    run: async (context, [name], options) => {
      const { endSessions } = await import('../commands/sessions.js');
      await endSessions(context, name, options);
    },
  }),
  defineCommand({
    name: 'audit',
    group: 'Access',
    summary: 'list what was done in administration, newest first',
    examples: [
      { line: 'audit', does: 'shows the last 50 entries' },
      { line: 'audit --operator ann --action revokeKey', does: 'shows the keys that ann revoked' },
    ],
    options: {
      operator: textOption('<name>', 'only what this operator did'),
      action: textOption('<action>', 'only this action, such as createKey'),
      subject: textOption('<text>', 'only what was done to this key, operator or address'),
      count: textOption('<n>', 'at most so many, up to 500; default: 50'),
      before: textOption('<id>', 'only entries older than that one'),
    },
    connections: ['url', 'token'],
    json: '{"entries": [{"id", "at", "action", "operator", "environment", "subject", "details"}], "next"}',
    run: async (context, _arguments, options) => {
      const { showAudit } = await import('../commands/operators.js');
      await showAudit(context, options);
    },
  }),
];
