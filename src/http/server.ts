/**
 * The HTTP server of a node, with the limits of a connection before it has authenticated. Node's
 * own defaults suit a server behind a protecting proxy; these suit one that clients may reach.
 */
import { createServer, IncomingMessage, ServerResponse, type RequestListener, type Server } from 'node:http';
import { closeWhenUnread } from './body-limit.js';

/** The limits of a connection. Times are milliseconds. */
export interface ConnectionLimits {
  /** From the first byte of a request, or from connecting, to the end of its headers. */
  readonly headers: number;
  /** The same to the end of its body. */
  readonly request: number;
  /** The interval at which the two are checked, hence their precision. */
  readonly check: number;
  /** An answer whose client reads nothing for so long is abandoned. */
  readonly stalled: number;
  /** Between two requests on a connection. */
  readonly idle: number;
  /** Request line and headers, bytes. */
  readonly headerBytes: number;
}

/** The limits of every connection unless a test sets others. */
export const CONNECTION_LIMITS: ConnectionLimits = {
  // Headers are a few packets. Node waits 60 s, in which a client that sends a byte a second costs
  // a connection and is never noticed.
  headers: 10_000,
  // The largest body, 1 MiB, on a line of 300 kbit/s. Node waits 5 minutes.
  request: 30_000,
  // Node looks every 30 s, which would make 10 s up to 40.
  check: 1_000,
  // Direct holds are written to at least every 29 s and have a limit of their own; Node has none.
  stalled: 120_000,
  // A proxy's connections must outlive the proxy's own patience, else a request meets a closing
  // connection and becomes a 502 (measured: Node's default of 5 s gave 20 % of 5xx in a burst).
  idle: 10 * 60_000,
  // Node's default, written down because an environment variable can change that. A proxied request
  // has less than 2 KiB.
  headerBytes: 16 * 1024,
};

/** Answers requests. An Express application has prototypes of its own for requests and answers. */
type Listener = RequestListener & { request?: object; response?: object };

/**
 * Returns classes of requests and answers that have an application's prototypes from the start, and makes these
 * the application's. Express sets prototypes on each object otherwise, and the engine then takes every object for
 * one of a new kind (docs/decisions/0070).
 */
function messageClasses(app: Listener): object {
  if (app.request === undefined || app.response === undefined) return {};
  // Only objects of a subclass share a hidden class that has another prototype.
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  app.request = Object.setPrototypeOf(AppRequest.prototype, app.request) as object;
  app.response = Object.setPrototypeOf(AppResponse.prototype, app.response) as object;
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse };
}

/**
 * Creates a server that does not listen yet. Input that is no HTTP request, is over a limit, or
 * takes too long to arrive is answered with 400, 431 or 408 by Node itself, and the connection is
 * closed.
 */
export function createHttpServer(app: Listener, limits: ConnectionLimits = CONNECTION_LIMITS): Server {
  const server = createServer(
    {
      ...messageClasses(app),
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      connectionsCheckingInterval: limits.check,
      keepAliveTimeout: limits.idle,
      maxHeaderSize: limits.headerBytes,
    },
    app,
  );
  // Node drops the headers beyond 2,000 and says nothing. A proxy adds its own behind those of the
  // client, so that enough of these would make a proxied request a direct one. `headerBytes` is the
  // bound.
  server.maxHeadersCount = 0;
  // First, because the app may answer before it returns.
  server.prependListener('request', closeWhenUnread);
  server.setTimeout(limits.stalled);
  return server;
}
