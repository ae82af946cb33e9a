/**
 * The log: the one file of a file store.
 *
 * Only its end is ever written, a batch at a time, and a batch counts when `append` has resolved:
 * fdatasync has returned, and the directory's lock was still ours. So when the process dies at any
 * moment, the last line is all that can be wrong. Bytes after the last whole record are moved to a
 * file of their own: they are a write that was cut off, or the last record, damaged since; which of
 * the two, nothing can tell. A bad line with a whole one after it was written well once and was
 * damaged since; then nothing is touched, and a person must decide.
 *
 * A log that is mostly superseded is replaced while it is in use (compaction.ts): only the last
 * step of that, `replaceWith`, waits for an append, and appends wait only for it.
 */
import type { Stats } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { replaceFile, syncDirectory } from '../../core/durable-file.js';
import { messageOf } from '../../core/errors.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { frame } from './frame.js';
import type { LogBatch, LogHeader } from './record.js';
import { keepRemoved } from './removed.js';
import { replayFile, type LogLine, type LogReplay } from './replay.js';

/** Options of {@link Log.open}. */
export interface LogOptions {
  readonly replay: LogReplay;
  readonly log: Logger;
  /** Rejects when another process may use the directory; asked before and after each write. */
  readonly verify: () => Promise<void>;
}

/** The numbers that tell a file from all others, whatever its name is. They hardly ever change while it is open. */
type Identity = Pick<Stats, 'ino' | 'dev'>;

/** DoubtfulAppendError says that it is not known whether a batch will be read after a restart. */
export class DoubtfulAppendError extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'DoubtfulAppendError';
  }
}

/** A log that is complete up to a position, to take the place of the present one. */
export interface Replacement {
  readonly file: FileHandle;
  readonly path: string;
  /** Its length. */
  readonly size: number;
  /** The position in the present log up to which its batches are in the new one. */
  readonly upTo: number;
  /** Called in the turn in which the new file takes the place of the present one. */
  readonly onReplaced: () => void;
}

/** Log appends batches to the file and replaces the file. */
export class Log {
  readonly path: string;
  readonly #verify: () => Promise<void>;
  readonly #log: Logger;
  /** Appends and the last step of a replacement, one at a time. */
  readonly #turns = new KeyedQueue<'log'>();
  #file: FileHandle;
  #identity: Identity;
  #end: number;
  /**
   * Bytes follow the end that are no record; `keep`: they were there at start, and are moved to a
   * file.
   */
  #rest: { keep: boolean } | undefined;
  /** The file has a new name that a loss of power may undo. */
  #isNameUnsynced = false;

  private constructor(path: string, file: FileHandle, identity: Identity, end: number, options: LogOptions) {
    this.path = path;
    this.#file = file;
    this.#identity = identity;
    this.#end = end;
    this.#verify = options.verify;
    this.#log = options.log;
  }

  /** The bytes of all whole records. */
  get size(): number {
    return this.#end;
  }

  /** Makes an empty log, in place of the present one if there is one. */
  static async create(directory: string): Promise<void> {
    const header: LogHeader = { holdfast: 1, sequence: 0, snapshot: 0 };
    await replaceFile(join(directory, 'log'), [frame(header)]);
  }

