/**
 * Finds the server that runs in this folder, by the files that it keeps in its data directory.
 *
 * A user who can write these files could lead the commands, with what is typed into them, to another
 * server. So they count only when they belong to this user, no other can read or write them, and
 * they name this machine.
 */
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { EnvironmentVariables } from '../config/option.js';
import { messageOf } from '../core/errors.js';
import { SECRETS_FILE, SERVER_FILE, type KeptSecrets, type ServerAddress } from '../core/server-file.js';

/** A server that runs in this folder. */
export interface LocalServer {
  readonly url: string;
  readonly adminUrl: string;
  /** Absent when the server was given one as a setting. */
  readonly token?: string;
  readonly key?: string;
  /** The file that says where it is, and the one with its secrets. */
  readonly files: readonly [address: string, secrets: string];
}

/** The outcome of looking for a server. */
export type LocalSearch =
  | { readonly kind: 'found'; readonly server: LocalServer }
  | { readonly kind: 'none' }
  /** There are files that do not count; the sentence says why. */
  | { readonly kind: 'refused'; readonly reason: string };

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/**
 * Looks for a server in the data directory of HOLDFAST_STORE.
 *
 * @param cwd the directory that a relative one is below
 */
export async function findLocalServer(env: EnvironmentVariables, cwd: string): Promise<LocalSearch> {
  const store = env.HOLDFAST_STORE?.trim();
  const [, directory] = /^file:(.+)$/.exec(store === undefined || store === '' ? 'file:./data' : store) ?? [];
  if (directory === undefined) return { kind: 'none' };
  const files = [join(directory, SERVER_FILE), join(directory, SECRETS_FILE)] as const;
  try {
    const address = await readPrivate<ServerAddress>(cwd, files[0]);
    if (address === undefined || !isAlive(address.pid)) return { kind: 'none' };
    const { url, adminUrl, generatedToken } = address;
    if (![url, adminUrl].every((each) => LOOPBACK.test(new URL(each).hostname))) {
      return { kind: 'refused', reason: `${files[0]} names a server on another machine` };
    }
    const { adminToken, apiKey } = (await readPrivate<KeptSecrets>(cwd, files[1])) ?? {};
    const token = generatedToken && adminToken !== undefined ? { token: adminToken } : {};
    const server = { url, adminUrl, ...token, ...(apiKey === undefined ? {} : { key: apiKey }), files };
    return { kind: 'found', server };
  } catch (error) {
    return { kind: 'refused', reason: messageOf(error) };
  }
}

/**
 * Reads a file of JSON that belongs to this user alone; `undefined` when there is none.
 *
 * @throws Error for a file that others can read or write, or that is not readable
 */
async function readPrivate<T>(cwd: string, path: string): Promise<(Partial<T> & T) | undefined> {
  let file;
  try {
    file = await open(resolve(cwd, path), 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { mode, uid } = await file.stat();
    // Windows has neither.
    const self = process.getuid?.();
    if (self !== undefined && uid !== self && self !== 0) {
      throw new Error(`${path} belongs to another user`);
    }
    if (self !== undefined && (mode & 0o077) !== 0) {
      throw new Error(`other users can read or write ${path}; chmod 600 ${path}`);
    }
    return JSON.parse(await file.readFile('utf8')) as Partial<T> & T;
  } finally {
    await file.close();
  }
}

/** True when a process exists. A server that was killed leaves its file behind. */
function isAlive(pid: unknown): boolean {
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists, and is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
