/** The error of the server that stands at the field which it names. */
import { createContext, useContext } from 'react';
import { ApiError } from '../api.js';
import { sentenceOf } from '../parts/sentence.js';

/** An error of the draft, by its path. */
export interface DraftError {
  /** Such as `configs[0].rows[0].values[1].value`; empty when the server named none. */
  readonly field: string;
  readonly text: string;
}

/** The error of the last answer; `undefined` when there is none. */
export const DraftErrorContext = createContext<DraftError | undefined>(undefined);

/** Returns the error of a field, or of anything in it. */
export function useFieldError(field: string): string | undefined {
  const error = useContext(DraftErrorContext);
  if (error?.field.startsWith(field) !== true) return undefined;
  const rest = error.field.slice(field.length);
  return field === '' || rest === '' || /^[.[]/.test(rest) ? error.text : undefined;
}

/** Makes an error of the draft of an error of a call. */
export function draftErrorOf(error: unknown): DraftError {
  if (!(error instanceof ApiError)) return { field: '', text: sentenceOf(error) };
  const { field = '', message } = error;
  // The sentence stands at the field, and need not begin with its path.
  const text = message.startsWith('configs[0].') ? message.replace(/^\S+ /, '') : message;
  return { field, text: sentenceOf(new Error(text)) };
}
