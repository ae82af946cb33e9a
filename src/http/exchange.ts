/**
 * A request and its answer as the routes of clients see them: Node's own objects, and the little
 * that Express adds to them. So the same function answers with Express and without it. Here they have Express's
 * methods too, which no route may use: the types leave them out (docs/decisions/0070).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import type { HoldfastError } from '../core/errors.js';
import type { ActiveSpan, Tracing } from '../observe/tracing.js';

/** A request. */
export type Asked = IncomingMessage;

/** A form of error bodies, for routes whose clients expect another than the usual. */
export type ErrorBody = (error: HoldfastError) => object;

/** The facts of a request that its log line and its errors name; absent until a route notes them. */
export interface RequestFacts {
  requestId?: string;
  environment?: bigint;
  /** The id of the API key, which is public; its text and hash are not. */
  keyId?: string;
}

/**
 * The code of a refusal: 503 on streams, because an SDK that is answered with any other status
 * between 400 and 499 there stops for good; 429 elsewhere.
 */
export type RateRefusal = 'busy' | 'rate_limited';

/** The limits of the requests of clients; both throw an error with the code of the refusal. */
export interface RequestLimits {
  admitAddress(request: Asked, response: RouteAnswer, refusal: RateRefusal): void;
  admitKey(key: { readonly id: string }, response: RouteAnswer, refusal: RateRefusal): void;
}

/** Notes on a request, left by each handler for the next ones. */
export interface AnswerLocals extends RequestFacts {
  /** Absent: the usual form. */
  errorBody?: ErrorBody;
  /** The scheme that a refusal names; absent: Basic. */
  challenge?: string;
  /** The measurement of the request. */
  observation?: { measure(): void };
  /** Absent: requests are not limited. */
  limits?: RequestLimits | undefined;
  /** Absent: the request is not traced. */
  tracing?: Tracing | undefined;
  /** The span of the route, inside of that of the request. */
  span?: ActiveSpan | undefined;
}

/** An answer. */
export interface RouteAnswer extends ServerResponse {
  locals: AnswerLocals;
}

/** Answers a request whose path has one variable part, or none. */
export type Answering = (request: Asked, response: RouteAnswer, parameter: string) => Promise<void>;

/** Returns the parameters behind the question mark. */
export function queryOf({ url = '' }: Asked): ParsedUrlQuery {
  const mark = url.indexOf('?');
  return mark < 0 ? {} : parse(url.slice(mark + 1));
}

/** Sets several headers. */
export function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const name in headers) response.setHeader(name, headers[name] ?? '');
}

/** Sends a whole body of JSON text. */
export function sendJsonText(response: ServerResponse, text: string): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
