import { historyLimits } from '../../src/store/history.js';
import { openFileStore } from '../../src/store/file/store.js';
import { storeContract } from './contract.js';
import { removeDirectory, silent, temporaryDirectory } from './fixtures.js';

storeContract('file', () => {
  const directories: string[] = [];
  return Promise.resolve({
    open: async (changes) => {
      const directory = await temporaryDirectory();
      directories.push(directory);
      return openFileStore(directory, { log: silent, history: historyLimits(changes) });
    },
    stop: async () => {
      await Promise.all(directories.map(removeDirectory));
    },
  });
});
