/**
 * Routes a request at the edge. Pure, so that it is tested without Fastly.
 *
 * An open-ended answer must not go through a cache, so the paths of streams are known here.
 * Everything else is an ordinary answer, which says itself whether and how long it may be cached.
 * The routes of operators are not on the clients' host, as behind Pushpin (pushpin/routes).
 */

/** The destination of a request. */
export type Route =
  /** A stream: Fanout asks the origin once, and holds the connection. */
  | { readonly to: 'fanout' }
  /** From the cache, or from the origin by way of it. */
  | { readonly to: 'cache' }
  /**
   * To the origin, past the cache.
   *
   * `grip`: with the headers of GRIP as they came, because a proxy may have sent it. Those of
   * others are removed.
   */
  | { readonly to: 'origin'; readonly grip: boolean }
  /** Not here. */
  | { readonly to: 'nowhere' };

/** The paths for operators, who reach the nodes without Fastly. */
const FOR_OPERATORS = /^\/(?:admin|metrics|livez|readyz|openapi\.json)(?:\/|$)/;

/** The streams of the backend SDKs and of OpenFeature providers. */
const STREAM = /^\/(?:api\/v1\/sse\/config|ofrep\/v1\/streams\/[^/]+)\/?$/;

/**
 * The recovery link. Fanout may fetch it from the backend by itself, or as any client would, by the
 * host that its own clients use: then it comes here, and `Grip-Sig` and `Grip-Last` are its
 * content. The origin believes them only with a valid signature.
 */
const RECOVERY = '/api/v1/sse/recover/';

/**
 * Decides by method and path.
 *
 * @param path as the URL parser gives it: what is escaped stays so, `.` and `..` are resolved
 */
export function route(method: string, path: string): Route {
  const plain = plainly(path);
  if (FOR_OPERATORS.test(plain)) return { to: 'nowhere' };
  if (plain.startsWith(RECOVERY)) return { to: 'origin', grip: true };
  // A stream is a GET. For other methods only the origin knows the answer, such as 405, or
  // permission for a page of another site.
  if (method === 'GET' && STREAM.test(plain)) return { to: 'fanout' };
  return method === 'GET' && !STREAM.test(plain) ? { to: 'cache' } : { to: 'origin', grip: false };
}

/**
 * Returns the path as the most lenient of routers would read it: the origin's takes `/ADMIN` for
 * `/admin`, and another one on the way may take `//admin` or `/%61dmin` for it.
 */
function plainly(path: string): string {
  let text = path;
  try {
    text = decodeURIComponent(path);
  } catch {
    // With a % that escapes nothing, it is what it is.
  }
  return text.toLowerCase().replace(/[/\\]+/g, '/');
}

/**
 * True for a header that only proxies may send. Fanout and the origin do not believe a client's
 * either; that they never arrive is one more lock. `Pushpin-*` tells a Pushpin where to route, if
 * it is configured to listen.
 */
export function isForProxies(header: string): boolean {
  return /^(?:grip|pushpin)-/i.test(header);
}
