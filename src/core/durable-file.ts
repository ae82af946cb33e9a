/**
 * Durable changes of files and directories: after a crash a file is the old one or the new one, and
 * whole.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Creates a directory, and those above it, readable by the owner alone, unless it exists. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) await syncDirectory(dirname(resolve(first)));
}

/** Options of {@link replaceFile}. */
export interface ReplaceOptions {
  /**
   * True when several processes may replace this file at the same time; each then writes a
   * temporary file of its own.
   */
  readonly shared?: boolean;
}

let written = 0;

/**
 * Replaces a file's content: written to a temporary file in the same directory, synced, renamed,
 * and the directory synced, so that a loss of power leaves the old content or the new. The file is
 * readable by the owner alone. A failure removes the temporary file; a crash may leave it
 * (`<path>.new`, which the next call overwrites; `<path>.<pid>-<n>.new` when shared).
 *
 * @throws the file system's error; the file is then unchanged
 */
export async function replaceFile(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: ReplaceOptions = {},
): Promise<void> {
  const temporary = options.shared === true ? `${path}.${process.pid}-${++written}.new` : `${path}.new`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      for await (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/**
 * Makes the names in a directory durable: a new name survives a loss of power only when its
 * directory was synced.
 */
export async function syncDirectory(path: string): Promise<void> {
  // Windows, on which the client library runs too, cannot sync a directory.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
