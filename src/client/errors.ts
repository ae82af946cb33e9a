/**
 * What the client library throws: from `createClient` for options that cannot work, and from `ready()`. Nothing else of it throws.
 *
 * Not a HoldfastError: the codes of those are what servers answer with (docs/protocol.md).
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
