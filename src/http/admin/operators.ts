/** The routes of operators. [protocol] #operators */
import { z } from 'zod';
import { operatorRevision } from '../../operators/directory.js';
import { OPERATOR_ROLES, type Operator, type OperatorRecord } from '../../store/operators.js';
import type { Store } from '../../store/store.js';
import { resolveEnvironments } from './environment-name.js';
import { environmentField, expiryField, idText, ifRevisionHeader, revisionText, timeText } from './input.js';
import { expiryOf } from './credential.js';
import { adminRoute } from './route.js';

const NAME_RULE =
  'must be 1 to 60 letters, digits, dots, dashes, underscores or @, and neither root, which is the operator of HOLDFAST_ADMIN_TOKEN, nor . or .., which no path can name';
const LIST_MAX = 1_000;
const LIST_RULE = `must be "all", or a list of 1 to ${LIST_MAX} environments by number or name`;

const operatorName = z.string(NAME_RULE).regex(/^(?!root$|\.{1,2}$)[\w.@-]{1,60}$/i, NAME_RULE);
const roleField = z.enum(OPERATOR_ROLES, 'must be viewer, editor or admin');
const environmentsField = z
  .union([z.literal('all'), z.array(environmentField).min(1).max(LIST_MAX)], LIST_RULE)
  .meta({
    description: '"all", those to come too, or a list. A name stands for the number that has it now.',
  });

const operatorAnswer = z
  .object({
    name: z.string(),
    role: z.enum(OPERATOR_ROLES),
    environments: z.union([z.literal('all'), z.array(idText)]),
    createdAt: timeText,
    expiresAt: timeText.optional(),
    revision: revisionText,
    lastUsedOn: z.iso.date().optional().meta({ description: 'The day on which the token was last used.' }),
  })
  .meta({ id: 'Operator' });

const issuedAnswer = operatorAnswer
  .extend({ token: z.string().meta({ description: 'The token itself, which is shown once.' }) })
  .meta({ id: 'IssuedToken' });

/** The operator of a token. */
export const selfAnswer = z
  .object({
    name: z.string(),
    role: z.enum(OPERATOR_ROLES),
    environments: z.union([z.literal('all'), z.array(idText)]),
    expiresAt: timeText.optional().meta({ description: 'The token is refused from then on.' }),
  })
  .meta({ id: 'Self' });

const params = z.object({ name: z.string() });

/** The routes that read, list, create, change and revoke operators, and rotate their tokens. */
export const OPERATOR_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/self',
    operation: 'getSelf',
    role: 'viewer',
    scope: 'own',
    summary: 'Reads the operator whose token the request has',
    answers: { 200: selfAnswer },
    handle: ({ operator: { name, role, environments } }, response) => {
      const expiresAt = expiryOf(response);
      response.json({
        name,
        role,
        environments: environments === 'all' ? environments : environments.map(String),
        ...(expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) }),
      });
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/operators',
    operation: 'listOperators',
    role: 'admin',
    scope: 'installation',
    summary: 'Lists operators by name, without their tokens',
    answers: { 200: z.object({ operators: z.array(operatorAnswer) }) },
    handle: async (_request, response, { operators }) => {
      response.json({ operators: (await operators.list()).map(operatorJson) });
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/operators',
    operation: 'createOperator',
    role: 'admin',
    scope: 'installation',
    summary: 'Creates an operator with a token',
    body: z.strictObject({
      name: operatorName,
      role: roleField,
      environments: environmentsField.default('all'),
      expiresAt: expiryField('token').optional(),
    }),
    answers: { 201: issuedAnswer },
    errors: ['environment_unknown', 'busy'],
    handle: async ({ operator: by, body, note }, response, { operators, store }) => {
      const environments = await resolveAll(body.environments, by, store);
      const settings = { ...body, environments, expiresAt: body.expiresAt ?? undefined };
      const { operator, token } = await operators.create(settings);
      note({ subject: operator.name, details: describeOperator(operator) });
      response.status(201).json({ ...operatorJson(operator), token });
    },
  }),
  adminRoute({
    method: 'PUT',
    path: '/operators/:name',
    operation: 'changeOperator',
    role: 'admin',
    scope: 'installation',
    summary: 'Changes role, environments or expiry of an operator; what is left out stays',
    params,
    headers: z.object({ 'If-Match': ifRevisionHeader }),
    body: z.strictObject({
      role: roleField.optional(),
      environments: environmentsField.optional(),
      expiresAt: expiryField('token').optional(),
    }),
    answers: { 200: operatorAnswer },
    errors: ['not_found', 'environment_unknown', 'version_mismatch', 'busy'],
    handle: async ({ operator: by, params: { name }, headers, body, note }, response, parts) => {
      const { operators, store } = parts;
      const { environments: listed, ...rest } = body;
      const environments = listed && (await resolveAll(listed, by, store));
      const operator = await operators.change(name, { ...rest, environments }, headers['If-Match']);
      note({ subject: name, details: describeOperator(operator) });
      response.json(operatorJson(operator));
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: '/operators/:name',
    operation: 'revokeOperator',
    role: 'admin',
    scope: 'installation',
    summary: 'Removes an operator: its token is refused within a second on every node',
    params,
    answers: { 200: operatorAnswer },
    errors: ['not_found', 'busy'],
    handle: async ({ params: { name }, note }, response, { operators }) => {
      note({ subject: name });
      response.json(operatorJson(await operators.revoke(name)));
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/operators/:name/rotate',
    operation: 'rotateToken',
    role: 'admin',
    scope: 'installation',
    summary: 'Gives an operator a new token; the old one is refused',
    params,
    body: z.strictObject({ expiresAt: expiryField('token').optional() }),
    answers: { 200: issuedAnswer },
    errors: ['not_found', 'busy'],
    handle: async ({ params: { name }, body, note }, response, { operators }) => {
      const { operator, token } = await operators.rotate(name, body.expiresAt);
      note({ subject: name });
      response.json({ ...operatorJson(operator), token });
    },
  }),
];

/** The numbers of the environments of a list, each once. */
function resolveAll(
  listed: 'all' | readonly string[],
  by: Operator,
  store: Store,
): Promise<bigint[]> | 'all' {
  return listed === 'all' ? listed : resolveEnvironments(listed, by, store, 'environments');
}

function operatorJson(operator: OperatorRecord): z.input<typeof operatorAnswer> {
  const { name, role, environments, createdAt, expiresAt, lastUsedAt } = operator;
  return {
    name,
    role,
    environments: environments === 'all' ? 'all' : environments.map(String),
    createdAt: isoTime(createdAt),
    revision: operatorRevision(operator),
    ...(expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) }),
    ...(lastUsedAt === undefined ? {} : { lastUsedOn: isoTime(lastUsedAt).slice(0, 10) }),
  };
}

function describeOperator({ role, environments, expiresAt }: OperatorRecord): Record<string, string> {
  return {
    role,
    environments: environments === 'all' ? 'all' : environments.join(', '),
    ...(expiresAt === undefined ? {} : { expiresAt: isoTime(expiresAt) }),
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
