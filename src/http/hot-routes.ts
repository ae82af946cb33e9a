/**
 * The routes that clients use all the time, found without Express: its layers cost several times as
 * much as evaluating a flag (docs/decisions/0066). Express has each of these routes too, with the
 * same function, for what this does not take: other methods, and paths in an unusual form.
 */
import type { RequestHandler } from 'express';
import { traced, type Tracing } from '../observe/tracing.js';
import type { RouteAnswer, Answering, Asked } from './exchange.js';

/** A route whose path is constant, or ends in one variable part. */
export interface HotRoute {
  readonly method: 'GET' | 'POST';
  /** Its pattern, as Express has it. */
  readonly path: string;
  /** True when the variable part may have slashes. */
  readonly takesRest?: boolean;
  /** The name of the span of the answer, where the request is traced; absent: it has none. */
  readonly span?: string;
  readonly answer: Answering;
}

/** The form of a variable part that means itself, whatever reads it. */
const PLAIN = /^[\w.-]+$/;

/** The same with slashes. */
const PLAIN_REST = /^[\w.=+/-]+$/;

/** Builds Express's handler for such a route. */
export function inExpress(route: HotRoute): RequestHandler {
  const name = route.path.slice(route.path.lastIndexOf(':') + 1);
  return (request, response) =>
    answerBy(route, request, response, (request.params as Record<string, string>)[name] ?? '');
}

/** Answers by a route, in its span where the request is traced. */
export function answerBy(
  route: HotRoute,
  request: Asked,
  response: RouteAnswer,
  parameter: string,
): Promise<void> {
  const { tracing } = response.locals;
  return tracing === undefined || route.span === undefined
    ? route.answer(request, response, parameter)
    : answerTraced(tracing, route.span, route.answer, { request, response, parameter });
}

/** Apart from {@link answerBy}, which so makes no function for a request that is not traced. */
function answerTraced(
  tracing: Tracing,
  name: string,
  answer: Answering,
  { request, response, parameter }: { request: Asked; response: RouteAnswer; parameter: string },
): Promise<void> {
  return traced(tracing, name, (span) => {
    response.locals.span = span;
    return answer(request, response, parameter);
  });
}

/** A route that has the path of a request, and the variable part of that. */
export interface FoundRoute {
  readonly route: HotRoute;
  readonly parameter: string;
}

/** Finds routes by method and path. */
export class HotRoutes {
  readonly #byPath = new Map<string, FoundRoute>();
  readonly #byPrefix: { readonly start: string; readonly route: HotRoute; readonly form: RegExp }[] = [];

  constructor(routes: readonly HotRoute[]) {
    for (const route of routes) {
      const colon = route.path.indexOf(':');
      if (colon < 0) this.#byPath.set(`${route.method} ${route.path}`, { route, parameter: '' });
      else {
        const form = route.takesRest === true ? PLAIN_REST : PLAIN;
        this.#byPrefix.push({ start: route.path.slice(0, colon), route, form });
      }
    }
  }

  /** Finds the route of a request; `undefined` where Express is to find it. */
  find({ method = '', url = '' }: Pick<Asked, 'method' | 'url'>): FoundRoute | undefined {
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    for (const { start, route, form } of this.#byPrefix) {
      if (route.method !== method || !path.startsWith(start)) continue;
      const parameter = path.slice(start.length);
      return form.test(parameter) ? { route, parameter } : undefined;
    }
    return this.#byPath.get(`${method} ${path}`);
  }
}

/** Answers a request by a route that was found. */
export function answerHot(
  { route, parameter }: FoundRoute,
  request: Asked & { route?: object },
  response: RouteAnswer,
  fail: (thrown: unknown) => void,
): void {
  // Metrics and logs name a request by it.
  request.route = route;
  answerBy(route, request, response, parameter).catch(fail);
}