  /**
   * Opens the log and replays it. Needs no room on the disk: bytes after the last record that
   * cannot be moved away now are moved before the next append.
   *
   * @throws HoldfastError `store_damaged`, with nothing changed
   */
  static async open(directory: string, options: LogOptions): Promise<Log> {
    const path = join(directory, 'log');
    const file = await open(path, 'r+');
    try {
      const { end, size } = await replayFile(path, file, options.replay);
      const log = new Log(path, file, await identify(file), end, options);
      if (end < size) {
        log.#rest = { keep: true };
        await log.#removeRest().catch((error: unknown) => {
          options.log.warn(
            { file: path, offset: end, bytes: size - end, error: messageOf(error) },
            'the log ends in bytes that are no whole record, and they cannot be moved away yet',
          );
        });
      }
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Resolves to its place when the batch is on the disk. When it rejects, the log is as it was
   * before.
   *
   * @throws DoubtfulAppendError when another process took the directory over during the write, or
   *   the file was moved, cut or written to by somebody else
   */
  append(batch: LogBatch): Promise<LogLine> {
    return this.#turns.run('log', async () => {
      await this.#ready();
      const bytes = frame(batch);
      try {
        await writeAll(this.#file, bytes, this.#end);
        await this.#file.datasync();
      } catch (error) {
        this.#rest = { keep: false };
        // If the disk does not even let us cut, the next append tries again before it writes.
        await this.#removeRest().catch(() => undefined);
        throw error;
      }
      const start = this.#end;
      await this.#look(start + bytes.length).catch((error: unknown) => {
        throw new DoubtfulAppendError(error);
      });
      this.#end += bytes.length;
      return { start, length: bytes.length - 1 };
    });
  }

  /**
   * Rejects with the reason for which a batch could not be appended now, as far as that can be told
   * without one.
   */
  check(): Promise<void> {
    return this.#turns.run('log', () => this.#ready());
  }

  /** Reads bytes of whole records. @returns fewer than asked for at the end */
  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.#end - position);
    const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
    return buffer.subarray(0, bytesRead);
  }

  /**
   * Puts another file in the place of this one, after `finish` has added the batches that are
   * missing there.
   *
   * @throws with the present file still in use
   */
  replaceWith(finish: () => Promise<Replacement>): Promise<void> {
    return this.#turns.run('log', async () => {
      await this.#ready();
      const { file, path, size, upTo, onReplaced } = await finish();
      if (upTo !== this.#end) throw new Error(`it ends at ${upTo}, and the log at ${this.#end}`);
      const identity = await identify(file);
      await this.#verify();
      await rename(path, this.path);
      const old = this.#file;
      this.#file = file;
      this.#identity = identity;
      this.#end = size;
      onReplaced();
      this.#isNameUnsynced = true;
      await this.#syncName().catch(() => undefined); // the next append tries again before it writes
      // The new file is in use by now, so nothing may look like a failure of the replacement.
      await old.close().catch(() => undefined);
    });
  }

  async close(): Promise<void> {
    await this.#turns.settled();
    await this.#file.close();
  }

  /** Brings the log into a state in which a batch can be appended. */
  async #ready(): Promise<void> {
    if (this.#isNameUnsynced) await this.#syncName();
    if (this.#rest !== undefined) await this.#removeRest();
    await this.#look(this.#end);
  }

  /**
   * Rejects when the lock is not ours any more, when a restart would not read this file (it was moved
   * away, as log rotation does), or when another process has written to it.
   *
   * @param size the length that the file should have
   */
  async #look(size: number): Promise<void> {
    const [named] = await Promise.all([stat(this.path).catch(() => undefined), this.#verify()]);
    if (!isSameFile(named, this.#identity)) {
      // Some network file systems give a file another number while it is open.
      this.#identity = await identify(this.#file);
    }
    if (named === undefined || !isSameFile(named, this.#identity)) {
      throw new Error(
        `${this.path} is not the file any more that this process writes: it was moved or replaced; put it back, or stop this process before its data is moved`,
      );
    }
    if (named.size !== size) {
      throw new Error(`${this.path} was changed by another process; stop it, and restart this one`);
    }
  }

  async #syncName(): Promise<void> {
    await syncDirectory(dirname(this.path));
    this.#isNameUnsynced = false;
  }

  /**
   * Cuts the file to its whole records. Not when another process may have the directory: then it
   * may be its file.
   */
  async #removeRest(): Promise<void> {
    await this.#verify();
    if (this.#rest?.keep === true) await keepRemoved(this.path, this.#file, this.#end, this.#log);
    await this.#file.truncate(this.#end);
    await this.#file.datasync();
    this.#rest = undefined;
  }
}

function isSameFile(one: Identity | undefined, other: Identity): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}

async function identify(file: FileHandle): Promise<Identity> {
  const { ino, dev } = await file.stat();
  return { ino, dev };
}

/** Writes all bytes at a position, in as many writes as the system needs. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}
