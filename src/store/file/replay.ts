/**
 * Reading a log from its beginning: header, snapshot, batches, and the verdict on bytes that are
 * none of these.
 */
import type { FileHandle } from 'node:fs/promises';
import { HoldfastError, messageOf } from '../../core/errors.js';
import { readLines, unframe } from './frame.js';
import type { LogBatch, LogHeader, SnapshotRecord } from './record.js';

/**
 * The receiver of a log's records, in their order. A method that throws declares the record
 * damaged.
 */
export interface LogReplay {
  header(header: LogHeader): void;
  snapshot(record: SnapshotRecord, line: LogLine): void;
  batch(batch: LogBatch, line: LogLine): void;
}

/** The place of a line in the log, without its newline. */
export interface LogLine {
  /** Byte offset. */
  readonly start: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * Replays a log.
 *
 * @returns the end of the last whole record, and the size of the file: bytes in between are no
 *   record
 * @throws HoldfastError `store_damaged`
 */
export async function replayFile(
  path: string,
  file: FileHandle,
  replay: LogReplay,
): Promise<{ end: number; size: number }> {
  let header: LogHeader | undefined;
  let index = 0;
  let bad: number | undefined;
  let size = 0;
  for await (const line of readLines(file)) {
    size = line.start + line.bytes.length + (line.complete ? 1 : 0);
    const json = unframe(line.bytes);
    const place = { start: line.start, length: line.bytes.length };
    if (bad !== undefined) {
      if (json !== undefined) throw damaged(path, bad, 'whole records follow it, so it is no torn write');
    } else if (json === undefined || !line.complete) {
      if (header === undefined || index <= header.snapshot) throw incomplete(path, line.start);
      bad = line.start;
    } else {
      try {
        if (header === undefined) replay.header((header = readHeader(path, json)));
        else if (index <= header.snapshot) replay.snapshot(JSON.parse(json) as SnapshotRecord, place);
        else replay.batch(JSON.parse(json) as LogBatch, place);
      } catch (error) {
        throw error instanceof HoldfastError ? error : damaged(path, line.start, messageOf(error), error);
      }
    }
    index++;
  }
  if (header === undefined || index <= header.snapshot) throw incomplete(path, size);
  return { end: bad ?? size, size };
}

function readHeader(path: string, json: string): LogHeader {
  const header = JSON.parse(json) as LogHeader;
  if ((header.holdfast as number) !== 1) {
    throw new HoldfastError(
      'store_damaged',
      `${path} is in a format that this version of Holdfast does not know. Nothing was changed. Run the version that wrote it.`,
    );
  }
  return header;
}

/** There is no part of such a log that could be kept. */
function incomplete(path: string, offset: number): HoldfastError {
  return new HoldfastError(
    'store_damaged',
    `${path} is damaged at byte ${offset}, inside what every log begins with. Nothing was changed. Restore the file from a backup; or, to begin again without any data, remove it.`,
    { details: { file: path, offset: `${offset}` } },
  );
}

function damaged(path: string, offset: number, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'store_damaged',
    `${path} is damaged at byte ${offset}: ${why}. Nothing was changed. Restore the file from a backup; or, to give up everything from there on, cut it to ${offset} bytes.`,
    { details: { file: path, offset: `${offset}` }, cause },
  );
}
