/** Sentences on terminals that are narrower than they are. Pure. */

/** The spaces by which what follows an indented line is indented further. */
const HANG = 4;

/**
 * Breaks a line at spaces, so that a terminal need not break it inside of a word. What follows
 * an indented line is indented further, so that it does not look like the next one; a longer word is
 * left to the terminal.
 *
 * @param width characters of a line; `undefined` breaks nothing
 */
export function wrapLine(line: string, width: number | undefined): string[] {
  if (width === undefined || line.length <= width) return [line];
  const own = /^ */.exec(line)?.[0].length ?? 0;
  const hanging = ' '.repeat(own === 0 ? 0 : own + HANG);
  let indent = own;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const next = space > indent ? space : rest.indexOf(' ', width);
    if (next === -1) break;
    lines.push(rest.slice(0, next).trimEnd());
    rest = hanging + rest.slice(next).trimStart();
    indent = hanging.length;
  }
  return [...lines, rest];
}
