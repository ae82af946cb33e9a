/** The route of signing in. [protocol] #sign-in */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { selfAnswer } from './operators.js';
import { adminRoute } from './route.js';

/** The time for which a token of a sign-in works, milliseconds. */
const TOKEN_MS = 12 * 60 * 60 * 1000;

/** The names of operators that sign-ins create: they are root, for a while. */
const NAME_PREFIX = 'root.';

const CODE_RULE = 'must be the code that a start of the node printed';

/** The route that exchanges a code for a token. */
export const SIGN_IN_ROUTES = [
  adminRoute({
    method: 'POST',
    path: '/sign-in',
    operation: 'signIn',
    role: 'viewer',
    scope: 'own',
    credential: 'none',
    summary: 'Exchanges a code that a start of the node printed, which works once, for a token of 12 hours',
    body: z.strictObject({ code: z.string(CODE_RULE).min(1, CODE_RULE).max(100, CODE_RULE) }),
    answers: { 201: selfAnswer.extend({ token: z.string() }).meta({ id: 'SignedIn' }) },
    errors: ['busy'],
    handle: async ({ body, note }, response, { codes, operators, now, onRefused }) => {
      const result = codes.redeem(body.code);
      if (result !== 'accepted') {
        onRefused('unknown');
        throw result === 'limited' ? tooMany() : wrongCode();
      }
      await operators.removeExpired(NAME_PREFIX);
      const name = `${NAME_PREFIX}${randomBytes(4).toString('hex')}`;
      const expiresAt = now() + TOKEN_MS;
      const { token } = await operators.create({ name, role: 'admin', environments: 'all', expiresAt });
      note({ subject: name });
      response
        .status(201)
        .json({ name, role: 'admin', environments: 'all', expiresAt: isoTime(expiresAt), token });
    },
  }),
];

function wrongCode(): HoldfastError {
  return new HoldfastError(
    'unauthorized',
    'that code is wrong, was used, or is older than 15 minutes: restart the node for another one, or sign in with a token',
  );
}

function tooMany(): HoldfastError {
  return new HoldfastError('busy', 'too many wrong codes: wait a minute, or sign in with a token');
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
