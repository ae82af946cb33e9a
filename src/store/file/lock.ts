/**
 * One process per directory: a file that names it.
 *
 * Node has no flock(2). What a lock file lacks is that the system removes it when its owner dies,
 * so a lock is stale when the process it names is gone: none has that number, or one has it that
 * started at another time, or it is this very process (in a container every process is number 1). A
 * log that another process writes to all the same (two containers with one volume) is noticed by
 * Log.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '../../core/errors.js';

export interface Lock {
  release(): Promise<void>;
}

/** @throws HoldfastError `store_unavailable` when a living process has the directory. */
export async function acquireLock(directory: string): Promise<Lock> {
  const path = join(directory, 'lock');
  const content = `${process.pid} ${await startOf(process.pid)}\n`;
  const own = join(directory, `lock.${process.pid}`);
  await writeFile(own, content, { mode: 0o600 });
  try {
    // Two rounds: the first may find a stale lock. After that, whoever has it took it just now.
    if (!(await place(own, path, content))) {
      await removeStale(directory, path);
      if (!(await place(own, path, content))) throw held(directory, 'another process');
    }
  } finally {
    await rm(own, { force: true });
  }
  return {
    release: async () => {
      if ((await contentOf(path)) === content) await rm(path, { force: true });
    },
  };
}

/** Puts the lock in place with its content, unless there is one. */
async function place(own: string, path: string, content: string): Promise<boolean> {
  try {
    // Hard links do not exist on every file system; with them the lock appears together with its
    // content.
    await link(own, path).catch(async (error: unknown) => {
      if (isCode(error, 'EEXIST')) throw error;
      await writeFile(path, content, { mode: 0o600, flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Takes a stale lock away. By renaming it, which only one process can do, and by looking at what
 * was renamed: if two find the same stale lock, the slower one must not take away the lock that the
 * faster one has put in its place meanwhile.
 */
async function removeStale(directory: string, path: string): Promise<void> {
  const content = await contentOf(path);
  if (content === undefined) return;
  const pid = Number(content.split(' ')[0]);
  if (await isHeld(pid, content)) throw held(directory, `process ${pid}`);
  const aside = join(directory, `lock.stale.${process.pid}`);
  await rename(path, aside).catch(ignoreMissing);
  const taken = await contentOf(aside);
  if (taken !== undefined && taken !== content) {
    await rename(aside, path);
    throw held(directory, 'another process');
  }
  await rm(aside, { force: true });
}

async function isHeld(pid: number, content: string): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (isCode(error, 'ESRCH')) return false;
  }
  const start = content.trim().split(' ')[1] ?? '';
  return start === '' || start === (await startOf(pid));
}

/**
 * When a process started, in the system's own terms; empty where the system does not say (there is
 * no /proc).
 */
async function startOf(pid: number): Promise<string> {
  const stat = await contentOf(`/proc/${pid}/stat`);
  // proc(5): the 22nd field; the second is a name in parentheses, which may contain anything.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error;
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function held(directory: string, owner: string): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `The data directory ${directory} is in use by ${owner}. A file store serves one process: stop the other one, use another directory, or use Redis.`,
  );
}
