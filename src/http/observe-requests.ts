/**
 * Observes every request: its id, its duration, its count, and at level debug its line in the log.
 * [protocol] #request-ids
 */
import type { Logger } from '../observe/log.js';
import type { ProcessMetrics } from '../observe/process-metrics.js';
import type { RequestLabels } from '../observe/request-durations.js';
import type { ActiveSpan, Tracing } from '../observe/tracing.js';
import type { RouteAnswer, Asked } from './exchange.js';
import { routeOf } from './params.js';
import { factsOf, requestIdOf } from './request-facts.js';

/** The services that observe requests. */
export interface RequestObservers {
  readonly metrics: ProcessMetrics;
  readonly log: Logger;
  /** `undefined`: no traces. */
  readonly tracing?: Tracing | undefined;
}

/** The paths that monitors read every few seconds, of which traces would say nothing. */
const UNTRACED = /^\/(livez|readyz|metrics)\/?(\?|$)/;

/**
 * Builds the step that observes requests. It comes first, so that refusals count too. The step
 * returns the span of the request, in which the rest is to run; `undefined`: it has none.
 */
export function observeRequests(
  observers: RequestObservers,
): (request: Asked, response: RouteAnswer) => ActiveSpan | undefined {
  const { tracing } = observers;
  return (request, response) => {
    const requestId = requestIdOf(request.headers['x-request-id']);
    response.setHeader('X-Request-Id', requestId);
    response.locals.requestId = requestId;
    const span = tracing && beginSpan(tracing, request);
    const observation = new RequestObservation(request, response, observers, span);
    response.locals.observation = observation;
    response.once('close', () => observation.end());
    if (span?.sampled === true) response.locals.tracing = tracing;
    return span;
  };
}

/**
 * Notes that the head of a stream is sent: its duration is measured until here, because a stream
 * lasts as long as its client wants.
 */
export function noteStreamBegun(response: RouteAnswer): void {
  response.locals.observation?.measure();
}

function beginSpan(tracing: Tracing, { method = '', url = '', headers }: Asked): ActiveSpan | undefined {
  return UNTRACED.test(url) ? undefined : tracing.begin(method, 'server', headerText(headers.traceparent));
}

function headerText(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** RequestObservation measures one request, once, and logs it when it is over. */
class RequestObservation {
  readonly #request: Asked;
  readonly #response: RouteAnswer;
  readonly #observers: RequestObservers;
  readonly #span: ActiveSpan | undefined;
  readonly #beganAt = performance.now();
  readonly #bytesBefore: number;
  #measured = false;

  constructor(
    request: Asked,
    response: RouteAnswer,
    observers: RequestObservers,
    span: ActiveSpan | undefined,
  ) {
    this.#request = request;
    this.#response = response;
    this.#observers = observers;
    this.#span = span;
    this.#bytesBefore = request.socket.bytesWritten;
  }

  /** Observes the duration until now, if it was not yet. */
  measure(): void {
    if (this.#measured) return;
    this.#measured = true;
    const { statusCode, headersSent } = this.#response;
    const labels = {
      method: this.#request.method ?? '',
      route: routeOf(this.#request, this.#response),
      status: headersSent ? statusCode : undefined,
    };
    const seconds = (performance.now() - this.#beganAt) / 1000;
    this.#observers.metrics.requestDurations.observe(labels, seconds);
    if (this.#span?.sampled === true) this.#endSpan(this.#span, labels);
    else this.#span?.end();
  }

  /** The names of attributes are those of the semantic conventions. */
  #endSpan(span: ActiveSpan, { method, route, status }: RequestLabels): void {
    const { requestId, environment, keyId } = factsOf(this.#response);
    if (route !== undefined) span.rename(`${method} ${route}`);
    span.set({
      'http.request.method': method,
      'http.route': route,
      'http.response.status_code': status,
      'holdfast.request_id': requestId,
      'holdfast.environment': environment === undefined ? undefined : `${environment}`,
      'holdfast.key': keyId,
    });
    const failed = status === undefined || status >= 500;
    span.end(failed ? { type: `${status ?? 'left'}`, message: '' } : undefined);
  }

  /** Counts and logs the request, which is over. */
  end(): void {
    this.measure();
    const route = routeOf(this.#request, this.#response) ?? 'none';
    const { statusCode } = this.#response;
    this.#observers.metrics.requests.inc({ route, status: `${statusCode}` });
    if (this.#observers.log.isLevelEnabled('debug')) this.#logLine(route);
  }

  /** The bytes are those on the wire, heads included. */
  #logLine(route: string): void {
    const { method, socket } = this.#request;
    const { statusCode, headersSent } = this.#response;
    const { requestId, environment, keyId } = factsOf(this.#response);
    this.#observers.log.debug(
      {
        requestId,
        method,
        route,
        ...(headersSent ? { status: statusCode } : { left: true }),
        ms: Math.round((performance.now() - this.#beganAt) * 10) / 10,
        bytes: socket.bytesWritten - this.#bytesBefore,
        ...(environment === undefined ? {} : { environment: `${environment}` }),
        ...(keyId === undefined ? {} : { key: keyId }),
        ...(this.#span === undefined ? {} : { traceId: this.#span.traceId }),
      },
      'request',
    );
  }
}
