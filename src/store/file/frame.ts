/**
 * Framing of the log's lines: eight hex digits of CRC-32, a space, JSON, a newline.
 *
 * Text, not lengths and binary: the next record starts at a newline whatever happened to this one,
 * so that a torn tail (nothing whole after it) can be told from damage in the middle (whole records
 * after it). And a person can read it.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const NEWLINE = 10;
const SPACE = 32;
const CRC_DIGITS = 8;
const CHUNK = 1024 * 1024;

/** One line of a log file. */
export interface Line {
  /** Byte offset of its first byte. */
  readonly start: number;
  /** Without the newline. */
  readonly bytes: Buffer;
  /** True when the newline is there: without it, the end was never written. */
  readonly complete: boolean;
}

/** Makes the line of a value, newline included. */
export function frame(value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value), 'utf8');
  const crc = crc32(json).toString(16).padStart(CRC_DIGITS, '0');
  return Buffer.concat([Buffer.from(`${crc} `), json, Buffer.from('\n')]);
}

/** Returns the JSON text of a line; `undefined` when it is not what was written. */
export function unframe(bytes: Buffer): string | undefined {
  if (bytes.length <= CRC_DIGITS || bytes[CRC_DIGITS] !== SPACE) return undefined;
  const json = bytes.subarray(CRC_DIGITS + 1);
  const crc = bytes.toString('latin1', 0, CRC_DIGITS);
  return crc === crc32(json).toString(16).padStart(CRC_DIGITS, '0') ? json.toString('utf8') : undefined;
}

/** Yields all lines of a file, in order, reading it in pieces. */
export async function* readLines(file: FileHandle): AsyncGenerator<Line, void, void> {
  let start = 0;
  let position = 0;
  let parts: Buffer[] = [];
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    let rest = buffer.subarray(0, bytesRead);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const bytes = Buffer.concat([...parts, rest.subarray(0, end)]);
      yield { start, bytes, complete: true };
      start += bytes.length + 1;
      parts = [];
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) parts.push(rest);
  }
  if (parts.length > 0) yield { start, bytes: Buffer.concat(parts), complete: false };
}
