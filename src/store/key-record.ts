/** API keys as JSON text, the form in which both stores keep them. Pure. */
import { z } from 'zod';
import type { Key } from './store.js';

/** Fields that a newer node added are kept when an older one revokes the key. */
const RECORD = z.looseObject({
  id: z.string().min(1),
  environment: z.string().regex(/^\d+$/),
  kind: z.enum(['server', 'client']),
  name: z.string(),
  hash: z.string().min(1),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  revokedAt: z.number().optional(),
});

/** Writes a key as JSON; the environment's id is decimal text, because it may exceed 2^53. */
export function keyToJson(key: Key): string {
  return JSON.stringify({ ...key, environment: `${key.environment}` });
}

/** Reads a key from JSON. @throws when the text is not what `keyToJson` makes. */
export function keyFromJson(text: string): Key {
  const record = RECORD.parse(JSON.parse(text));
  return { ...record, environment: BigInt(record.environment) };
}
