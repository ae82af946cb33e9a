/** Errors as OFREP has them. Which status they come with is decided in http/errors.ts, as for all. [protocol] #openfeature */
import type { ErrorCode, HoldfastError } from '../core/errors.js';

/** TYPE_MISMATCH is not among them: a request does not say which type it wants, so providers find that out. */
export type OfrepErrorCode =
  'PARSE_ERROR' | 'TARGETING_KEY_MISSING' | 'INVALID_CONTEXT' | 'FLAG_NOT_FOUND' | 'GENERAL';

/** What is not here is GENERAL. */
const codes: Readonly<Partial<Record<ErrorCode, OfrepErrorCode>>> = {
  body_invalid: 'PARSE_ERROR',
  value_invalid: 'PARSE_ERROR',
  field_invalid: 'INVALID_CONTEXT',
  change_too_large: 'INVALID_CONTEXT',
  targeting_key_missing: 'TARGETING_KEY_MISSING',
  not_found: 'FLAG_NOT_FOUND',
};

export interface OfrepFailure {
  /** Of the flag; absent where the request is about all. */
  readonly key?: string;
  readonly errorCode: OfrepErrorCode;
  readonly errorDetails: string;
}

export function ofrepFailureOf(error: HoldfastError, key?: string): OfrepFailure {
  return {
    ...(key === undefined ? {} : { key }),
    errorCode: codes[error.code] ?? 'GENERAL',
    errorDetails: error.message,
  };
}
