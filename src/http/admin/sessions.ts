/** The routes of the sessions of people who signed in with an issuer. [protocol] #sessions */
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { OPERATOR_ROLES } from '../../store/operators.js';
import type { SessionRecord } from '../../store/sessions.js';
import { idText, timeText } from './input.js';
import { adminRoute } from './route.js';

const NAME_RULE = 'must be given once, with the name of a person';

const sessionAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(OPERATOR_ROLES),
    environments: z.union([z.literal('all'), z.array(idText)]),
    claim: z.string().meta({ description: 'What gave the role: a claim of the issuer with its value.' }),
    issuer: z.string(),
    subject: z.string().meta({ description: "The issuer's lasting name for the person." }),
    createdAt: timeText,
    expiresAt: timeText,
  })
  .meta({ id: 'Session' });

const endedAnswer = z.object({ ended: z.array(sessionAnswer) });

/** The routes that list sessions, and end one or all. */
export const SESSION_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/sessions',
    operation: 'listSessions',
    role: 'admin',
    scope: 'installation',
    summary: 'Lists the sessions of people who signed in with the issuer, the newest first',
    answers: { 200: z.object({ sessions: z.array(sessionAnswer) }) },
    handle: async (_request, response, { sessions }) => {
      response.json({ sessions: (await sessions.list()).map(sessionJson) });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: '/sessions',
    operation: 'endSessions',
    role: 'admin',
    scope: 'installation',
    summary:
      'Ends all sessions, or all of one person: their tokens are refused within a second on every node',
    query: z.object({
      name: z.string(NAME_RULE).min(1, NAME_RULE).max(200, NAME_RULE).optional().meta({
        description: 'Only those of the person with that name.',
      }),
    }),
    answers: { 200: endedAnswer },
    handle: async ({ query: { name }, note }, response, { sessions }) => {
      const ended = await sessions.endAll(name);
      note({ subject: name ?? 'everyone', details: { ended: `${ended.length}` } });
      response.json({ ended: ended.map(sessionJson) });
    },
  }),
  adminRoute({
    method: 'DELETE',
    path: '/sessions/:id',
    operation: 'endSession',
    role: 'admin',
    scope: 'installation',
    summary: 'Ends a session: its token is refused within a second on every node',
    params: z.object({ id: z.string() }),
    answers: { 200: sessionAnswer },
    errors: ['not_found'],
    handle: async ({ params: { id }, note }, response, { sessions }) => {
      const ended = await sessions.end(id);
      if (ended === undefined) throw unknownSession(id);
      note({ subject: ended.name, details: { session: id } });
      response.json(sessionJson(ended));
    },
  }),
];

function unknownSession(id: string): HoldfastError {
  return new HoldfastError('not_found', `there is no session ${id}: list sessions to see their ids`);
}

function sessionJson(session: SessionRecord): z.input<typeof sessionAnswer> {
  const { id, name, role, environments, claim, issuer, subject, createdAt, expiresAt } = session;
  return {
    ...{ id, name, role, claim, issuer, subject },
    environments: environments === 'all' ? 'all' : environments.map(String),
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  };
}
