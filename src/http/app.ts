/**
 * The HTTP interface, put together from parts. docs/protocol.md is its contract. This folder is the
 * only one that knows Express.
 */
import express, { type Express, type RequestHandler, type Router } from 'express';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import type { Logger } from '../observe/log.js';
import { compressed } from './compress.js';
import { consoleRoutes } from './console.js';
import { errorHandler, notFound } from './errors.js';
import { evaluationRoutes } from './evaluations.js';
import { bareHealthRoutes, healthRoutes, type ReadinessReport } from './health.js';
import { INTERNAL_PATHS, refuseProxied } from './internal.js';
import { ofrepRoutes, type OfrepParts } from './ofrep.js';
import { openApiRoutes } from './openapi/document.js';
import { observeRequests } from './observe-requests.js';
import { snapshotRoutes } from './snapshots.js';
import { telemetryRoutes } from './telemetry.js';

/** The parts that every process with an HTTP interface has. */
export interface AppParts {
  readonly state: () => ReadinessReport;
  readonly metrics: ProcessMetrics;
  readonly log: Logger;
  /**
   * The routes of the process, next to those of its health. A path that none of them has is 404.
   */
  readonly routes?: readonly Router[];
  /** Below `/admin/v1`. */
  readonly admin?: Router;
}

/**
 * Builds the Express application: request ids and counts, security headers, health, the given routes,
 * errors.
 */
export function createApp({ state, metrics, log, routes = [], admin }: AppParts): Express {
  const app = baseApp(metrics, log);
  app.use(healthRoutes(state, metrics));
  for (const router of routes) app.use(router);
  if (admin !== undefined) app.use(openApiRoutes()).use('/admin/v1', admin).use(consoleRoutes());
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}

/**
 * Builds the application of the clients' port where operators have one of their own: the routes of
 * clients and bare health. What {@link createApp} has in addition is 404 here. [protocol] #ports
 */
export function createClientApp({ state, metrics, log, routes = [] }: Omit<AppParts, 'admin'>): Express {
  const app = baseApp(metrics, log);
  app.use(bareHealthRoutes(state));
  for (const router of routes) app.use(router);
  app.use(notFound);
  app.use(errorHandler(log));
  return app;
}

function baseApp(metrics: ProcessMetrics, log: Logger): Express {
  const app = express();
  app.disable('x-powered-by');
  // Where an answer has an ETag, it is a version, and the route sets it.
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(observeRequests(metrics, log));
  app.use(secure);
  app.use(INTERNAL_PATHS, refuseProxied(metrics));
  app.use(compressed());
  return app;
}

/** Builds the routes that answer clients with rulesets and values. */
export function clientRoutes(parts: OfrepParts): Router[] {
  const { rulesets } = parts;
  return [
    snapshotRoutes(rulesets),
    evaluationRoutes(parts),
    ofrepRoutes(parts),
    telemetryRoutes(rulesets.keyring),
  ];
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

const secure: RequestHandler = (_request, response, next) => {
  response.set(SECURITY_HEADERS);
  next();
};
