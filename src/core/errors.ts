/**
 * The one family of errors that Holdfast answers with or logs.
 *
 * A `code` is stable: programs branch on it, docs/protocol.md lists it. The message is a sentence
 * for a person: it names the field (also in `field`) and says what would be right. Which HTTP
 * status a code becomes is decided in one place, http/errors.ts.
 */
export type ErrorCode =
  | 'body_invalid' // not JSON, not protobuf, or not an object of the expected shape at all
  | 'field_invalid' // a field of the wrong type, out of range, or unknown
  | 'environment_unknown'
  | 'key_empty' // a config without a key
  | 'key_duplicate' // one config key twice in a change
  | 'rows_missing' // a config without rows that is not a deletion
  | 'rows_unexpected' // a deletion with rows
  | 'row_environment' // a row for another environment, or two rows for one
  | 'value_type_mismatch'
  | 'value_invalid' // a value no SDK could read: JSON text, duration, log level
  | 'weights_invalid'
  | 'operator_unsupported' // an operator at which a public SDK throws
  | 'condition_invalid' // a condition in words that cannot be read
  | 'flag_file_invalid' // a flag file that cannot be read
  | 'segment_missing'
  | 'segment_circular'
  | 'targeting_key_missing' // a flag is drawn by the context's targeting key, and the context has none
  | 'id_conflict' // an id at or below the version with other content
  | 'too_many_deletions' // a deletion of an unknown key, with an id, where there are very many
  | 'too_many_configs' // a new key in an environment that has very many, deleted ones included
  | 'too_many_api_keys' // a new API key in an environment that has very many, revoked ones included
  | 'history_missing' // the history does not reach far enough
  | 'rollback_conflict' // what is to be undone was changed again since
  | 'change_too_large'
  | 'config_too_large'
  | 'version_mismatch' // If-Match does not name the current version
  | 'idempotency_mismatch' // an Idempotency-Key used again for another request
  | 'unauthorized'
  | 'forbidden' // an operator whose role or environments do not include what was asked for
  | 'not_found'
  | 'method_not_allowed'
  | 'direct_hold_refused'
  | 'signature_refused' // a Grip-Sig that does not count, where only proxies may subscribe
  | 'link_invalid' // a request to the recovery link that no configured proxy made
  | 'busy' // too many concurrent changes of one environment, too many holds, or too many unknown keys
  | 'rate_limited' // more requests of a key or an address than its limit
  | 'no_streams' // a subscription at a belt server, which has no streams
  | 'store_unavailable'
  | 'store_damaged'
  | 'issuer_unavailable' // the issuer that signs people in cannot be reached
  | 'bucket_unavailable' // a place of copies cannot be reached, or refuses
  | 'copy_damaged' // a copy in a bucket is not what was written
  | 'copy_too_large' // a copy would be larger than readers take, and is not written
  | 'internal';

/** The facts of an error beyond its code and message. */
export interface HoldfastErrorOptions {
  /** The path of the offending field, such as `configs[3].rows[0].projectEnvId`. */
  readonly field?: string;
  /** More facts for the program at the other end; becomes part of the JSON body. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error that Holdfast answers with or logs. */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly details: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, message: string, options: HoldfastErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.field = options.field;
    this.details = options.details;
  }
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'store_unavailable',
  'busy',
  'rate_limited',
  'signature_refused',
]);

/** True when the same request may succeed later without being changed. */
export function isRetryable(error: unknown): boolean {
  return error instanceof HoldfastError && RETRYABLE.has(error.code);
}

/** The text of anything that was thrown, for logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
