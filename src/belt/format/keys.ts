/**
 * The API keys of a copy. Few are in the manifest; very many are an object of their own, so that a
 * manifest stays small: it is read again and again, and by strangers' doing, while keys hardly
 * change.
 *
 *     keys-<SHA-256>.ndjson    a line of JSON for each key, ascending by id
 *
 * Reading and writing run in slices of turns: 100,000 keys are 18 MB.
 */
import { createHash } from 'node:crypto';
import { HoldfastError, messageOf } from '../../core/errors.js';
import { runSoon, type Steps } from '../../core/steps.js';
import { damagedCopy, parseKey, type CopiedKey, type KeysObject, type Manifest } from './manifest.js';
import { keysName } from './names.js';

/** The keys that a manifest has itself, at most. */
export const INLINE_KEYS = 1_000;
/** The largest object of keys that is written or read, bytes: more than 150,000 keys. */
export const KEYS_MAX_BYTES = 32 * 1024 * 1024;
/** Keys that are read or written in one step. */
const PER_STEP = 64;
/** Bytes that are hashed in one step. */
const HASHED_PER_STEP = 256 * 1024;

/** A manifest as it is written, and the object of its keys, if they have one. */
export interface PackedManifest {
  readonly manifest: Manifest;
  readonly keys?: { readonly name: string; readonly content: Uint8Array };
}

/** True when the keys of a manifest are where they belong by their number. */
export function isPacked({ keys, keysObject }: Manifest): boolean {
  return keysObject !== undefined || keys.length <= INLINE_KEYS;
}

/**
 * Puts the keys of a manifest where they belong by their number.
 *
 * @throws HoldfastError `copy_too_large` for more keys than readers take
 */
export async function packKeys({ keysObject: _, ...manifest }: Manifest): Promise<PackedManifest> {
  const { environment, keys } = manifest;
  if (keys.length <= INLINE_KEYS) return { manifest };
  const content = await runSoon(encodeKeysSteps(keys));
  if (content.length > KEYS_MAX_BYTES) {
    throw new HoldfastError(
      'copy_too_large',
      `The ${keys.length} API keys of environment ${environment} take ${content.length} bytes, and no reader of copies takes more than ${KEYS_MAX_BYTES}: use another environment for new keys.`,
    );
  }
  const sha256 = await runSoon(sha256Steps(content));
  const name = keysName(environment, sha256);
  return {
    manifest: { ...manifest, keysObject: { object: name, bytes: content.length, sha256 } },
    keys: { name, content },
  };
}

/**
 * Gives a manifest that was read the keys which are in an object.
 *
 * @param read returns the content; `undefined` when there is none
 * @throws HoldfastError `copy_damaged` when they are not what was written; what `read` throws
 */
export async function unpackKeys(
  manifest: Manifest,
  read: (object: KeysObject) => Promise<Uint8Array | undefined>,
): Promise<Manifest> {
  const { keysObject } = manifest;
  if (keysObject === undefined) return manifest;
  const { object, bytes, sha256 } = keysObject;
  if (bytes > KEYS_MAX_BYTES) {
    throw damagedCopy(
      `The manifest names ${object} of ${bytes} bytes, and keys have at most ${KEYS_MAX_BYTES}`,
    );
  }
  const content = await read(keysObject);
  if (content === undefined) throw damagedCopy(`${object}, which the manifest names, is missing`);
  if (content.length !== bytes || (await runSoon(sha256Steps(content))) !== sha256) {
    throw damagedCopy(`${object} has another size or checksum than its manifest says`);
  }
  try {
    return { ...manifest, keys: await runSoon(decodeKeysSteps(content)) };
  } catch (error) {
    throw damagedCopy(`${object} cannot be read: ${messageOf(error)}`, error);
  }
}

function* encodeKeysSteps(keys: readonly CopiedKey[]): Steps<Uint8Array> {
  const pieces: Buffer[] = [];
  for (let start = 0; start < keys.length; start += PER_STEP) {
    const lines = keys.slice(start, start + PER_STEP).map((key) => `${JSON.stringify(key)}\n`);
    pieces.push(Buffer.from(lines.join('')));
    yield;
  }
  return Buffer.concat(pieces);
}

function* decodeKeysSteps(content: Uint8Array): Steps<CopiedKey[]> {
  const text = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const keys: CopiedKey[] = [];
  for (let start = 0; start < text.length;) {
    const found = text.indexOf(10, start);
    const end = found === -1 ? text.length : found;
    const key = parseKey(JSON.parse(text.toString('utf8', start, end)));
    const last = keys.at(-1);
    if (last !== undefined && last.id >= key.id) throw new Error(`the key ${key.id} is out of order`);
    keys.push(key);
    start = end + 1;
    if (keys.length % PER_STEP === 0) yield;
  }
  return keys;
}

function* sha256Steps(content: Uint8Array): Steps<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < content.length; start += HASHED_PER_STEP) {
    hash.update(content.subarray(start, start + HASHED_PER_STEP));
    yield;
  }
  return hash.digest('hex');
}
