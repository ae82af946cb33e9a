/**
 * Leadership without other nodes: a lease in memory, which nobody outside this process contends for, and cursors in a small file.
 *
 * Cursors are written behind: a lost one means that what proxies or buckets have is sent again, and dropped.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../core/errors.js';
import type { Leadership, Position } from '../store.js';

export class FileLeadership implements Leadership {
  readonly #path: string;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #cursors: Map<string, Position>;
  #lease: { holder: string; until: number } | undefined;
  #dirty = false;
  #writing: Promise<void> | undefined;

  private constructor(path: string, cursors: Map<string, Position>, now: () => number, log: Logger) {
    this.#path = path;
    this.#cursors = cursors;
    this.#now = now;
    this.#log = log;
  }

  /** @param path of the file with the cursors */
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

  cursors(): Promise<Map<string, Position>> {
    return Promise.resolve(new Map(this.#cursors));
  }

  saveCursor(holder: string, name: string, position: Position): Promise<boolean> {
    if (!this.#holds(holder)) return Promise.resolve(false);
    this.#cursors.set(name, position);
    this.#dirty = true;
    this.#writing ??= this.#write();
    return Promise.resolve(true);
  }

  /** Resolves when the newest cursors are in the file. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #holds(holder: string): boolean {
    return this.#lease?.holder === holder && this.#lease.until > this.#now();
  }

  /** However many cursors are saved meanwhile, one write at a time. */
  async #write(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;
      try {
        await writeFile(`${this.#path}.new`, JSON.stringify(Object.fromEntries(this.#cursors)), {
          mode: 0o600,
        });
        await rename(`${this.#path}.new`, this.#path);
      } catch (error) {
        this.#log.warn({ file: this.#path, error: messageOf(error) }, 'cursors could not be written');
      }
    }
    this.#writing = undefined;
  }
}

async function readCursors(path: string, log: Logger): Promise<Map<string, Position>> {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, Position>));
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
