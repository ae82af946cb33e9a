/**
 * Observes every request: its id, its duration, its count, and at level debug its line in the log.
 * [protocol] #request-ids
 */
import type { Logger } from '../observe/log.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import type { RouteAnswer, Asked } from './exchange.js';
import { routeOf } from './params.js';
import { factsOf, requestIdOf } from './request-facts.js';

/** Builds what observes requests. It comes first, so that refusals count too. */
export function observeRequests(
  metrics: ProcessMetrics,
  log: Logger,
): (request: Asked, response: RouteAnswer) => void {
  return (request, response) => {
    const requestId = requestIdOf(request.headers['x-request-id']);
    response.setHeader('X-Request-Id', requestId);
    response.locals.requestId = requestId;
    const observation = new RequestObservation(request, response, metrics, log);
    response.locals.observation = observation;
    response.once('close', () => observation.end());
  };
}

/**
 * Notes that the head of a stream is sent: its duration is measured until here, because a stream
 * lasts as long as its client wants.
 */
export function noteStreamBegun(response: RouteAnswer): void {
  response.locals.observation?.measure();
}

/** RequestObservation measures one request, once, and logs it when it is over. */
class RequestObservation {
  readonly #request: Asked;
  readonly #response: RouteAnswer;
  readonly #metrics: ProcessMetrics;
  readonly #log: Logger;
  readonly #beganAt = performance.now();
  readonly #bytesBefore: number;
  #measured = false;

  constructor(request: Asked, response: RouteAnswer, metrics: ProcessMetrics, log: Logger) {
    this.#request = request;
    this.#response = response;
    this.#metrics = metrics;
    this.#log = log;
    this.#bytesBefore = request.socket.bytesWritten;
  }

  /** Observes the duration until now, if it was not yet. */
  measure(): void {
    if (this.#measured) return;
    this.#measured = true;
    const { statusCode, headersSent } = this.#response;
    this.#metrics.requestDurations.observe(
      {
        method: this.#request.method ?? '',
        route: routeOf(this.#request, this.#response),
        status: headersSent ? statusCode : undefined,
      },
      (performance.now() - this.#beganAt) / 1000,
    );
  }

  /** Counts and logs the request, which is over. */
  end(): void {
    this.measure();
    const route = routeOf(this.#request, this.#response) ?? 'none';
    const { statusCode } = this.#response;
    this.#metrics.requests.inc({ route, status: `${statusCode}` });
    if (this.#log.isLevelEnabled('debug')) this.#logLine(route);
  }

  /** The bytes are those on the wire, heads included. */
  #logLine(route: string): void {
    const { method, socket } = this.#request;
    const { statusCode, headersSent } = this.#response;
    const { requestId, environment, keyId } = factsOf(this.#response);
    this.#log.debug(
      {
        requestId,
        method,
        route,
        ...(headersSent ? { status: statusCode } : { left: true }),
        ms: Math.round((performance.now() - this.#beganAt) * 10) / 10,
        bytes: socket.bytesWritten - this.#bytesBefore,
        ...(environment === undefined ? {} : { environment: `${environment}` }),
        ...(keyId === undefined ? {} : { key: keyId }),
      },
      'request',
    );
  }
}
