/** A trial write of the embedded store, which shows that a refusal is over. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from './log.js';

/** The size of the write: about that of a commit. */
const PROBE_BYTES = 64 * 1024;

/** True when a batch could be appended: the directory is ours, and there is room on its disk. */
export async function canWrite(log: Log, directory: string): Promise<boolean> {
  await log.check();
  const path = join(directory, 'log.probe');
  try {
    await writeFile(path, Buffer.alloc(PROBE_BYTES), { mode: 0o600, flush: true });
    return true;
  } finally {
    await rm(path, { force: true });
  }
}
