/**
 * The log: the one file that a file store is.
 *
 * Only the end of it is ever written, a batch at a time, and a batch counts when `append` has
 * resolved: fdatasync has returned. So when the process dies at any moment, all that can be wrong
 * is the last line, and nobody was told that it counts: it is cut at start. A bad line with a whole
 * one after it was written well once and was damaged since; then nothing is touched, and a person
 * must decide.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { HoldfastError, messageOf } from '../../core/errors.js';
import { replaceFile } from '../../core/durable-file.js';
import { frame, readLines, unframe } from './frame.js';
import type { LogBatch, LogHeader, SnapshotRecord } from './record.js';

export interface LogReplay {
  header(header: LogHeader): void;
  snapshot(record: SnapshotRecord): void;
  batch(batch: LogBatch): void;
}

export class Log {
  readonly path: string;
  readonly #file: FileHandle;
  #end: number;
  /** An append failed and was not undone yet: past the end there may be a part of it. */
  #untidy = false;

  private constructor(path: string, file: FileHandle, end: number) {
    this.path = path;
    this.#file = file;
    this.#end = end;
  }

  /** Bytes. */
  get size(): number {
    return this.#end;
  }

  /**
   * Makes a log that begins with a snapshot, in place of the present one if there is one; all at
   * once.
   */
  static async create(
    directory: string,
    sequence: number,
    snapshot: readonly SnapshotRecord[],
  ): Promise<void> {
    const header: LogHeader = { holdfast: 1, sequence, snapshot: snapshot.length };
    await replaceFile(join(directory, 'log'), framed([header, ...snapshot]));
  }

  /**
   * Opens the log and replays it.
   *
   * @throws HoldfastError `store_damaged`, with nothing changed
   */
  static async open(directory: string, replay: LogReplay, log: Logger): Promise<Log> {
    const path = join(directory, 'log');
    const file = await open(path, 'r+');
    try {
      const { end, size } = await replayFile(path, file, replay);
      if (end < size) {
        await file.truncate(end);
        await file.sync();
        log.warn(
          { file: path, offset: end, bytes: size - end },
          'the log ended in a write that was cut off before it was acknowledged; the rest of it was removed',
        );
      }
      return new Log(path, file, end);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves when the batch is on the disk. When it rejects, the log is as it was before. */
  async append(batch: LogBatch): Promise<void> {
    if (this.#untidy) await this.#undo();
    const { size, nlink } = await this.#file.stat();
    if (size !== this.#end || nlink === 0) {
      throw new Error(`${this.path} was changed by another process; stop it, and restart this one`);
    }
    try {
      const bytes = frame(batch);
      await writeAll(this.#file, bytes, this.#end);
      await this.#file.datasync();
      this.#end += bytes.length;
    } catch (error) {
      this.#untidy = true;
      // If the disk does not even let us cut, the next append tries again before it writes.
      await this.#undo().catch(() => undefined);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #undo(): Promise<void> {
    await this.#file.truncate(this.#end);
    await this.#file.datasync();
    this.#untidy = false;
  }
}

async function replayFile(
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
    if (bad !== undefined) {
      if (json !== undefined) throw damaged(path, bad, 'whole records follow it, so it is no torn write');
    } else if (json === undefined || !line.complete) {
      if (header === undefined || index <= header.snapshot) throw incomplete(path, line.start);
      bad = line.start;
    } else {
      try {
        if (header === undefined) replay.header((header = readHeader(path, json)));
        else if (index <= header.snapshot) replay.snapshot(JSON.parse(json) as SnapshotRecord);
        else replay.batch(JSON.parse(json) as LogBatch);
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

function* framed(values: Iterable<unknown>): Generator<Buffer, void, void> {
  for (const value of values) yield frame(value);
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** There is no part of such a log that could be kept. */
function incomplete(path: string, offset: number): HoldfastError {
  return new HoldfastError(
    'store_damaged',
    `${path} is damaged at byte ${offset}, inside what every log begins with. Nothing was changed. Restore the file from a backup; or, to begin anew without any data, remove it.`,
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
