/** The error of `holdfast/admin`. */
import type { components } from './schema.js';

/** The stable codes of the server. docs/protocol.md#errors */
export type AdminErrorCode =
  | components['schemas']['Error']['error']['code']
  /** No answer came. */
  | 'unreachable'
  /** The answer is not one of Holdfast: a proxy or another server in between answered. */
  | 'unexpected';

/** The members of an error in the body of an answer. */
type ErrorMembers = Partial<components['schemas']['Error']['error']>;

/** An error that the server answered with, or that no answer came. */
export class AdminError extends Error {
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** To branch on. */
  readonly code: AdminErrorCode;
  /** The path of the offending field, header or parameter. */
  readonly field: string | undefined;
  /** The id of the request in the log of the server. */
  readonly requestId: string | undefined;
  /** The other members of the error, such as the version that `version_mismatch` names. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    {
      code = 'unexpected',
      message = `the server answered ${status}`,
      field,
      ...details
    }: ErrorMembers | { readonly code: AdminErrorCode; readonly message: string; readonly field?: string },
    requestId?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'AdminError';
    this.status = status;
    this.code = code;
    this.field = field;
    this.requestId = requestId;
    this.details = details;
  }
}

/** Reads the error of an answer that is no success. */
export async function readAdminError(response: Response): Promise<AdminError> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    // A server in between answered in its own words, or the answer broke off.
  }
  const isOurs = typeof body === 'object' && body !== null && 'error' in body;
  const { error } = isOurs ? (body as { error: unknown }) : { error: undefined };
  return new AdminError(response.status, typeof error === 'object' && error !== null ? error : {}, requestId);
}
