/** Calls of the administration: the token, the server's sentence as the error. */
import { currentToken, endSession } from './session.js';

/** An error that the server answered with, or that no answer came. */
export class ApiError extends Error {
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The stable code, such as `version_mismatch`. */
  readonly code: string;
  /** The field that the error is about, such as `configs[0].rows[0].values[1].value`. */
  readonly field: string | undefined;
  /** The other members of the error. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, error: { code?: string; message?: string; field?: string }) {
    const { code = 'unknown', message = `the node answered ${status}`, field, ...details } = error;
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
    this.details = details;
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
}

/** An answer with the version that its ETag names. */
export interface Answer<T> {
  readonly data: T;
  /** Without quotes. */
  readonly version: string | undefined;
}

/**
 * Calls a route and resolves to its JSON. A refused token ends the session.
 *
 * @param path below `/admin/v1`, such as `/environments`
 * @throws ApiError
 */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  return (await callWithVersion<T>(path, options)).data;
}

/** Calls a route and resolves to its JSON and version; see {@link call}. */
export async function callWithVersion<T>(path: string, options: Call = {}): Promise<Answer<T>> {
  const response = await send(path, options);
  const body = await readJson(response);
  if (!response.ok) {
    const { error = {} } = (body ?? {}) as { error?: { code?: string; message?: string; field?: string } };
    if (response.status === 401 && options.token === undefined) {
      endSession(`You were signed out: ${error.message ?? 'the token is not accepted'}.`);
    }
    throw new ApiError(response.status, error);
  }
  const version = /"(\d+)"/.exec(response.headers.get('etag') ?? '')?.[1];
  return { data: body as T, version };
}

async function send(path: string, options: Call): Promise<Response> {
  const { method, body, headers = {}, signal, token = currentToken() } = options;
  try {
    return await fetch(`/admin/v1${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
      cache: 'no-store',
      // The token is the only credential; and a refusal makes no browser ask for a password.
      credentials: 'omit',
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError(0, {
      code: 'unreachable',
      message:
        'the node does not answer: it may be restarting, or the network is down; try again in a moment',
    });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A server in between answered in its own words.
    return undefined;
  }
}

/** Returns the path of an environment, by its number. */
export function environmentPath(environment: string): string {
  return `/environments/${encodeURIComponent(environment)}`;
}
