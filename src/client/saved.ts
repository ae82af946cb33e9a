/**
 * Encodes the last good ruleset as bytes that outlive the process: a line of JSON that describes
 * it, and the snapshot. Pure.
 */
import { parseVersion } from '../ruleset/version.js';
import type { Ruleset } from '../ruleset/ruleset.js';
import { readMessage, type Message } from './message.js';

/**
 * A place that keeps the last good ruleset. An error of it is a warning, and the client continues
 * without.
 */
export interface LastGood {
  /** Returns the bytes that were saved last; `undefined` when there are none. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces the bytes, all or nothing. Is not called again before it is done. */
  save(bytes: Uint8Array): Promise<void>;
}

/** A saved ruleset that was decoded. */
export interface SavedCopy {
  readonly environment: bigint;
  readonly version: bigint;
  /** The time at which it was last known to be the newest: milliseconds since 1970. */
  readonly confirmedAt: number;
  readonly message: Message;
}

const FORMAT = 1;
const NEWLINE = 10;

/** Encodes a ruleset. */
export function encodeSaved(ruleset: Ruleset, confirmedAt: number): Uint8Array {
  const snapshot = ruleset.encode(0n);
  const head = {
    holdfast: FORMAT,
    environment: `${ruleset.environment}`,
    version: `${ruleset.version}`,
    confirmedAt: Math.round(confirmedAt),
    crc32: crc32(snapshot),
  };
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const bytes = new Uint8Array(line.length + snapshot.length);
  bytes.set(line);
  bytes.set(snapshot, line.length);
  return bytes;
}

/**
 * Decodes a saved ruleset.
 *
 * @throws Error that says what is wrong with it
 */
export function decodeSaved(bytes: Uint8Array): SavedCopy {
  const end = bytes.indexOf(NEWLINE);
  if (end < 0) throw new Error('it is no saved ruleset');
  const head: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const { holdfast, environment, version, confirmedAt, crc32: sum } = fieldsOf(head);
  if (holdfast !== FORMAT) throw new Error(`its format is not ${FORMAT}`);
  const id = typeof environment === 'string' ? parseVersion(environment) : undefined;
  const at = typeof version === 'string' ? parseVersion(version) : undefined;
  if (id === undefined || at === undefined || typeof confirmedAt !== 'number') {
    throw new Error('its first line is damaged');
  }
  const snapshot = bytes.subarray(end + 1);
  if (crc32(snapshot) !== sum) throw new Error('it is damaged: its checksum differs');
  const message = readMessage(snapshot);
  if (message.environment !== id) throw new Error('it is damaged: it has two environments');
  return { environment: id, version: at, confirmedAt, message };
}

function fieldsOf(head: unknown): Record<string, unknown> {
  return typeof head === 'object' && head !== null ? (head as Record<string, unknown>) : {};
}

/**
 * Returns the environment that an API key is for, if the key has the usual form. [protocol] #keys
 */
export function environmentOfKey(key: string): bigint | undefined {
  return parseVersion(/-P\d+-E(\d+)-(?:SDK|CLIENT)-/.exec(key)?.[1]);
}

/**
 * CRC-32 as zlib has it, bit by bit: it is made once for each change that is saved. It finds
 * damage, not forgery.
 */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
