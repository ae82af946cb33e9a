/**
 * Parameters that are the rest of a path, slashes included: a proxy that rewrites paths decodes
 * `%2F`, and flags may have any key.
 */
import type { RequestHandler } from 'express';

/**
 * Builds a middleware that makes everything behind a prefix one segment, so that a route with one
 * parameter behind the prefix takes all of it. Text that is no percent-encoding is taken as it is,
 * which Express would refuse before the route is found.
 *
 * @param prefix ends with a slash
 */
export function restAsOneSegment(prefix: string): RequestHandler {
  return (request, _response, next) => {
    const { url } = request;
    const end = url.indexOf('?');
    const path = end < 0 ? url : url.slice(0, end);
    if (path.length > prefix.length && path.startsWith(prefix)) {
      const query = end < 0 ? '' : url.slice(end);
      request.url = prefix + encodeURIComponent(decoded(path.slice(prefix.length))) + query;
    }
    next();
  };
}

/** Well-formed, because `encodeURIComponent` throws at half of a surrogate pair. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
