/** Pieces of text with a style. Pure. */

/** A way to set off a piece of text on a terminal with colours. */
export type TextStyle = keyof typeof CODES;

/** A text with a style. */
export interface StyledText {
  readonly text: string;
  readonly style: TextStyle;
}

/** A part of a line, or a cell of a table. */
export type Cell = string | StyledText;

/** The codes of the styles in escape sequences. */
export const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Sets off a text. The style is seen on a terminal with colours only. */
export function styled(style: TextStyle, text: string): StyledText {
  return { style, text };
}
