/**
 * Leadership without other nodes: a lease in memory, for which no other process contends, and
 * cursors in a small file.
 *
 * Cursors are written behind: a lost one means that the items which proxies or buckets have are
 * sent again, and dropped.
 */
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { replaceFile } from '../../core/durable-file.js';
import { messageOf } from '../../core/errors.js';
import type { Leadership, FeedPosition } from '../store.js';

/** FileLeadership is the leadership of a file store: its one process is the only candidate. */
export class FileLeadership implements Leadership {
  readonly #path: string;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #cursors: Map<string, FeedPosition>;
  #lease: { holder: string; until: number } | undefined;
  #dirty = false;
  #writing: Promise<void> | undefined;

  private constructor(path: string, cursors: Map<string, FeedPosition>, now: () => number, log: Logger) {
    this.#path = path;
    this.#cursors = cursors;
    this.#now = now;
    this.#log = log;
  }

  /** Reads the cursors. @param path of the file with the cursors */
  static async open(path: string, now: () => number, log: Logger): Promise<FileLeadership> {
    return new FileLeadership(path, await readCursors(path, log), now, log);
  }

  acquire(holder: string, ttl: number): Promise<boolean> {
    const free = this.#lease === undefined || this.#lease.until <= this.#now();
    if (!free && !this.#holds(holder)) return Promise.resolve(false);
    this.#lease = { holder, until: this.#now() + ttl };
    return Promise.resolve(true);
  }

  release(holder: string): Promise<void> {
    if (this.#holds(holder)) this.#lease = undefined;
    return Promise.resolve();
  }

  cursors(): Promise<Map<string, FeedPosition>> {
    return Promise.resolve(new Map(this.#cursors));
  }

  saveCursors(holder: string, cursors: ReadonlyMap<string, FeedPosition>): Promise<boolean> {
    if (!this.#holds(holder)) return Promise.resolve(false);
    for (const [name, position] of cursors) this.#cursors.set(name, position);
    this.#changed();
    return Promise.resolve(true);
  }

  removeCursors(holder: string, names: readonly string[]): Promise<boolean> {
    if (!this.#holds(holder)) return Promise.resolve(false);
    for (const name of names) this.#cursors.delete(name);
    this.#changed();
    return Promise.resolve(true);
  }

  /** Resolves when the newest cursors are in the file. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #holds(holder: string): boolean {
    return this.#lease?.holder === holder && this.#lease.until > this.#now();
  }

  #changed(): void {
    this.#dirty = true;
    this.#writing ??= this.#write();
  }

  /** One write at a time, however many cursors are saved in the meantime. */
  async #write(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await replaceFile(this.#path, [Buffer.from(JSON.stringify(Object.fromEntries(this.#cursors)))]);
      } catch (error) {
        this.#log.warn({ file: this.#path, error: messageOf(error) }, 'cursors could not be written');
      }
    }
    this.#writing = undefined;
  }
}

async function readCursors(path: string, log: Logger): Promise<Map<string, FeedPosition>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, FeedPosition>));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn(
        { file: path, error: messageOf(error) },
        'cursors could not be read; everything is compared instead',
      );
    }
    return new Map();
  }
}
