/**
 * Bodies that are too large, and bodies that are no longer read. Express's parsers read an
 * oversized body to its end before they answer, and Node reads on after an answer: a client sent
 * 3 GB in 22 s after it was refused.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { RouteAnswer, Asked } from './exchange.js';
import { bodyTooLarge, sendError } from './errors.js';

/**
 * Bytes of a body that are still read after its answer, so that an ordinary request may end in
 * order.
 */
const UNREAD_MAX_BYTES = 256 * 1024;

/**
 * Builds a middleware that answers 413 as soon as more bytes have arrived than the limit, or are
 * announced. It must be followed in the same turn by what reads the body.
 */
export function limitBody(limit: number): RequestHandler {
  return (request, response, next) => {
    watchBody(request, response, limit);
    next();
  };
}

/** Does the same for one request, outside of Express. @throws HoldfastError `change_too_large` */
export function watchBody(request: Asked, response: RouteAnswer, limit: number): void {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw bodyTooLarge(limit);
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limit && !response.headersSent) sendError(response, bodyTooLarge(limit));
  });
}

/**
 * Ends a connection whose request goes on after its answer, when more than a little of the body
 * arrives. Less may take until the time for a request is over, which Node watches.
 *
 * `prefinish` comes before Node itself looks at a body that was not read: from then on Node
 * would drop it chunk by chunk without an event.
 */
export function closeWhenUnread(request: IncomingMessage, response: ServerResponse): void {
  response.once('prefinish', () => {
    if (request.complete) return;
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > UNREAD_MAX_BYTES) request.socket.destroy();
    });
  });
}
