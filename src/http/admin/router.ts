/**
 * The router of administration, made from the table of its routes: role check, validation, methods
 * that a path does not have.
 */
import { json, raw, Router, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '../../core/errors.js';
import { includesRole, reaches } from '../../operators/operator.js';
import type { Operator } from '../../store/operators.js';
import { requireAdmin } from '../authenticate.js';
import { limitBody } from '../body-limit.js';
import { onlyMethods } from '../errors.js';
import { environmentId } from '../params.js';
import { readHeaders, readJsonBody, readParams, readQuery } from './input.js';
import type { AdminParts } from './parts.js';
import { needsAll, outOfReach, roleTooLow } from './refusals.js';
import type { AdminRoute, RawBody } from './route.js';
import { ADMIN_ROUTES } from './table.js';

/** JSON bodies are small; changes have a limit of their own. */
const BODY_MAX_BYTES = 64 * 1024;

const NO_PARAMETERS = z.object({});

/**
 * Builds the router of administration, to be mounted below `/admin/v1`. Each request needs an admin
 * token.
 */
export function adminRouter(parts: AdminParts, routes: readonly AdminRoute[] = ADMIN_ROUTES): Router {
  const router = Router();
  router.use(requireAdmin(parts.adminTokens));
  router.use((request, response, next) => {
    response.locals.mount = request.baseUrl;
    response.set('Cache-Control', 'no-store');
    next();
  });
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const at = router.route(path);
    for (const route of here) {
      const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';
      at[method](admit(route), ...bodyParsers(route), handler(route, parts));
    }
    at.all(onlyMethods(...here.map(({ method }) => method)));
  }
  return router;
}

/** Returns the operator whose token a request of administration has. */
export function operatorOf(response: Response): Operator {
  const { operator } = response.locals as { operator?: Operator };
  if (operator === undefined) throw new HoldfastError('internal', 'a route of operators has no operator');
  return operator;
}

/** Refuses operators by their role and their environments, before the body is read. */
function admit(route: AdminRoute): RequestHandler {
  return (request, response, next) => {
    const operator = operatorOf(response);
    if (!includesRole(operator.role, route.role)) throw roleTooLow(operator, route);
    if (route.scope === 'installation' && operator.environments !== 'all') throw needsAll(operator);
    if (route.scope === 'environment') {
      const environment = environmentId(request);
      if (!reaches(operator, environment)) throw outOfReach(operator, environment);
      response.locals.environment = environment;
    }
    next();
  };
}

function bodyParsers({ body }: AdminRoute): RequestHandler[] {
  if (body !== undefined && isRaw(body)) {
    const { limit } = body;
    return [limitBody(limit), raw({ limit, type: () => true })];
  }
  return [limitBody(BODY_MAX_BYTES), json({ limit: BODY_MAX_BYTES, type: () => true })];
}

function handler(route: AdminRoute, parts: AdminParts): RequestHandler {
  const { params, query, headers, body } = route;
  return async (request, response) => {
    const { environment } = response.locals as { environment?: bigint };
    const validated = {
      operator: operatorOf(response),
      environment,
      params: params === undefined ? {} : readParams(params, request),
      query: readQuery(query ?? NO_PARAMETERS, request),
      headers: headers === undefined ? {} : readHeaders(headers, request),
      body:
        body === undefined
          ? undefined
          : isRaw(body)
            ? readRaw(request)
            : readJsonBody(body, request.body as unknown),
    };
    await route.handle(validated, response, parts);
  };
}

/** Without a body the parser leaves `request.body` undefined. */
function readRaw(request: Request): { bytes: Buffer; contentType: string } {
  const body: unknown = request.body;
  const contentType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return { bytes: Buffer.isBuffer(body) ? body : Buffer.alloc(0), contentType };
}

function isRaw(body: NonNullable<AdminRoute['body']>): body is RawBody {
  return 'raw' in body;
}
