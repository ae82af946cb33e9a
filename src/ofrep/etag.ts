/** ETags of bulk answers. [protocol] #openfeature */
import { createHash } from 'node:crypto';
import { parsePosition } from '../ruleset/client-position.js';

/** Everything that a bulk answer depends on. */
export interface EtagParts {
  readonly environment: bigint;
  readonly clientVersion: bigint;
  /** The interval of time within which rules decide the same; see `Evaluator.intervalAt`. */
  readonly interval: string;
  /** The contexts, canonically. */
  readonly contexts: string;
  /** The attributes of the context that the answer names as ignored. */
  readonly ignored: string;
  /**
   * The event streams in the answer. They hold a token that expires, so an answer with an older one
   * is not the same answer.
   */
  readonly streams: string;
}

/** Raised when equal parts lead to another answer than before: providers would keep the old one. */
const FORM = 2;

/** Builds a strong ETag: answers with equal ones are equal. */
export function etagOf(parts: EtagParts): string {
  const { environment, clientVersion, interval, contexts, ignored, streams } = parts;
  const rest = createHash('sha256')
    .update(JSON.stringify([FORM, interval, contexts, ignored, streams]))
    .digest('base64url');
  return `"${environment}-${clientVersion}-${rest.slice(0, 22)}"`;
}

/**
 * Reads the position that an event stream notified a provider of, which repeats it as
 * `flagConfigEtag`; quotes and weakness do not matter. `undefined` for anything else: it is a hint,
 * and no reason to refuse.
 */
export function readFlagConfigEtag(text: unknown): bigint | undefined {
  if (typeof text !== 'string') return undefined;
  return parsePosition(/^(?:W\/)?"?([\d-]{1,36})"?$/.exec(text)?.[1]);
}
