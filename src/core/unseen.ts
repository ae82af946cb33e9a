/**
 * Characters that are not seen, or that change how others are seen: controls, halves of surrogate
 * pairs, line and paragraph separators, and the invisible and directional ones. Joiners are none of
 * them, which scripts and emoji need.
 */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u;

const EACH = new RegExp(UNSEEN.source, 'gu');

/** Returns true when a text has characters that are not seen as what they are. */
export function hasUnseen(text: string): boolean {
  return UNSEEN.test(text);
}

/** Returns a text without characters that are not seen as what they are. */
export function withoutUnseen(text: string): string {
  return text.replace(EACH, '');
}
