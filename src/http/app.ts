/**
 * The HTTP interface, put together from parts. docs/protocol.md is its contract. This folder is the
 * only one that knows Express.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type Router } from 'express';
import type { ActiveSpan } from '../observe/tracing.js';
import { COMPRESSED_PATHS, compressed } from './compress.js';
import { consoleRoutes } from './console.js';
import { answerError, errorHandler, notFound } from './errors.js';
import { evaluationRoute, evaluationRoutes } from './evaluations.js';
import { setHeaders, type Asked, type RouteAnswer } from './exchange.js';
import { bareHealthRoutes, healthRoutes, type ReadinessReport } from './health.js';
import { answerHot, HotRoutes, type FoundRoute, type HotRoute } from './hot-routes.js';
import { INTERNAL_PATHS, refuseProxied } from './internal.js';
import { ofrepRouter, ofrepRoutes, type OfrepParts } from './ofrep.js';
import { openApiRoutes } from './openapi/document.js';
import { observeRequests, type RequestObservers } from './observe-requests.js';
import type { RateLimits } from './rate-limits.js';
import { snapshotRoute, snapshotRoutes } from './snapshots.js';
import { telemetryRoutes } from './telemetry.js';

/** The parts that every process with an HTTP interface has. */
export interface AppParts extends RequestObservers {
  readonly state: () => ReadinessReport;
  /**
   * The routes of the process, next to those of its health. A path that none of them has is 404.
   */
  readonly routes?: readonly Router[];
  /** Those of them that are found without Express. */
  readonly hot?: readonly HotRoute[];
  /** `undefined`: requests of clients are not limited. */
  readonly limits?: RateLimits | undefined;
  /** Below `/admin/v1`. */
  readonly admin?: Router;
}

/** Builds the application: what all requests have in common, hot routes, and Express for the rest. */
export function createApp(parts: AppParts): Express {
  const { state, metrics, log, routes = [], hot = [], admin } = parts;
  const app = baseApp(parts);
  // First: a router that does not have a path costs a turn of the event loop.
  if (admin !== undefined) app.use('/admin/v1', admin);
  app.use(healthRoutes(state, metrics));
  for (const router of routes) app.use(router);
  if (admin !== undefined) app.use(openApiRoutes()).use(consoleRoutes());
  app.use(notFound);
  app.use(errorHandler(log));
  beginWith(app, hot, parts);
  return app;
}

/**
 * Builds the application of the clients' port where operators have one of their own: the routes of
 * clients and bare health. What {@link createApp} has in addition is 404 here. [protocol] #ports
 */
export function createClientApp(parts: Omit<AppParts, 'admin'>): Express {
  const { state, log, routes = [], hot = [] } = parts;
  const app = baseApp(parts);
  app.use(bareHealthRoutes(state));
  for (const router of routes) app.use(router);
  app.use(notFound);
  app.use(errorHandler(log));
  beginWith(app, hot, parts);
  return app;
}

function baseApp({ metrics }: RequestObservers): Express {
  const app = express();
  app.disable('x-powered-by');
  // Where an answer has an ETag, it is a version, and the route sets it.
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(INTERNAL_PATHS, refuseProxied(metrics));
  app.use(COMPRESSED_PATHS, compressed);
  return app;
}

/** An Express application takes each request by this method. */
interface Handling {
  handle(request: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
}

/**
 * Makes the application begin each request with what all have in common (id, count, security
 * headers), and answer hot routes before its layers.
 */
function beginWith(
  app: Express,
  hot: readonly HotRoute[],
  observers: Pick<AppParts, 'limits'> & RequestObservers,
): void {
  const { limits } = observers;
  const routes = new HotRoutes(hot);
  const observe = observeRequests(observers);
  const answer = answerError(observers.log);
  const handling = app as unknown as Handling;
  const layers = handling.handle.bind(app);
  const answerBegun = (
    found: FoundRoute | undefined,
    request: Asked,
    begun: RouteAnswer,
    next?: (error?: unknown) => void,
  ): void => {
    if (found === undefined) layers(request, begun, next);
    else answerHot(found, request, begun, (thrown) => answer(thrown, request, begun));
  };
  // Apart, so that a request without a span makes no function for it.
  const answerInside = (span: ActiveSpan, ...request: Parameters<typeof answerBegun>): void =>
    span.within(() => answerBegun(...request));
  handling.handle = (request, response, next) => {
    const begun = Object.assign(response, { locals: limits === undefined ? {} : { limits } });
    const span = observe(request, begun);
    setHeaders(response, SECURITY_HEADERS);
    const found = routes.find(request);
    // Work inside of a span makes each promise cost more: not for a hot route that is not sampled.
    const outside = span === undefined || (found !== undefined && !span.sampled);
    if (outside) answerBegun(found, request, begun, next);
    else answerInside(span, found, request, begun, next);
  };
}

/** The routes that answer clients with rulesets and values. */
export interface ClientRoutes {
  readonly routes: readonly Router[];
  readonly hot: readonly HotRoute[];
}

/** Builds the routes that answer clients with rulesets and values. */
export function clientRoutes(parts: OfrepParts): ClientRoutes {
  const { rulesets } = parts;
  const snapshot = snapshotRoute(rulesets);
  const evaluation = evaluationRoute(parts);
  const ofrep = ofrepRoutes(parts);
  return {
    routes: [
      snapshotRoutes(snapshot),
      evaluationRoutes(evaluation),
      ofrepRouter(ofrep),
      telemetryRoutes(rulesets.keyring),
    ],
    hot: [ofrep.one, ofrep.all, snapshot, evaluation],
  };
}

/**
 * Headers that protect users of browsers: no answer can be used as a page, a script or a frame,
 * whatever text is in it, and other sites cannot load one with credentials that the browser keeps.
 * `Access-Control-*` is set only on routes that pages need: cors.ts.
 */
const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
};
