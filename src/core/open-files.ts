/** The number of files that this process may have open, connections included. */
import { readFileSync } from 'node:fs';

/** Returns the limit as the system enforces it; `undefined` where it cannot be told. */
export function openFilesLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined; // there is no /proc outside of Linux
  }
}
