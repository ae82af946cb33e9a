/**
 * Errors in OFREP's form. Their status is decided in http/errors.ts, as for all. [protocol]
 * #openfeature
 */
import type { ErrorCode, HoldfastError } from '../core/errors.js';

/**
 * The error codes of OFREP in use. TYPE_MISMATCH is not among them: a request does not say which
 * type it wants, so providers check that.
 */
export type OfrepErrorCode =
  'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL';

/** Codes that are not listed are GENERAL. */
const codes: Readonly<Partial<Record<ErrorCode, OfrepErrorCode>>> = {
  body_invalid: 'PARSE_ERROR',
  value_invalid: 'PARSE_ERROR',
  field_invalid: 'INVALID_CONTEXT',
  change_too_large: 'INVALID_CONTEXT',
  targeting_key_missing: 'TARGETING_KEY_MISSING',
  not_found: 'FLAG_NOT_FOUND',
};

/** The body of an error. */
export interface OfrepFailure {
  /** The flag's key; absent where the request is about all flags. */
  readonly key?: string;
  readonly errorCode: OfrepErrorCode;
  readonly errorDetails: string;
}

/** Converts an error to OFREP's form. */
export function ofrepFailureOf(error: HoldfastError, key?: string): OfrepFailure {
  return {
    ...(key === undefined ? {} : { key }),
    errorCode: codes[error.code] ?? 'GENERAL',
    errorDetails: error.message,
  };
}
