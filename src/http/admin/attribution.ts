/** The author and the message of a change that a request asks for. [protocol] #history */
import { z } from 'zod';
import { MESSAGE_MAX, type Attribution, type ChangeSource } from '../../store/history.js';
import type { Operator } from '../../store/operators.js';

const MESSAGE_RULE = `must be a text of at most ${MESSAGE_MAX} characters`;
const HEADER_RULE = `must be UTF-8 text of at most ${MESSAGE_MAX} characters, percent-encoded`;

/** The reason of a change, in the JSON body of a request. */
export const messageField = z
  .string(MESSAGE_RULE)
  .max(MESSAGE_MAX, MESSAGE_RULE)
  .optional()
  .meta({ description: 'Why, for the history.' });

/** The same as a header, for routes whose body is a datafile. */
export const messageHeader = z
  .string(HEADER_RULE)
  .transform((header, context) => {
    const message = decoded(header);
    if (message !== undefined && message.length <= MESSAGE_MAX) return message;
    context.issues.push({ code: 'custom', message: HEADER_RULE, input: header });
    return z.NEVER;
  })
  .optional()
  .meta({ description: 'Why, for the history: UTF-8, percent-encoded.' });

function decoded(header: string): string | undefined {
  try {
    return decodeURIComponent(header);
  } catch {
    return undefined; // it is no percent-encoded UTF-8
  }
}

/** Names who asks for a change, and why. An empty message is none. */
export function attribution(
  { name }: Operator,
  source: ChangeSource,
  message: string | undefined,
): Attribution {
  return { author: name, ...(message === undefined || message === '' ? {} : { message }), source };
}
