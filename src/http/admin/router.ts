/**
 * The router of administration, made from the table of its routes: role check, validation, methods
 * that a path does not have.
 */
import { json, raw, Router, type Request, type RequestHandler } from 'express';
import { z } from 'zod';
import type { AuditNote } from '../../operators/audit-trail.js';
import { ANONYMOUS, includesRole } from '../../operators/operator.js';
import { limitBody } from '../body-limit.js';
import { onlyMethods } from '../errors.js';
import { operatorOf, requireOperator } from './credential.js';
import { resolveEnvironment } from './environment-name.js';
import { queryReader, readHeaders, readJsonBody, readParams } from './input.js';
import type { AdminParts } from './parts.js';
import { needsAll, roleTooLow } from './refusals.js';
import type { AdminRequest, AdminRoute, RawBody, RouteScope } from './route.js';
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
  router.use((request, response, next) => {
    response.locals.mount = request.baseUrl;
    // Also on routes without a credential: at `Basic` a browser would ask for a name and a password.
    response.locals.challenge = 'bearer';
    response.set('Cache-Control', 'no-store');
    next();
  });
  const isOpen = ({ credential }: AdminRoute): boolean => credential === 'none';
  addRoutes(router, parts, routes.filter(isOpen));
  router.use(requireOperator(parts));
  addRoutes(
    router,
    parts,
    routes.filter((route) => !isOpen(route)),
  );
  return router;
}

function addRoutes(router: Router, parts: AdminParts, routes: readonly AdminRoute[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const at = router.route(path);
    // Express would answer HEAD as GET: with a stream that no event ends.
    if (here.some(({ answerType }) => answerType !== undefined)) at.head(onlyMethods('GET'));
    for (const route of here) {
      const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';
      at[method](admit(route, parts), ...bodyParsers(route), admitDryRun(route), handler(route, parts));
    }
    at.all(onlyMethods(...here.map(({ method }) => method)));
  }
}

/** Refuses operators by their role and their environments, before the body is read. */
function admit(route: AdminRoute, { store }: AdminParts): RequestHandler {
  return async (request, response, next) => {
    if (route.credential === 'none') response.locals.operator = ANONYMOUS;
    const operator = operatorOf(response);
    const least = route.dryRunRole ?? route.role;
    if (!includesRole(operator.role, least)) throw roleTooLow(operator, least);
    if (route.scope === 'installation' && operator.environments !== 'all') throw needsAll(operator);
    if (route.scope === 'environment') {
      const { id } = request.params as { id: string };
      response.locals.environment = await resolveEnvironment(id, operator, store);
    }
    next();
  };
}

/** Refuses what is no dry run to operators whose role is enough for a dry run only. */
function admitDryRun({ role, dryRunRole }: AdminRoute): RequestHandler {
  return (request, response, next) => {
    const operator = operatorOf(response);
    const isAllowed = dryRunRole === undefined || includesRole(operator.role, role);
    if (!isAllowed && !isDryRun({ query: undefined, body: request.body as unknown })) {
      throw roleTooLow(operator, role);
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
  const readInput = inputReader(route);
  return async (request, response) => {
    const { environment } = response.locals as { environment?: bigint };
    const operator = operatorOf(response);
    let entry: AuditNote = { action: route.operation, operator: operator.name, environment };
    const note: AdminRequest<RouteScope, unknown, unknown, unknown, unknown>['note'] = (facts) => {
      entry = { ...entry, ...facts };
    };
    const input = readInput(request);
    await route.handle({ operator, environment, note, ...input }, response, parts);
    if (route.method === 'GET' || route.audit === false || isDryRun(input)) return;
    if (route.audit === 'repeatable') parts.audit.recordChange(entry);
    else parts.audit.record(entry);
  };
}

function inputReader({ params, query, headers, body }: AdminRoute) {
  const readQuery = queryReader(query ?? NO_PARAMETERS);
  return (request: Request) => ({
    params: params === undefined ? {} : readParams(params, request),
    query: readQuery(request),
    headers: headers === undefined ? {} : readHeaders(headers, request),
    body: body === undefined ? undefined : readBody(body, request),
  });
}

function readBody(body: NonNullable<AdminRoute['body']>, request: Request): unknown {
  return isRaw(body) ? readRaw(request) : readJsonBody(body, request.body as unknown);
}

/** A dry run is asked for by a member or a parameter `dryRun`. */
function isDryRun({ query, body }: { query: unknown; body: unknown }): boolean {
  return [query, body].some(
    (part) => typeof part === 'object' && part !== null && 'dryRun' in part && part.dryRun === true,
  );
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
