/** `completion`: prints the script of a shell. */
import { completionScript, SHELLS } from '../completion.js';
import type { CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import type { CommandEntry } from '../command.js';

/** Prints the script of a shell; `completion`. */
export function printCompletion(context: CommandContext, text: string, table: readonly CommandEntry[]): void {
  const shell = SHELLS.find((each) => each === text);
  if (shell === undefined) {
    throw new UsageError(`<shell> must be ${SHELLS.join(', ')}, and is ${JSON.stringify(text)}.`);
  }
  context.around.stdout.write(completionScript(shell, table));
}
