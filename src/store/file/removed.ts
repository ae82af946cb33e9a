/**
 * Bytes that were removed from the end of a log, kept next to it: they may be a commit that was
 * acknowledged and damaged since, and only a person can tell.
 */
import { createReadStream } from 'node:fs';
import { readdir, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { replaceFile } from '../../core/durable-file.js';
import { messageOf } from '../../core/errors.js';

/**
 * The number of such files that are kept, so that a machine which loses power every day does not
 * fill its disk.
 */
const KEPT = 10;

/**
 * Copies the bytes from an offset to the end of the log into a file of their own,
 * `log.removed-<time>`, and removes the oldest such files beyond ten.
 *
 * @throws the file system's error
 */
export async function keepRemoved(
  path: string,
  file: FileHandle,
  offset: number,
  log: Logger,
): Promise<void> {
  const { size } = await file.stat();
  const time = new Date().toISOString().replace(/\D/g, '');
  const kept = `${path}.removed-${time}`;
  // Read through the name: a stream would close the handle that the log goes on with.
  await replaceFile(kept, size > offset ? createReadStream(path, { start: offset }) : []);
  log.warn(
    { file: path, offset, bytes: size - offset, kept },
    'the log ended in bytes that are no whole record: a write that was cut off, or the last record, damaged since; they were moved to a file next to it',
  );
  await prune(path).catch((error: unknown) => {
    log.warn({ file: path, error: messageOf(error) }, 'old files of removed bytes could not be deleted');
  });
}

async function prune(path: string): Promise<void> {
  const directory = dirname(path);
  const prefix = `${basename(path)}.removed-`;
  const kept = (await readdir(directory)).filter((name) => name.startsWith(prefix)).sort();
  for (const name of kept.slice(0, -KEPT)) {
    if (!name.endsWith('.new')) await rm(join(directory, name), { force: true });
  }
}
