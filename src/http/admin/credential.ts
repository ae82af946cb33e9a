/** The credential of administration: a bearer token of root or of a named operator. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { HoldfastError } from '../../core/errors.js';
import type { TokenResult } from '../../operators/directory.js';
import { ROOT } from '../../operators/operator.js';
import type { Operator } from '../../store/operators.js';
import { bearerToken } from '../authenticate.js';
import type { AdminParts } from './parts.js';
import type { RefusedCredential } from './refusals.js';

/** Refuses requests without the token of an operator. */
export function requireOperator(parts: AdminParts): RequestHandler {
  const isRoot = rootTokens(parts.adminTokens);
  return async (request, response, next) => {
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) throw refuse(request, parts, 'missing', NEEDED);
    const isSession = parts.sessions.isToken(token);
    const find = (): Promise<TokenResult> => {
      if (isRoot(token)) return Promise.resolve({ kind: 'operator', operator: ROOT });
      return isSession ? parts.sessions.find(token) : parts.operators.find(token);
    };
    const found = await find();
    if (found.kind === 'unknown') {
      throw refuse(request, parts, 'unknown', isSession ? ENDED : 'that is not the token of an operator');
    }
    if (found.kind === 'expired') {
      const message = isSession ? over(found.at) : expired(found.name, found.at);
      throw refuse(request, parts, 'expired', message);
    }
    response.locals.operator = found.operator;
    response.locals.findOperator = find;
    response.locals.expiresAt = found.expiresAt;
    next();
  };
}

/** Returns the time from which the token of a request is refused, milliseconds since 1970. */
export function expiryOf(response: Response): number | undefined {
  return (response.locals as { expiresAt?: number }).expiresAt;
}

/**
 * Builds a function that looks the token of a request up again, for answers that take long. It
 * returns the operator as it is then; `undefined`: the token is revoked, or has expired.
 *
 * @throws HoldfastError `store_unavailable` when the store could not be asked for too long
 */
export function recheckOperator(response: Response): () => Promise<Operator | undefined> {
  const { findOperator } = response.locals as { findOperator?: () => Promise<TokenResult> };
  return async () => {
    const found = await findOperator?.();
    return found?.kind === 'operator' ? found.operator : undefined;
  };
}

/** Returns the operator whose token a request of administration has. */
export function operatorOf(response: Response): Operator {
  const { operator } = response.locals as { operator?: Operator };
  if (operator === undefined) throw new HoldfastError('internal', 'a route of operators has no operator');
  return operator;
}

const NEEDED = 'the admin token is needed: send it as Authorization: Bearer <token>';

const ENDED = 'that session has ended: sign in again';

function over(at: number): string {
  return `the session ended at ${new Date(at).toISOString()}: sign in again`;
}

function expired(name: string, at: number): string {
  return `the token of operator ${name} expired at ${new Date(at).toISOString()}: ask an admin to rotate it`;
}

/** A request without a token is a browser's or a scanner's: counted, and no entry of the trail. */
function refuse(
  request: Request,
  { audit, onRefused }: AdminParts,
  reason: RefusedCredential,
  message: string,
): HoldfastError {
  onRefused(reason);
  if (reason !== 'missing') audit.recordRefusal(request.socket.remoteAddress ?? 'unknown', reason);
  return new HoldfastError('unauthorized', message);
}

/**
 * Builds a function that recognises the tokens of root. It compares in a time that depends neither
 * on where the digests differ nor on the lengths of the texts behind them.
 */
export function rootTokens(adminTokens: readonly string[]): (token: string) => boolean {
  const accepted = adminTokens.map(digest);
  return (token) => {
    const given = digest(token);
    return accepted.some((each) => timingSafeEqual(given, each));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
