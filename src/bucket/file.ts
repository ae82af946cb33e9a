/**
 * A bucket that is a folder.
 *
 * File systems replace a file atomically (rename), but not on a condition, and Node has no locks.
 * What they have is link(2): of several who make the same name, one succeeds. So a name that is
 * replaced has generations, each a file of its own:
 *
 *     latest.json        what other programs see; always one of the generations, and soon the newest
 *     latest.json.~7     the newest generation: the content
 *
 * Invariant: the content of a name is its highest generation (without any: the file itself), and
 * the highest is never removed. A write that was made against generation 6 makes 7, exclusively.
 * One that slept in the meantime, and whose 7 was made and removed by others, can make 7 once more;
 * it then finds a higher one, and knows that it came too late:
 *
 *     A: reads 6 ················· links 7, finds 8: takes its 7 away, conflict
 *     B:          links 7, links 8, removes 6 and 7
 *
 * No process holds anything, so none can die with it. Every step is made durable before the next.
 */
import { syncDirectory } from '../core/durable-file.js';
import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HoldfastError, messageOf } from '../core/errors.js';
import type { Bucket, Listed, BucketRead, WriteOptions, BucketWrite } from './bucket.js';
import { bucketName } from './location.js';

const TEMPORARY = '.tmp-';
const GENERATION = /^(.+)\.~(\d{1,15})$/;
/** When a file that a crash left behind is taken away, milliseconds. */
const LEFT_BEHIND_MS = 60 * 60 * 1000;

/** A file that has the content of a name. */
interface Found {
  readonly generation: number;
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** A bucket in a folder. */
export class FileBucket implements Bucket {
  readonly name: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.name = bucketName({ kind: 'file', directory });
    this.#directory = directory;
  }

  read(name: string, options: { unless?: string; signal?: AbortSignal } = {}): Promise<BucketRead> {
    return this.#doing(options.signal, async () => {
      const found = await find(this.#path(name));
      if (found === undefined) return { kind: 'absent' };
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
          const current = await find(path);
          const expected = condition === 'absent' ? undefined : (condition?.etag ?? current?.etag);
          if (current?.etag !== expected) return { kind: 'conflict' };
          if (await succeed(temporary, path, current)) return { kind: 'written' };
          if (condition !== undefined) return { kind: 'conflict' };
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
      for (const generation of await generations(path)) await rm(at(path, generation), { force: true });
      await rm(path, { force: true });
    });
  }

  /**
   * Removes everything below a folder. Only where no other process writes there: a write that is
   * under way would fail.
   */
  removeFolder(name: string): Promise<void> {
    return this.#doing(undefined, () => rm(this.#path(name), { recursive: true, force: true }));
  }

  /**
   * Removes the temporary files that crashes left, whatever their age. Only where no other process
   * writes.
   */
  removeTemporary(): Promise<void> {
    return this.#doing(undefined, async () => {
      const names = await readdir(this.#directory, { recursive: true }).catch(missing<string[]>([]));
      for (const name of names) {
        if (basename(name).startsWith(TEMPORARY)) await rm(this.#path(name), { force: true });
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
      throw new HoldfastError(
        'bucket_unavailable',
        `The bucket ${this.name} cannot be used: ${messageOf(error)}. It must be a folder that can be written to, with hard links.`,
        { cause: error },
      );
    }
  }
}

/** The present content of a name. */
async function find(path: string): Promise<Found | undefined> {
  for (;;) {
    const generation = (await generations(path)).at(-1) ?? 0;
    const bytes = await readFile(at(path, generation)).catch(missing(undefined));
    if (bytes !== undefined) {
      const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
      return { generation, bytes, etag: `"${generation}-${hash}"` };
    }
    // A generation that is gone has given way to a higher one.
    if (generation === 0 && (await generations(path)).length === 0) return undefined;
  }
}

/**
 * Makes a temporary file the content after `current`; false when something else has become that.
 */
async function succeed(temporary: string, path: string, current: Found | undefined): Promise<boolean> {
  const own = current === undefined ? 0 : current.generation + 1;
  if (!(await linkNew(temporary, at(path, own)))) return false;
  if (own > 0 && ((await generations(path)).at(-1) ?? own) > own) {
    await rm(at(path, own), { force: true });
    return false;
  }
  await syncDirectory(dirname(path));
  if (own > 0) await publish(path);
  await removeLeftBehind(dirname(path));
  return true;
}

/**
 * Makes the file itself the highest generation, also when another is made in the meantime, and
 * removes the others.
 */
async function publish(path: string): Promise<void> {
  for (let done = -1; ;) {
    const all = await generations(path);
    const highest = all.at(-1) ?? 0;
    // Without any, the name was removed in the meantime.
    if (highest === done || highest === 0) return;
    const temporary = join(dirname(path), `${TEMPORARY}${randomUUID()}`);
    try {
      await link(at(path, highest), temporary);
      await rename(temporary, path);
      await syncDirectory(dirname(path));
      done = highest;
    } catch (error) {
      // It has given way to a higher one.
      missing(undefined)(error);
    }
    // Two names of one file: rename(2) then leaves both.
    await rm(temporary, { force: true });
    for (const old of all.slice(0, -1)) await rm(at(path, old), { force: true });
  }
}

/** The generations of a name that there are, ascending. */
async function generations(path: string): Promise<number[]> {
  const names = await readdir(dirname(path)).catch(missing<string[]>([]));
  return names
    .flatMap((name) => {
      const match = GENERATION.exec(name);
      return match?.[1] === basename(path) ? [Number(match[2])] : [];
    })
    .sort((a, b) => a - b);
}

function at(path: string, generation: number): string {
  return generation === 0 ? path : `${path}.~${generation}`;
}

function isInternal(name: string): boolean {
  return name.startsWith(TEMPORARY) || GENERATION.test(name);
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

/** Takes away what writers that died have left. */
async function removeLeftBehind(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(TEMPORARY));
  for (const path of names.map((name) => join(folder, name))) {
    const found = await stat(path).catch(missing(undefined));
    if (found !== undefined && Date.now() - found.mtimeMs > LEFT_BEHIND_MS) await rm(path, { force: true });
  }
}

/** True when the link was made; false when the name exists. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function missing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return instead;
  };
}
