/**
 * The errors of the client library: thrown by `createClient` for options that cannot work, and by
 * `ready()`. Nothing else of it throws.
 *
 * They are no HoldfastErrors: the codes of those are the ones that servers answer with
 * (docs/protocol.md).
 */
export type ClientErrorCode =
  /** An option that cannot work; `field` is its name. */
  | 'option_invalid'
  /** Every source refused the key, and nothing was saved. */
  | 'refused'
  /** No source answered in time, and nothing was saved. The client goes on trying. */
  | 'unreachable'
  /** The client was closed. */
  | 'closed';

/** An error of the client library, with a code that programs can branch on. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly field: string | undefined;

  constructor(code: ClientErrorCode, message: string, field?: string) {
    super(message);
    this.name = 'ClientError';
    this.code = code;
    this.field = field;
  }
}
