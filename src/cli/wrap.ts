/** Sentences on terminals that are narrower than they are. Pure. */

/**
 * Breaks a line at spaces, so that a terminal need not break it inside of a word. What follows is
 * indented as the line is; a longer word is left to the terminal.
 *
 * @param width characters of a line; `undefined` breaks nothing
 */
export function wrapLine(line: string, width: number | undefined): string[] {
  if (width === undefined || line.length <= width) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const next = space > indent.length ? space : rest.indexOf(' ', width);
    if (next === -1) break;
    lines.push(rest.slice(0, next).trimEnd());
    rest = indent + rest.slice(next).trimStart();
  }
  return [...lines, rest];
}
