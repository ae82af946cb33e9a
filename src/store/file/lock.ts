/**
 * The lock of a data directory: one process uses it at a time.
 *
 * Node has no flock(2), so the lock is a name in the directory, `lock`: a symbolic link whose
 * target names its owner. A link is made with its content in one step, needs no room on a full
 * disk, and its time is the owner's heartbeat. The system does not remove it when its owner dies,
 * so a found lock is judged:
 *
 *     same boot and same pid namespace   the process is gone, or has that number since another time: dead
 *                                        it is there: alive
 *     any other (containers that share   its time changes within the patience: alive
 *     a volume are all "process 1")      it does not: taken for dead
 *
 * The last verdict can be wrong: the owner may only have stood still, and run on later. So an owner
 * verifies its lock before and after each write, and a lock that was taken over by that verdict
 * says so (`isTakeover`): the new owner moves the log to a new inode before it reads it, where late
 * writes of the old one do not reach.
 *
 *     old owner   verify ✓ │ write │ stands still …………………………… │ verify ✗: not acknowledged
 *     new owner                     │ lock │ log to a new inode │ read │ write
 *
 * Invariant: an acknowledged write ends before a verification that saw the owner's own lock, so the
 * next owner, which reads the log after it has placed its lock, reads that write.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstat, lutimes, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../core/clock.js';
import { HoldfastError } from '../../core/errors.js';

/** The time between two heartbeats, milliseconds. */
const BEAT = 1_000;

/**
 * The time without a heartbeat after which an owner that cannot be seen is taken for dead,
 * milliseconds.
 */
const PATIENCE = 8_000;

/** The pause between two looks at a lock whose heartbeat is waited for, milliseconds. */
const LOOK = 100;

/** File systems without symbolic links, such as SMB, get a file in the place of the link. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/** Options of {@link acquireLock}. */
export interface LockOptions {
  /** Milliseconds; see PATIENCE. */
  readonly patience?: number;
  /** Called once when a heartbeat finds that the lock is another's. */
  readonly onLost?: (error: Error) => void;
}

