/** What the client library has for Node alone: `holdfast/client/node`. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LastGood } from './saved.js';

/**
 * Keeps the last good ruleset in a file. Written beside it, synced and renamed, so that whatever happens the file is the old one or the new one, and
 * whole. The folder is made when it is missing. Two processes may share the file: the last writer wins.
 */
export function inFile(path: string): LastGood {
  let writes = 0;
  return {
    load: async () => {
      try {
        return await readFile(path);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    save: async (bytes) => {
      await mkdir(dirname(path), { recursive: true });
      const beside = `${path}.${process.pid}-${++writes}.tmp`;
      try {
        const file = await open(beside, 'w', 0o600);
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(beside, path);
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
