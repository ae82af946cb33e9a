/**
 * The keys that verify `Grip-Sig`, as settings name them: a shared secret (`base64:` for binary), a
 * PEM public key, or a JWK.
 */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

/** A key that verifies signatures, and the algorithms it is good for. */
export interface VerifyKey {
  readonly key: KeyObject;
  readonly algorithm: 'HS256' | 'ES256' | 'RS256';
}

/** A PEM has spaces and line breaks of its own, a JWK commas; anything else ends at one. */
const KEYS = /-----BEGIN [A-Z ]+-----[^]*?-----END [A-Z ]+-----|\{[^{}]*\}|[^\s,]+/g;

/**
 * The shortest text among several: a phrase of short words, meant as one key, must not become keys
 * that can be guessed.
 */
const MIN_OF_SEVERAL = 16;

/**
 * Takes GRIP_VERIFY_KEY apart: one or several keys, separated by spaces or commas.
 *
 * @throws Error whose message goes after the setting's name, and repeats no key
 */
export function splitKeys(value: string): readonly string[] {
  const keys = value.match(KEYS) ?? [];
  if (keys.length === 0) throw new Error('must have a key between its commas.');
  for (const [i, key] of keys.entries()) {
    if (keys.length > 1 && key.length < MIN_OF_SEVERAL) {
      throw new Error(
        `has ${keys.length} keys, separated by spaces or commas, and key ${i + 1} has only ${key.length} characters; at least ${MIN_OF_SEVERAL} are needed where there are several. One key with a space or comma in it is written as base64: and its base64.`,
      );
    }
  }
  return keys;
}

/**
 * Reads one key.
 *
 * @param fail makes the error to throw of what is wrong, a predicate such as `has an empty key`. It
 * repeats no part of the key.
 */
export function readKey(text: string, fail: (problem: string, cause?: unknown) => Error): VerifyKey {
  const plain = text.startsWith('base64:') ? Buffer.from(text.slice(7), 'base64') : Buffer.from(text);
  if (plain.length === 0) throw fail('has an empty verification key: give a secret, a PEM or a JWK');
  const start = plain.toString('latin1').trimStart();
  if (!start.startsWith('-----BEGIN') && !start.startsWith('{')) {
    return { key: createSecretKey(plain), algorithm: 'HS256' };
  }
  const key = readPublicKey(plain, start, fail);
  if (key.asymmetricKeyType === 'rsa') return { key, algorithm: 'RS256' };
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return { key, algorithm: 'ES256' };
  throw fail('has a verification key that no proxy signs with: give a secret, an RSA or a P-256 key');
}

function readPublicKey(
  plain: Buffer,
  start: string,
  fail: (problem: string, cause?: unknown) => Error,
): KeyObject {
  try {
    if (!start.startsWith('{')) return createPublicKey(plain);
    const key = JSON.parse(plain.toString()) as Record<string, string>;
    return createPublicKey({ key, format: 'jwk' });
  } catch (error) {
    // Without the reason: a parser of JSON quotes the text.
    throw fail('has a verification key that cannot be read: give a secret, a PEM or a JWK', error);
  }
}
