/** The routes of signing in with an issuer, which browsers open. [protocol] #sign-in-with-an-issuer */
import type { Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { consolePath, type SignInResult } from '../../oidc/sign-in.js';
import { networkOf } from '../client-addresses.js';
import { readCookie, setCookie, signInCookie } from '../cookies.js';
import type { OidcAccess } from './oidc-access.js';
import type { AdminParts } from './parts.js';
import { adminRoute } from './route.js';

/** The path at which the issuer sends browsers back, to be registered there. */
export const CALLBACK_PATH = '/admin/v1/oidc/callback';

const RETURN_RULE = 'must be a path of the console, such as /console/';
const RETURN_MAX = 1_000;

const returnField = z
  .string(RETURN_RULE)
  .max(RETURN_MAX, `must have at most ${RETURN_MAX} characters`)
  .default('/console/')
  .transform((text, context) => {
    const path = consolePath(text);
    if (path !== undefined) return path;
    context.issues.push({ code: 'custom', message: RETURN_RULE, input: text });
    return z.NEVER;
  })
  .meta({ description: 'The page of the console to return to.' });

const LOCATION = { Location: 'Where the browser goes next.' };

/** The routes that send a browser to the issuer, and take it back. */
export const OIDC_ROUTES = [
  adminRoute({
    method: 'GET',
    path: '/oidc/start',
    operation: 'startOidc',
    role: 'viewer',
    scope: 'own',
    credential: 'none',
    summary: 'Sends a browser to the issuer to sign in',
    query: z.object({ return: returnField }),
    answers: { 302: z.undefined() },
    answerHeaders: LOCATION,
    errors: ['not_found', 'rate_limited'],
    handle: async ({ query }, response, parts) => {
      const oidc = oidcOf(parts);
      admit(oidc, response);
      const { location, cookie } = await oidc.signIn.begin(query.return);
      setCookie(response, signInCookie(oidc.consoleUrl), cookie);
      response.redirect(302, location);
    },
  }),
  adminRoute({
    method: 'GET',
    path: '/oidc/callback',
    operation: 'finishOidc',
    role: 'viewer',
    scope: 'own',
    credential: 'none',
    summary: 'Takes a browser back from the issuer, and sends it to the console with a code or a refusal',
    // Issuers add parameters of their own.
    query: z.looseObject({}),
    answers: { 302: z.undefined() },
    answerHeaders: LOCATION,
    errors: ['not_found', 'rate_limited'],
    handle: async (_request, response, parts) => {
      const oidc = oidcOf(parts);
      admit(oidc, response);
      const cookie = signInCookie(oidc.consoleUrl);
      const { originalUrl } = response.req;
      const mark = originalUrl.indexOf('?');
      const query = mark < 0 ? '' : originalUrl.slice(mark + 1);
      const result = await oidc.signIn.finish(query, readCookie(response.req, cookie));
      if (result.kind === 'refused') noteRefusal(result, oidc.addressOf(response.req), parts);
      setCookie(response, cookie, result.cookie);
      response.redirect(302, result.location);
    },
  }),
];

/** Returns the issuer's part. @throws HoldfastError `not_found` when there is none */
function oidcOf({ oidc }: AdminParts): OidcAccess {
  if (oidc !== undefined) return oidc;
  throw new HoldfastError('not_found', 'there is no issuer to sign in with: set HOLDFAST_OIDC_ISSUER');
}

function admit({ limiter, addressOf }: OidcAccess, response: Response): void {
  const wait = limiter.take(networkOf(addressOf(response.req)));
  if (wait === 0) return;
  const seconds = Math.max(1, Math.ceil(wait / 1000));
  response.setHeader('Retry-After', `${seconds}`);
  throw new HoldfastError(
    'rate_limited',
    `too many sign-ins from one address: try again in ${seconds} s, or sign in with a token`,
  );
}

/** A person who was refused is named in the trail; an answer that does not count, by its address. */
function noteRefusal(
  { error, name }: Extract<SignInResult, { kind: 'refused' }>,
  address: string,
  { audit, onRefused }: AdminParts,
): void {
  onRefused('oidc');
  const details = { reason: error.code, message: error.message };
  if (name === undefined) audit.recordRefusal(address, 'oidc', details);
  else audit.recordChange({ action: 'refuseSignIn', operator: name, details });
}