/** The lock of a directory, as long as this process has it. */
export interface Lock {
  /** A word for names of temporary files; no other owner has the same. */
  readonly token: string;
  /** True when the former owner could not be seen to be dead, and may still write. */
  readonly isTakeover: boolean;
  /** Rejects with {@link LostLockError} when another process has the lock. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

/** LostLockError says that another process took the directory over. */
class LostLockError extends Error {
  constructor(directory: string) {
    super(
      `another process has taken ${directory} over; a file store serves one process: stop one of them and restart the other`,
    );
    this.name = 'LostLockError';
  }
}

/**
 * Takes the lock of a directory. Waits for the patience where the last owner did not release it and
 * cannot be seen, such as after a container was killed.
 *
 * @throws HoldfastError `store_unavailable` when a living process has it.
 */
export async function acquireLock(directory: string, options: LockOptions = {}): Promise<Lock> {
  const path = join(directory, 'lock');
  const token = randomBytes(5).toString('hex');
  const content = await describeOwner(process.pid, token);
  let isTakeover = false;
  for (let round = 0; round < 3; round++) {
    if (await place(path, content)) return hold(directory, path, { content, token, isTakeover }, options);
    const found = await look(path);
    if (found === undefined) continue;
    const verdict = await judge(found.content);
    if (verdict.kind === 'alive') throw held(directory, verdict.owner);
    if (verdict.kind === 'unknown') {
      if (await beats(path, found, options.patience ?? PATIENCE)) throw held(directory, 'another process');
      isTakeover = true;
    }
    await removeStale(path, found.content, token);
  }
  throw held(directory, 'another process');
}

interface Owner {
  readonly content: string;
  readonly token: string;
  readonly isTakeover: boolean;
}

function hold(directory: string, path: string, owner: Owner, options: LockOptions): Lock {
  const isOurs = async () => (await contentOf(path)) === owner.content;
  const verify = async () => {
    if (!(await isOurs())) throw new LostLockError(directory);
  };
  let missed = 0;
  const beat = setInterval(() => {
    verify()
      .then(() => lutimes(path, new Date(), new Date()))
      .then(() => (missed = 0))
      .catch((error: unknown) => {
        // Another failure only makes the heartbeat late, and a lock that is being put back is there
        // at the next.
        if (!(error instanceof LostLockError) || ++missed < 2) return;
        clearInterval(beat);
        options.onLost?.(error);
      });
  }, BEAT).unref();
  return {
    token: owner.token,
    isTakeover: owner.isTakeover,
    verify,
    release: async () => {
      clearInterval(beat);
      if (await isOurs()) await rm(path, { force: true });
    },
  };
}

/** Puts the lock in place, unless there is one. */
async function place(path: string, content: string): Promise<boolean> {
  try {
    await symlink(content, path).catch(async (error: unknown) => {
      if (!NO_LINKS.includes(codeOf(error))) throw error;
      await writeFile(path, content, { mode: 0o600, flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

interface Found {
  readonly content: string;
  /** Milliseconds since 1970, by the clock of the file system. */
  readonly time: number;
}

async function look(path: string): Promise<Found | undefined> {
  try {
    const { mtimeMs } = await lstat(path);
    const content = await contentOf(path);
    return content === undefined ? undefined : { content, time: mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path).catch((error: unknown) => {
      if (codeOf(error) !== 'EINVAL') throw error;
      return readFile(path, 'utf8');
    });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Waits for a heartbeat, or for another owner. */
async function beats(path: string, found: Found, patience: number): Promise<boolean> {
  const { signal } = new AbortController();
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    await sleep(Math.min(LOOK, patience), signal);
    const now = await look(path);
    if (now?.content !== found.content) return now !== undefined;
    if (now.time !== found.time) return true;
  }
  return false;
}

/** The lock file of versions before the link: number and start of the process. */
const FORMER = /^(\d+) (\d*)\s*$/;

type Verdict = { kind: 'alive'; owner: string } | { kind: 'dead' } | { kind: 'unknown' };

async function judge(content: string): Promise<Verdict> {
  const former = FORMER.exec(content);
  if (former !== null) return judgeFormer(Number(former[1]), former[2] ?? '');
  const [boot, namespace, number, start] = content.trim().split('.');
  const pid = Number(number);
  if (boot !== (await bootId()) || namespace !== (await pidNamespace())) return { kind: 'unknown' };
  if (!Number.isSafeInteger(pid) || pid <= 0) return { kind: 'unknown' };
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and is another user's.
    if (codeOf(error) === 'ESRCH') return { kind: 'dead' };
  }
  const now = await startOf(pid);
  // Where the system does not say when a process started, the number may have been given again.
  if (now === '' || start === undefined || start === '') return { kind: 'unknown' };
  return start === now ? { kind: 'alive', owner: `process ${pid}` } : { kind: 'dead' };
}

/**
 * Judges a lock of the form before this one, which has no heartbeat and names no machine: a process
 * that is there with that number and start is its owner. One that is not may be in another container.
 */
async function judgeFormer(pid: number, start: string): Promise<Verdict> {
  const isThere = pid !== process.pid && start !== '' && (await startOf(pid)) === start;
  return isThere ? { kind: 'alive', owner: `process ${pid}` } : { kind: 'unknown' };
}

/**
 * Takes a stale lock away: by renaming it, which only one process can do, and by looking at what
 * was renamed. If two find the same stale lock, the slower one must not take away the lock of the
 * faster one: it puts it back, and an owner that missed its lock in between finds it again at its
 * next verification.
 */
async function removeStale(path: string, content: string, token: string): Promise<void> {
  const aside = `${path}.stale.${token}`;
  await rename(path, aside).catch(ignoreMissing);
  const taken = await look(aside);
  if (taken !== undefined && taken.content !== content) await place(path, taken.content);
  await rm(aside, { force: true });
}

/**
 * Names a process among all of all machines: at most 59 bytes, which ext4 keeps in the inode
 * itself.
 */
async function describeOwner(pid: number, token: string): Promise<string> {
  return [await bootId(), await pidNamespace(), pid, await startOf(pid), token].join('.');
}

/** The machine, since it was started. */
async function bootId(): Promise<string> {
  const id = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname());
  return createHash('sha256').update(id.trim()).digest('hex').slice(0, 12);
}

/**
 * Process numbers mean something within one of these only; a container has its own. Empty where
 * there are none.
 */
async function pidNamespace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  return link.replace(/\D/g, '');
}

/**
 * The time at which a process started, in the system's own terms; empty where there is no /proc.
 */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // proc(5): the 22nd field; the second is a name in parentheses, which may contain anything.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function held(directory: string, owner: string): HoldfastError {
  return new HoldfastError(
    'store_unavailable',
    `The data directory ${directory} is in use by ${owner}. A file store serves one process: stop the other one, use another directory, or use Redis.`,
  );
}
