/** API keys as JSON text, the form in which both stores keep them. Pure. */
import type { Key } from './store.js';

/** Writes a key as JSON; the environment's id is decimal text, because it may exceed 2^53. */
export function keyToJson(key: Key): string {
  return JSON.stringify({ ...key, environment: `${key.environment}` });
}

/** Reads a key from JSON. @throws when the text is not what `keyToJson` makes. */
export function keyFromJson(text: string): Key {
  const record = JSON.parse(text) as Omit<Key, 'environment'> & { environment: string };
  return { ...record, environment: BigInt(record.environment) };
}
