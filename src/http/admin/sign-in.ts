/** The routes of signing in and out. [protocol] #sign-in */
import { randomBytes } from 'node:crypto';
import type { Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import type { AuditNote } from '../../operators/audit-trail.js';
import type { Operator } from '../../store/operators.js';
import { bearerToken } from '../authenticate.js';
import { readCookie, setCookie, signInCookie } from '../cookies.js';
import type { OidcAccess } from './oidc-access.js';
import { selfAnswer } from './operators.js';
import type { AdminParts } from './parts.js';
import { adminRoute } from './route.js';

/** The time for which a token of a printed code works, milliseconds. */
const TOKEN_MS = 12 * 60 * 60 * 1000;

/** The names of operators that printed codes create: they are root, for a while. */
const NAME_PREFIX = 'root.';

const CODE_RULE = 'must be the code of a link that a node printed, or that it sent the browser to';

interface SignedIn {
  readonly operator: Operator;
  readonly token: string;
  readonly expiresAt: number;
  readonly details?: AuditNote['details'];
}

/** The routes that say how to sign in, exchange a code for a token, and sign out. */
export const SIGN_IN_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/sign-in',
    operation: 'getSignIn',
    role: 'viewer',
    scope: 'own',
    credential: 'none',
    summary: 'Says with which issuer people can sign in, if with any',
    answers: {
      200: z
        .object({
          oidc: z
            .object({
              label: z.string().meta({ description: 'For the link: "Sign in with <label>".' }),
              url: z.string().meta({ description: 'Where a browser begins.' }),
            })
            .optional(),
        })
        .meta({ id: 'WaysToSignIn' }),
    },
    handle: (_request, response, { oidc }) => {
      if (oidc === undefined) response.json({});
      else response.json({ oidc: { label: oidc.label, url: `${oidc.consoleUrl}/admin/v1/oidc/start` } });
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/sign-in',
    operation: 'signIn',
    role: 'viewer',
    scope: 'own',
    credential: 'none',
    summary:
      'Exchanges a code that works once for a token: one that a start of the node printed, or one of a sign-in with the issuer',
    body: z.strictObject({ code: z.string(CODE_RULE).min(1, CODE_RULE).max(100, CODE_RULE) }),
    answers: { 201: selfAnswer.extend({ token: z.string() }).meta({ id: 'SignedIn' }) },
    errors: ['busy', 'issuer_unavailable'],
    handle: async ({ body, note }, response, parts) => {
      const signedIn = await signIn(body.code, response, parts);
      const { operator, token, expiresAt, details } = signedIn;
      const { name, role, environments } = operator;
      note({ subject: name, ...(details === undefined ? {} : { details }) });
      response.status(201).json({
        ...{ name, role, token, expiresAt: isoTime(expiresAt) },
        environments: environments === 'all' ? environments : environments.map(String),
      });
    },
  }),
  adminRoute({
    method: 'POST',
    path: '/sign-out',
    operation: 'signOut',
    role: 'viewer',
    scope: 'own',
    summary: 'Ends the session of the token that the request has; the token of an operator stays',
    answers: {
      200: z
        .object({ ended: z.boolean().meta({ description: 'False: it is the token of an operator.' }) })
        .meta({ id: 'SignedOut' }),
    },
    handle: async ({ operator: { name } }, response, { sessions, operators }) => {
      const token = bearerToken(response.req.headers.authorization) ?? '';
      if (sessions.isToken(token)) await sessions.endOwn(token);
      else if (name.startsWith(NAME_PREFIX)) await operators.revoke(name);
      else {
        response.json({ ended: false });
        return;
      }
      response.json({ ended: true });
    },
  }),
];

/** A browser that comes from the issuer has a cookie; the links that nodes print need none. */
async function signIn(code: string, response: Response, parts: AdminParts): Promise<SignedIn> {
  const { oidc } = parts;
  if (oidc !== undefined) {
    const begun = await signInWithIssuer(code, oidc, response);
    if (begun !== undefined) return begun;
  }
  return signInWithPrintedCode(code, parts);
}

async function signInWithIssuer(
  code: string,
  { signIn: issuer, consoleUrl }: OidcAccess,
  response: Response,
): Promise<SignedIn | undefined> {
  const cookie = signInCookie(consoleUrl);
  const flow = await issuer.ofCode(code, readCookie(response.req, cookie));
  if (flow === undefined) return undefined;
  setCookie(response, cookie, undefined);
  const { session, token } = await issuer.redeem(code, flow);
  const { name, role, environments, expiresAt, claim } = session;
  const reach = environments === 'all' ? environments : environments.join(', ');
  const { issuer: by, subject, id } = session;
  const details = { role, environments: reach, claim, issuer: by, subject, session: id };
  return { operator: { name, role, environments }, token, expiresAt, details };
}

async function signInWithPrintedCode(code: string, parts: AdminParts): Promise<SignedIn> {
  const { codes, operators, now, onRefused } = parts;
  const result = codes.redeem(code);
  if (result !== 'accepted') {
    onRefused('unknown');
    throw result === 'limited' ? tooMany() : wrongCode();
  }
  await operators.removeExpired(NAME_PREFIX);
  const name = `${NAME_PREFIX}${randomBytes(4).toString('hex')}`;
  const expiresAt = now() + TOKEN_MS;
  const operator: Operator = { name, role: 'admin', environments: 'all' };
  const { token } = await operators.create({ ...operator, expiresAt });
  return { operator, token, expiresAt };
}

function wrongCode(): HoldfastError {
  return new HoldfastError(
    'unauthorized',
    'that code is wrong, was used, or is too old: sign in again, with a token, or with the link that a restart of the node prints',
  );
}

function tooMany(): HoldfastError {
  return new HoldfastError('busy', 'too many wrong codes: wait a minute, or sign in with a token');
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
