/** The one map from errors to HTTP answers. docs/protocol.md, "Errors", lists the codes. */
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { CHANGE_MAX_BYTES } from '../commit/limits.js';
import { HoldfastError, isRetryable, messageOf, type ErrorCode } from '../core/errors.js';
import type { Logger } from '../observe/log.js';
import { routeOf } from './params.js';
import { sendJsonText, type RouteAnswer, type Asked } from './exchange.js';
import { factsOf } from './request-facts.js';

const statuses: Record<ErrorCode, number> = {
  body_invalid: 400,
  field_invalid: 400,
  key_empty: 400,
  key_duplicate: 400,
  rows_missing: 400,
  rows_unexpected: 400,
  row_environment: 400,
  value_type_mismatch: 400,
  value_invalid: 400,
  weights_invalid: 400,
  operator_unsupported: 400,
  condition_invalid: 400,
  flag_file_invalid: 400,
  segment_missing: 400,
  segment_circular: 400,
  targeting_key_missing: 400,
  unauthorized: 401,
  forbidden: 403,
  link_invalid: 403,
  environment_unknown: 404,
  not_found: 404,
  method_not_allowed: 405,
  id_conflict: 409,
  too_many_api_keys: 409,
  too_many_configs: 409,
  too_many_deletions: 409,
  history_missing: 409,
  rollback_conflict: 409,
  version_mismatch: 412,
  change_too_large: 413,
  config_too_large: 413,
  idempotency_mismatch: 422,
  rate_limited: 429,
  internal: 500,
  store_damaged: 500,
  direct_hold_refused: 501,
  busy: 503,
  bucket_unavailable: 503,
  copy_damaged: 503,
  copy_too_large: 503,
  issuer_unavailable: 503,
  no_streams: 503,
  signature_refused: 503,
  store_unavailable: 503,
};

/**
 * Seconds after which a request that was refused for lack of a store or of capacity may be
 * repeated.
 */
const RETRY_AFTER_SECONDS = 1;

/** All error codes that answers can have. */
export const HTTP_ERROR_CODES = Object.keys(statuses) as ErrorCode[];

/** Returns the HTTP status of an error code. */
export function httpStatusOf(code: ErrorCode): number {
  return statuses[code];
}

/**
 * Builds the last handler: answers any error as JSON that must not be cached, and logs unexpected
 * ones.
 */
export function errorHandler(log: Logger): ErrorRequestHandler {
  const answer = answerError(log);
  // Express tells an error handler by its four parameters.
  return (thrown: unknown, request, response, _next) => answer(thrown, request, response);
}

/** Builds what answers errors, with Express and without it. */
export function answerError(log: Logger): (thrown: unknown, request: Asked, response: RouteAnswer) => void {
  return (thrown, request, response) => {
    const error = understand(thrown);
    if (error.code === 'internal') {
      log.error(
        {
          requestId: factsOf(response).requestId,
          method: request.method,
          route: routeOf(request, response),
          err: thrown,
        },
        'a request failed',
      );
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    sendError(response, error);
  };
}

/** Sends an error in the form of the route that it belongs to. */
export function sendError(response: RouteAnswer, error: HoldfastError): void {
  response.statusCode = httpStatusOf(error.code);
  response.setHeader('Cache-Control', 'no-store');
  const { errorBody, challenge } = response.locals;
  if (error.code === 'unauthorized')
    response.setHeader('WWW-Authenticate', challenge === 'bearer' ? 'Bearer' : 'Basic realm="holdfast"');
  // A limit knows better when.
  if (isRetryable(error) && !response.hasHeader('Retry-After'))
    response.setHeader('Retry-After', `${RETRY_AFTER_SECONDS}`);
  sendJsonText(response, JSON.stringify(errorBody?.(error) ?? usualBody(error, factsOf(response).requestId)));
}

function usualBody({ code, message, field, details }: HoldfastError, requestId?: string): object {
  return { error: { code, message, ...(field === undefined ? {} : { field }), ...details, requestId } };
}

/** Refuses a path that no route has. */
export const notFound: RequestHandler = (request) => {
  throw nothingAt(request);
};

/** Builds the error for a path that does not exist. */
export function nothingAt(request: Request): HoldfastError {
  return new HoldfastError('not_found', `there is nothing at ${pathOf(request)}`);
}

/** Refuses the methods that a path does not have. */
export function onlyMethods(...methods: string[]): RequestHandler {
  return (request, response) => {
    response.set('Allow', methods.join(', '));
    throw new HoldfastError(
      'method_not_allowed',
      `${pathOf(request)} takes ${methods.join(', ')}, not ${request.method}`,
    );
  };
}

/** The path as it was sent: inside a mounted router `path` lacks the prefix of the router. */
function pathOf(request: Request): string {
  return request.originalUrl.split('?', 1)[0] ?? '';
}

/** Builds the error for a body over a limit of that many bytes. */
export function bodyTooLarge(limit: number, cause?: unknown): HoldfastError {
  const remedy = limit === CHANGE_MAX_BYTES ? 'send it as several changes' : 'shorten it';
  return new HoldfastError('change_too_large', `the body is over the limit of ${limit} bytes: ${remedy}`, {
    cause,
  });
}

function understand(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  const { type, status, limit } = describe(thrown);
  if (type === 'entity.too.large') {
    return bodyTooLarge(limit, thrown);
  }
  if (status >= 400 && status < 500) {
    return new HoldfastError('body_invalid', `the request cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  return new HoldfastError('internal', 'something went wrong here; the log says what', { cause: thrown });
}

/** Reads the members that Express and its body parser put on the errors that they throw. */
function describe(thrown: unknown): { type: unknown; status: number; limit: number } {
  if (typeof thrown !== 'object' || thrown === null) return { type: undefined, status: 500, limit: 0 };
  const type: unknown = 'type' in thrown ? thrown.type : undefined;
  const status = 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 500;
  const limit = 'limit' in thrown && typeof thrown.limit === 'number' ? thrown.limit : 0;
  return { type, status, limit };
}
