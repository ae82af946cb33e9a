/**
 * The HTTP interface, put together from parts. docs/protocol.md is its contract. This folder is the only one that knows Express.
 */
import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from '../observe/log.js';
import type { Metrics } from '../observe/metrics.js';
import type { Replica } from '../replica/replica.js';
import { adminRoutes, type AdminParts } from './admin.js';
import { errorHandler, notFound } from './errors.js';
import { evaluationRoutes } from './evaluations.js';
import { healthRoutes, readiness, type Health, type Readiness } from './health.js';
import { ofrepRoutes, type OfrepParts } from './ofrep.js';
import { routeOf } from './params.js';
import { snapshotRoutes } from './snapshots.js';
import { streamRoutes, type StreamParts } from './streams.js';
import { telemetryRoutes } from './telemetry.js';

export interface AppParts extends AdminParts, StreamParts, Omit<OfrepParts, 'rulesets'> {
  readonly replica: Replica;
  readonly health: () => Health;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export function createApp(parts: AppParts): Express {
  const app = bareApp(parts.metrics);
  app.use(healthRoutes(() => readiness(parts.health()), parts.metrics));
  app.use(streamRoutes(parts));
  app.use(snapshotRoutes(parts.replica));
  app.use(evaluationRoutes({ ...parts, rulesets: parts.replica }));
  app.use(ofrepRoutes({ ...parts, rulesets: parts.replica }));
  app.use(telemetryRoutes(parts.replica.keyring));
  app.use('/admin/v1', adminRoutes(parts));
  app.use(notFound);
  app.use(errorHandler(parts.log));
  return app;
}

/** The interface of a process that serves nothing but word of itself. */
export function createHealthApp(parts: {
  readonly state: () => Readiness;
  readonly metrics: Metrics;
  readonly log: Logger;
}): Express {
  const app = bareApp(parts.metrics);
  app.use(healthRoutes(parts.state, parts.metrics));
  app.use(notFound);
  app.use(errorHandler(parts.log));
  return app;
}

function bareApp(metrics: Metrics): Express {
  const app = express();
  app.disable('x-powered-by');
  // Where an answer has an ETag, it is a version, and the route sets it.
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(secure);
  app.use(counted(metrics));
  return app;
}

/**
 * For the browser of someone who can be tricked: no answer is a page, a script or a frame, whatever text is in it, and other sites cannot load
 * one with credentials that the browser keeps. No `Access-Control-*`, but for routes that pages need: cors.ts.
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

/** Counts answers by route pattern, so that paths with ids or tokens in them do not become series. */
function counted(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    response.once('close', () => {
      metrics.requests.inc({ route: routeOf(request, response) ?? 'none', status: `${response.statusCode}` });
    });
    next();
  };
}
