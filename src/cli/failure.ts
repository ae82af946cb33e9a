/** Reports the failure of a command. */
import { messageOf } from '../core/errors.js';
import { SettingsError } from '../config/option.js';
import { ExitWith, UsageError, type Output } from './io.js';
import { plain } from './plain.js';

/**
 * Writes one line, and returns the exit code: 2 when the command or the settings are wrong, else 1.
 */
export function tellFailure(error: unknown, stderr: Output): number {
  if (error instanceof ExitWith) return error.code;
  // The one message of several lines: a list of what is wrong with the settings.
  const text = error instanceof SettingsError ? error.message : plain(messageOf(error));
  stderr.write(`holdfast: ${text}\n`);
  return error instanceof UsageError || error instanceof SettingsError ? 2 : 1;
}
