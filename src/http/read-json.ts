/**
 * Reads a JSON body of limited size. The ordinary one, UTF-8 as it is, is read here; compressed ones
 * and other encodings by Express's parser, which costs three times as much.
 */
import { promisify } from 'node:util';
import { json } from 'express';
import { HoldfastError, messageOf } from '../core/errors.js';
import { bodyTooLarge } from './errors.js';
import { watchBody } from './body-limit.js';
import type { RouteAnswer, Asked } from './exchange.js';

/** Reads a body; `undefined` when the request has none. */
export type JsonReader = (request: Asked, response: RouteAnswer) => Promise<unknown>;

const UTF8 = /;\s*charset\s*=\s*"?utf-8"?\s*(;|$)/i;

type Parser = (
  request: Asked & { body?: unknown },
  response: RouteAnswer,
  next: (error?: unknown) => void,
) => void;

/** Builds a reader of bodies of up to that many bytes. The content type does not matter. */
export function jsonReader(limit: number): JsonReader {
  const parser: Parser = json({ limit, type: () => true });
  const parse = promisify(parser);
  return async (request: Asked & { body?: unknown }, response) => {
    const { headers } = request;
    if (Number(headers['content-length'] ?? 0) > limit) throw bodyTooLarge(limit);
    if (isOrdinary(headers)) return jsonOf(await readText(request, limit));
    watchBody(request, response, limit);
    await parse(request, response);
    return request.body;
  };
}

function isOrdinary(headers: Asked['headers']): boolean {
  const { 'content-encoding': encoding = 'identity', 'content-type': type = '' } = headers;
  return encoding === 'identity' && (!type.includes('charset') || UTF8.test(type));
}

function readText(request: Asked, limit: number): Promise<string | undefined> {
  const { headers } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    return Promise.resolve(undefined);
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else reject(bodyTooLarge(limit));
    });
    request.once('end', () => {
      const [only] = chunks;
      const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
      resolve(withoutMark(bytes.toString()));
    });
    request.once('close', () => {
      if (!request.complete) reject(unreadable('it ended before its body did'));
    });
  });
}

/** A byte order mark may stand before the text. */
function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(messageOf(error), error);
  }
}

function unreadable(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('body_invalid', `the request cannot be read: ${why}`, { cause });
}
