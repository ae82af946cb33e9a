/** Directories and file stores of a test, which are closed and removed after it. */
import { afterEach } from 'vitest';
import { historyLimits } from '../../src/store/history.js';
import { openFileStore, type FileStoreOptions } from '../../src/store/file/store.js';
import type { Store } from '../../src/store/store.js';
import { removeDirectory, silent, temporaryDirectory } from './fixtures.js';

export interface FileStores {
  newDirectory(): Promise<string>;
  /** Opens the store in a directory, with a history of three changes. */
  open(path: string, options?: Partial<FileStoreOptions>): Promise<Store>;
}

export function useFileStores(): FileStores {
  const stores: Store[] = [];
  const directories: string[] = [];
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await Promise.all(directories.splice(0).map(removeDirectory));
  });
  return {
    newDirectory: async () => {
      const path = await temporaryDirectory();
      directories.push(path);
      return path;
    },
    open: async (path, options) => {
      const store = await openFileStore(path, { log: silent, history: historyLimits(3), ...options });
      stores.push(store);
      return store;
    },
  };
}
