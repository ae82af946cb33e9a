/** A bucket that is a folder. How a file is replaced on a condition is in generations.ts. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError, messageOf } from '../core/errors.js';
import {
  OBJECT_MAX_BYTES,
  tooLarge,
  type Bucket,
  type BucketRead,
  type BucketWrite,
  type Listed,
  type BucketReadOptions,
  type WriteOptions,
} from './bucket.js';
import { findNewest, isInternal, makeNext, missing, removeGenerations, TEMPORARY } from './generations.js';
import { bucketName } from './location.js';

/** A bucket in a folder. */
export class FileBucket implements Bucket {
  readonly name: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.name = bucketName({ kind: 'file', directory });
    this.#directory = directory;
  }

  read(name: string, options: BucketReadOptions = {}): Promise<BucketRead> {
    const { max = OBJECT_MAX_BYTES } = options;
    return this.#doing(options.signal, async () => {
      const found = await findNewest(this.#path(name), max);
      if (found === 'too large') throw tooLarge(this.name, name, max);
      if (found === undefined) return { kind: 'absent' };
      await found.file.close();
      return found.etag === options.unless
        ? { kind: 'unchanged' }
        : { kind: 'found', bytes: found.bytes, etag: found.etag };
    });
  }

  write(name: string, bytes: Uint8Array, { condition, signal }: WriteOptions): Promise<BucketWrite> {
    return this.#doing(signal, async () => {
      const path = this.#path(name);
      await mkdir(dirname(path), { recursive: true });
      const temporary = join(dirname(path), `${TEMPORARY}${randomUUID()}`);
      try {
        await writeDurably(temporary, bytes);
        for (;;) {
          const current = await findNewest(path, OBJECT_MAX_BYTES);
          if (current === 'too large') throw tooLarge(this.name, name, OBJECT_MAX_BYTES);
          try {
            const expected = condition === 'absent' ? undefined : (condition?.etag ?? current?.etag);
            if (current?.etag !== expected) return { kind: 'conflict' };
            if (await makeNext(temporary, path, current)) return { kind: 'written' };
            if (condition !== undefined) return { kind: 'conflict' };
          } finally {
            await current?.file.close();
          }
        }
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<Listed, void, void> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    yield* this.#walk(folder, prefix, signal);
  }

  remove(name: string, signal?: AbortSignal): Promise<void> {
    return this.#doing(signal, async () => {
      const path = this.#path(name);
      await removeGenerations(path);
    });
  }

  /**
   * Removes everything below a folder. Only where no other process writes there: a write that is
   * under way would fail.
   */
  removeFolder(name: string): Promise<void> {
    // With a slash at its end, a link would be followed.
    const path = this.#path(name).replace(/\/$/, '');
    return this.#doing(undefined, () => rm(path, { recursive: true, force: true }));
  }

  /**
   * Removes the temporary files that crashes left, whatever their age. Only where no other process
   * writes.
   */
  removeTemporary(): Promise<void> {
    return this.#doing(undefined, async () => {
      // With types, so that links to other folders are not followed.
      const options = { recursive: true, withFileTypes: true } as const;
      for (const { name, parentPath } of await readdir(this.#directory, options).catch(missing([]))) {
        if (name.startsWith(TEMPORARY)) await rm(join(parentPath, name), { force: true });
      }
    });
  }

  /** Nothing needs to be tried: a file system without hard links fails at the first write. */
  conditions(): Promise<'kept'> {
    return Promise.resolve('kept');
  }

  async *#walk(folder: string, prefix: string, signal?: AbortSignal): AsyncGenerator<Listed, void, void> {
    const entries = await this.#doing(signal, () =>
      readdir(this.#path(folder), { withFileTypes: true }).catch(missing([])),
    );
    // As the names below would sort: a folder as its name with a slash.
    const named = entries.map((entry) => ({ entry, name: entry.name + (entry.isDirectory() ? '/' : '') }));
    for (const { entry, name } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = folder + name;
      if (entry.isDirectory()) {
        if (full.startsWith(prefix) || prefix.startsWith(full)) yield* this.#walk(full, prefix, signal);
      } else if (full.startsWith(prefix) && !isInternal(name)) {
        const found = await this.#doing(signal, () => stat(this.#path(full)).catch(missing(undefined)));
        if (found !== undefined) yield { name: full, writtenAt: found.mtimeMs, bytes: found.size };
      }
    }
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  async #doing<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      signal?.throwIfAborted();
      return await work();
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      throw new HoldfastError(
        'bucket_unavailable',
        `The bucket ${this.name} cannot be used: ${messageOf(error)}. It must be a folder that can be written to, with hard links.`,
        { cause: error },
      );
    }
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
