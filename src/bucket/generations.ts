/**
 * The generations of a name in a folder.
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
 * Generations are removed in ascending order, so as long as 6 is there, no 7 was removed: who made 7
 * and then finds the very 6 that it read was the first. One that slept, and whose 7 was made and
 * removed by others, can make 7 once more, but finds no 6, and knows that it came too late:
 *
 *     A: reads 6 ················· links 7, finds no 6: takes its 7 away, conflict
 *     B:          links 7, links 8, removes 6 and 7
 *
 * One that sleeps after it made 7 finds 6 although others have built on 7, because 6 stays while the
 * writer of 7 has its temporary file (a second link to 7), for a minute at most:
 *
 *     A: reads 6, links 7 ··················································· finds 6: written
 *     B:                    reads 7, links 8, keeps 6 and 7: A is not finished
 *
 * The file itself is replaced when 1 exists, so its first content stays in a file of its own as long
 * as a generation would.
 *
 * No process holds anything, so none can die with it. Every step is made durable before the next.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDirectory } from '../core/durable-file.js';

/** The beginning of the names of temporary files. */
export const TEMPORARY = '.tmp-';
/** The first content of a name, while the writer of its first generation is not finished. */
const FIRST = `${TEMPORARY}first-`;
const GENERATION = /^(.+)\.~(\d{1,15})$/;
/** When a file that a crash left behind is taken away, milliseconds. */
const LEFT_BEHIND_MS = 60 * 60 * 1000;
/** The time after which a writer that did not finish is taken for dead, milliseconds. */
const UNFINISHED_MS = 60 * 1000;

/** A file that has the content of a name. */
export interface Generation {
  readonly generation: number;
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** Open, so that no other file gets its inode. */
  readonly file: FileHandle;
}

/**
 * The present content of a name. The caller closes its file. A device or a pipe in its place is
 * refused: it could be read for ever, or keep one of the few threads of the process that all file
 * systems are read by.
 *
 * @param max bytes
 */
export async function findNewest(path: string, max: number): Promise<Generation | 'too large' | undefined> {
  for (;;) {
    const generation = (await generations(path)).at(-1) ?? 0;
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    const file = await open(at(path, generation), flags).catch(missing(undefined));
    if (file !== undefined) {
      try {
        const found = await file.stat();
        if (!found.isFile()) throw new Error(`${at(path, generation)} is no file`);
        if (found.size > max) {
          await file.close();
          return 'too large';
        }
        const bytes = await file.readFile();
        const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
        return { generation, bytes, etag: `"${generation}-${hash}"`, file };
      } catch (error) {
        await file.close();
        throw error;
      }
    }
    // A generation that is gone has given way to a higher one.
    if (generation === 0 && (await generations(path)).length === 0) return undefined;
  }
}

/**
 * Makes a temporary file the content after `current`; false when something else has become that.
 */
export async function makeNext(
  temporary: string,
  path: string,
  current: Generation | undefined,
): Promise<boolean> {
  if (current === undefined) {
    if (!(await linkNew(temporary, path))) return false;
  } else {
    const own = current.generation + 1;
    if (own === 1) {
      await keepFirst(path, current);
      // Then what was read as the first content may be that of a generation.
      if ((await generations(path)).length > 0) return false;
    }
    if (!(await linkNew(temporary, at(path, own)))) return false;
    if (!(await isThere(path, current))) {
      await rm(at(path, own), { force: true });
      return false;
    }
  }
  await syncDirectory(dirname(path));
  // This writer is finished as far as others are concerned.
  await rm(temporary, { force: true });
  if (current !== undefined) await publish(path);
  await removeLeftBehind(dirname(path));
  return true;
}

/** Gives the first content a name that it keeps when the file itself is replaced. */
async function keepFirst(path: string, current: Generation): Promise<void> {
  while (!(await linkNew(path, keptAt(path, 0)).catch(missing(true)))) {
    if (await isThere(path, current)) return;
    // A writer that died, or came too late, has left it.
    await rm(keptAt(path, 0), { force: true });
  }
}

/** True when a generation is still there: the very file that was read. */
async function isThere(path: string, { generation, file }: Generation): Promise<boolean> {
  const there = await stat(keptAt(path, generation), { bigint: true }).catch(missing(undefined));
  return there?.ino === (await file.stat({ bigint: true })).ino;
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
    for (const old of [0, ...all.slice(0, -1)]) {
      if (await isUnfinished(path, old + 1)) break;
      await rm(keptAt(path, old), { force: true });
    }
  }
}

/**
 * True while the writer of a generation may not have found that it was the first. Its temporary
 * file is a link to the generation in addition to its name, and to the file itself once that is it.
 */
async function isUnfinished(path: string, generation: number): Promise<boolean> {
  const inode = async () => (await stat(path, { bigint: true }).catch(missing(undefined)))?.ino;
  const before = await inode();
  const found = await stat(at(path, generation), { bigint: true }).catch(missing(undefined));
  if (found === undefined || Date.now() - Number(found.mtimeMs) > UNFINISHED_MS) return false;
  const isPlain = before === found.ino && (await inode()) === found.ino;
  return found.nlink > (isPlain ? 2n : 1n);
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

/** Where a generation is until it is removed. */
function keptAt(path: string, generation: number): string {
  return generation === 0 ? join(dirname(path), `${FIRST}${basename(path)}`) : at(path, generation);
}

/** Removes all generations of a name, and the file itself. */
export async function removeGenerations(path: string): Promise<void> {
  for (const generation of [0, ...(await generations(path))]) {
    await rm(keptAt(path, generation), { force: true });
  }
  await rm(path, { force: true });
}

/** True for names of files that are not in the bucket. */
export function isInternal(name: string): boolean {
  return name.startsWith(TEMPORARY) || GENERATION.test(name);
}

/** Takes away what writers that died have left. */
async function removeLeftBehind(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(TEMPORARY) && !name.startsWith(FIRST),
  );
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

/** Makes a handler of errors that returns a value when there is no such file, and throws others. */
export function missing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return instead;
  };
}
