/** Reports the failure of a command. */
import { messageOf } from '../core/errors.js';
import { SettingsError } from '../config/option.js';
import { ExitWith, UsageError } from './io.js';
import { plain } from './plain.js';
import type { TerminalStream } from './terminal.js';
import { wrapLine } from './wrap.js';

/**
 * Writes one line, broken at spaces where a terminal is narrower, and returns the exit code: 2 when the command or the settings are wrong, else 1.
 */
export function tellFailure(error: unknown, stderr: TerminalStream): number {
  if (error instanceof ExitWith) return error.code;
  // The one message of several lines: a list of what is wrong with the settings.
  const text = error instanceof SettingsError ? error.message : plain(messageOf(error));
  const width = stderr.isTTY === true ? (stderr.columns ?? 80) : undefined;
  const lines = `holdfast: ${text}`.split('\n').flatMap((line) => wrapLine(line, width));
  stderr.write(`${lines.join('\n')}\n`);
  return error instanceof UsageError || error instanceof SettingsError ? 2 : 1;
}
