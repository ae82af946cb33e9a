/** The part of the client library that needs Node: `holdfast/client/node`. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../core/durable-file.js';
import type { LastGood } from './saved.js';

/**
 * Keeps the last good ruleset in a file. It is replaced as a whole, so that whatever happens the
 * file is the old one or the new one. The folder is created when it is missing. Several processes
 * may share the file: the last writer wins.
 */
export function inFile(path: string): LastGood {
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
      await replaceFile(path, [bytes], { shared: true });
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
