/** Calls of the administration by `holdfast/admin`, with the token of the session. */
import { createAdminClient } from '../../src/admin/index.js';
import { sentenceOf } from './parts/sentence.js';
import { currentToken, pauseSession } from './session.js';

export { AdminError as ApiError } from '../../src/admin/index.js';
export type { AdminSchemas } from '../../src/admin/index.js';

/** The client of the administration; a token that the server refuses pauses the session. */
export const admin = createAdminClient({
  token: currentToken,
  fetch: async (request) => {
    const response = await fetch(request);
    const token = currentToken();
    const isOurs = token !== undefined && request.headers.get('authorization') === `Bearer ${token}`;
    if (response.status === 401 && isOurs)
      pauseSession(`You were signed out. ${sentenceOf(await refusalOf(response))}`);
    return response;
  },
});

async function refusalOf(response: Response): Promise<Error> {
  try {
    const { error } = (await response.clone().json()) as { error: { message: string } };
    return new Error(error.message);
  } catch {
    // A server in between answered in its own words.
    return new Error('the token is not accepted');
  }
}

/** A call of a route below `/admin/v1`. */
export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** In place of the token of the session. */
  readonly token?: string;
  /** True to send the cookie of a sign-in with the issuer, and to let the server remove it. */
  readonly withCookie?: true;
}

/** An answer with the version that its ETag names. */
export interface Answer<T> {
  readonly data: T;
  /** Without quotes. */
  readonly version: string | undefined;
}

/**
 * Calls a route and resolves to its JSON. A refused token pauses the session.
 *
 * @param path below `/admin/v1`, such as `/environments`
 * @throws ApiError
 */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  return (await callWithVersion<T>(path, options)).data;
}

type Send = (path: string, init: object) => Promise<Answer<unknown>>;

/** Calls a route and resolves to its JSON and version; see {@link call}. */
export async function callWithVersion<T>(path: string, options: Call = {}): Promise<Answer<T>> {
  const { method, body, headers = {}, signal, token, withCookie } = options;
  const name = (method ?? (body === undefined ? 'GET' : 'POST')).toLowerCase() as keyof typeof admin;
  // The path is a text here, and the type of the answer is the caller's.
  const send = admin[name] as unknown as Send;
  const { data, version } = await send(`/admin/v1${path}`, {
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
    ...(withCookie === undefined ? {} : { credentials: 'same-origin' }),
  });
  return { data: data as T, version };
}

/** Opens a route that streams. A refused token pauses the session. @throws ApiError */
export async function openStream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const send = admin.get as unknown as Send;
  const { data } = await send(`/admin/v1${path}`, { signal, parseAs: 'stream' });
  return data as ReadableStream<Uint8Array>;
}

/** Returns the path of an environment, by its number. */
export function environmentPath(environment: string): string {
  return `/environments/${encodeURIComponent(environment)}`;
}
