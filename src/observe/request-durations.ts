/**
 * The histogram of the durations of HTTP requests, with the name and labels of OpenTelemetry's
 * semantic conventions, so that boards that others made show it too.
 */
import { Histogram, type Registry } from 'prom-client';

/** The bounds that the semantic conventions advise for it, seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of the conventions. Others are one label, so that clients cannot make series. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** The status of a method that the route does not have: its methods together are one series. */
const REFUSED_METHOD = 405;

/** One request, as the histogram has it. */
export interface RequestLabels {
  readonly method: string;
  /** The pattern of its route; `undefined`: no route has the path. */
  readonly route: string | undefined;
  /** `undefined` when the client left before it was answered. */
  readonly status: number | undefined;
}

/**
 * RequestDurations observes durations by method, route and status. One costs 2.5 µs, of which the
 * object of labels is nothing that can be measured (`npx tsx bench/request-cost.ts`).
 */
export class RequestDurations {
  readonly #histogram;

  constructor(registry: Registry) {
    this.#histogram = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP requests, by method, route and status; of a stream until its head is sent.',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'] as const,
      buckets: BOUNDS,
      registers: [registry],
    });
  }

  /** Observes a request that took that many seconds. */
  observe({ method, route, status }: RequestLabels, seconds: number): void {
    this.#histogram.observe(
      {
        http_request_method: METHODS.has(method) && status !== REFUSED_METHOD ? method : '_OTHER',
        http_route: route ?? '',
        http_response_status_code: status ?? '',
      },
      seconds,
    );
  }
}
