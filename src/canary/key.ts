/**
 * The canary's API key: made from HOLDFAST_SECRET, so every node knows it, and none has to store it.
 * It opens the canary's stream through a GRIP proxy, and nothing else.
 */
import { createHmac } from 'node:crypto';
import { hashKey } from '../keys/keyring.js';
import { CANARY_ENVIRONMENT } from '../store/rules.js';
import type { Key } from '../store/store.js';

/** The key as every node knows it. Ids of stored keys are hexadecimal, so none is this one. */
export const CANARY_KEY: Key = {
  id: 'canary',
  environment: CANARY_ENVIRONMENT,
  kind: 'server',
  name: 'canary',
  hash: '',
  createdAt: 0,
};

/** Returns the text of the key under one secret. */
export function canaryKeyText(secret: string): string {
  return `canary-${createHmac('sha256', secret).update('canary key').digest('base64url')}`;
}

/**
 * Builds the check for the text of the key. With several secrets, as during their rotation, that of
 * each counts.
 */
export function canaryKeyCheck(secrets: readonly string[]): (text: string | undefined) => boolean {
  // Hashes are compared, so the time of a comparison says nothing about the text.
  const hashes = new Set(secrets.map((secret) => hashKey(canaryKeyText(secret))));
  return (text) => text?.startsWith('canary-') === true && hashes.has(hashKey(text));
}
