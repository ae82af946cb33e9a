/**
 * Compression of large answers, where the client accepts it: Brotli or gzip, in threads of Node's
 * pool, not in turns of the event loop. [protocol] #compression
 */
import compression from 'compression';
import { Router, type RequestHandler } from 'express';
import onHeaders from 'on-headers';

/** The routes with large answers: those that grow with an environment, and the console. */
const PATHS = [
  '/api/v1/configs',
  '/api/v2/configs',
  '/ofrep/v1/evaluate/flags',
  '/admin/v1',
  '/console',
  '/openapi.json',
];

/** The length of a body from which it is compressed, bytes: a packet holds a shorter one anyway. */
export const COMPRESSED_FROM = 1024;

const TYPES = /^(application\/(json|x-protobuf)|text\/(html|css|javascript)|image\/svg\+xml)\b/;

/**
 * Builds the middleware that compresses JSON, protobuf and the files of the console. A compressed answer keeps the version in
 * its ETag, as a weak one: its bytes are others. Whatever the client accepts, `Vary` names
 * `Accept-Encoding`, so that a cache keeps the forms apart.
 */
export function compressed(): RequestHandler {
  const router = Router();
  router.use(
    PATHS,
    negotiated,
    compression({
      threshold: COMPRESSED_FROM,
      filter: (_request, response) => TYPES.test(response.getHeader('Content-Type')?.toString() ?? ''),
    }),
  );
  return router;
}

/** Runs after the compression has set its headers: listeners for headers run last to first. */
const negotiated: RequestHandler = (_request, response, next) => {
  onHeaders(response, () => {
    // Also on 304, where nothing is compressed.
    response.vary('Accept-Encoding');
    const etag = response.getHeader('ETag')?.toString();
    if (etag === undefined || etag.startsWith('W/') || !response.hasHeader('Content-Encoding')) return;
    response.setHeader('ETag', `W/${etag}`);
  });
  next();
};
