/**
 * Compression of large answers, where the client accepts it: Brotli or gzip, in threads of Node's
 * pool, not in turns of the event loop. [protocol] #compression
 */
import type { ServerResponse } from 'node:http';
import compression from 'compression';
import type { RequestHandler } from 'express';
import onHeaders from 'on-headers';
import type { RouteAnswer, Asked } from './exchange.js';

/** The paths of operators with large answers; the routes of clients compress their own. */
export const COMPRESSED_PATHS = ['/admin/v1', '/console', '/openapi.json'];

/** The length of a body from which it is compressed, bytes: a packet holds a shorter one anyway. */
export const COMPRESSED_FROM = 1024;

const TYPES = /^(application\/(json|x-protobuf)|text\/(html|css|javascript)|image\/svg\+xml)\b/;

const compressor = compression({
  threshold: COMPRESSED_FROM,
  filter: (_request, response) => TYPES.test(response.getHeader('Content-Type')?.toString() ?? ''),
});

/** The middleware that compresses the answers to operators. */
export const compressed: RequestHandler = (request, response, next) => {
  compress(request, response);
  next();
};

/**
 * Compresses an answer that is JSON, protobuf or a file of the console, and long enough. It keeps
 * the version in its ETag, as a weak one: its bytes are others. Whatever the client accepts, `Vary` names `Accept-Encoding`,
 * so that a cache keeps the forms apart.
 */
export function compress(request: Asked, response: RouteAnswer): void {
  // Runs after the compression has set its headers: listeners for headers run last to first.
  onHeaders(response, () => {
    // Also on 304, where nothing is compressed.
    varyByEncoding(response);
    const etag = response.getHeader('ETag')?.toString();
    if (etag === undefined || etag.startsWith('W/') || !response.hasHeader('Content-Encoding')) return;
    response.setHeader('ETag', `W/${etag}`);
  });
  compressor(
    request as Parameters<typeof compressor>[0],
    response as Parameters<typeof compressor>[1],
    () => undefined,
  );
}

/** Names `Accept-Encoding` in `Vary`, next to what is there. */
export function varyByEncoding(response: ServerResponse): void {
  const present = response.getHeader('Vary')?.toString();
  if (present === undefined) response.setHeader('Vary', 'Accept-Encoding');
  else if (!/accept-encoding/i.test(present)) response.setHeader('Vary', `${present}, Accept-Encoding`);
}
