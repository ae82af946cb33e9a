/** Text for a terminal. */

/**
 * Text without control characters: keys, names and messages come from elsewhere, and a terminal
 * obeys escape sequences. Line breaks become spaces.
 */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what is to be removed
  return text.replace(/\s*[\r\n]+\s*/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

/**
 * Rows as aligned columns, two spaces apart; the first row is the head. Each line ends in a
 * newline.
 */
export function columns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(plain));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** `1 config`, `2 configs`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
