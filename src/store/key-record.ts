/** API keys as text: how both stores keep them. */
import type { Key } from './store.js';

export function keyToJson(key: Key): string {
  return JSON.stringify({ ...key, environment: `${key.environment}` });
}

/** @throws when the text is not what `keyToJson` makes. */
export function keyFromJson(text: string): Key {
  const record = JSON.parse(text) as Omit<Key, 'environment'> & { environment: string };
  return { ...record, environment: BigInt(record.environment) };
}
