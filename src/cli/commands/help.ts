/** `help` and `version`. */
import { helpText } from '../../config/help.js';
import { nearestWord } from '../../core/spelling.js';
import { VERSION } from '../../core/version.js';
import { answer, type CommandContext } from '../context.js';
import { UsageError } from '../io.js';
import type { CommandEntry } from '../command.js';

/**
 * Prints help on a topic that is no command; the parser prints that on commands.
 *
 * @throws UsageError for a topic that does not exist
 */
export function printHelp(
  context: CommandContext,
  topic: readonly string[],
  table: readonly CommandEntry[],
): void {
  const [word = '', ...more] = topic;
  if (word === 'settings' && more.length === 0) {
    context.around.stdout.write(helpText(context.out.width));
    return;
  }
  const known = [...new Set(table.flatMap(({ name }) => [name, ...name.split(' ').slice(0, 1)]))];
  const meant = nearestWord(topic.join(' '), ['settings', ...known]);
  const hint = meant === undefined ? 'holdfast --help lists the commands.' : `Did you mean ${meant}?`;
  throw new UsageError(`There is no help on ${JSON.stringify(topic.join(' '))}. ${hint}`);
}

/** Prints the version of this program. */
export function printVersion(context: CommandContext): void {
  answer(context, { version: VERSION, node: process.versions.node }, (out) => {
    out.line(VERSION);
  });
}
