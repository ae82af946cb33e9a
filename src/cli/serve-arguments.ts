/**
 * Recognises a command line that says `serve` and nothing that has to be explained. A server then
 * starts without loading the other commands, which takes a tiny machine as long as all the rest.
 */
export interface ServeArguments {
  /** The value of `--source`; `undefined` without it. */
  readonly source: string | undefined;
}

/**
 * @param argv what follows the name of the program. `undefined`: it is for the reader of all
 *   commands.
 */
export function serveArguments(argv: readonly string[]): ServeArguments | undefined {
  const [command = 'serve', first, ...rest] = argv;
  if (command !== 'serve') return undefined;
  if (first === undefined) return { source: undefined };
  const [, joined] = /^--source=(.+)$/.exec(first) ?? [];
  if (joined !== undefined && rest.length === 0) return { source: joined };
  const [separate] = rest;
  const isPair =
    first === '--source' && rest.length === 1 && separate !== undefined && !separate.startsWith('-');
  return isPair ? { source: separate } : undefined;
}
