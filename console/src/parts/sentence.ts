/** Errors as sentences. */

/** Returns the text of an error as a sentence. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : 'something went wrong on this page; reload it';
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
