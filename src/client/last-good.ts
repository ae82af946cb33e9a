/** Places for the last good ruleset that need nothing of Node. The one in a file is in node.ts. */
import type { LastGood } from './saved.js';

/**
 * Keeps it as long as the process lives: for clients that are closed and created again, and for
 * tests.
 */
export function inMemory(): LastGood {
  let saved: Uint8Array | undefined;
  return {
    load: () => Promise.resolve(saved),
    save: (bytes) => {
      saved = bytes;
      return Promise.resolve();
    },
  };
}

/** The part of a browser's `localStorage` that is used. */
export interface KeyValueStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
}

/**
 * Keeps it in the browser's `localStorage`, which has room for some 5 MB of an origin; a ruleset
 * that does not fit is a warning.
 *
 * @param name of the item; another one for each environment
 */
export function inLocalStorage(name = 'holdfast', storage: KeyValueStorage = pageStorage()): LastGood {
  return {
    load: async () => {
      const text = await Promise.resolve(storage.getItem(name));
      return text === null ? undefined : Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    },
    save: async (bytes) => {
      const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
      storage.setItem(name, text);
      await Promise.resolve();
    },
  };
}

function pageStorage(): KeyValueStorage {
  // Asked for at each use: where a browser forbids it, even reading the name throws.
  const storage = () => (globalThis as unknown as { localStorage: KeyValueStorage }).localStorage;
  return {
    getItem: (name) => storage().getItem(name),
    setItem: (name, value) => storage().setItem(name, value),
  };
}
