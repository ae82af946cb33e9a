/**
 * Run as a process of its own, on a small file system in memory: fills it up to each number of free
 * pages, and does there what a store does at start, in commits and in a compaction. Prints what
 * went wrong, and how often each step failed, as it should.
 */
import { cp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { messageOf } from '../../src/core/errors.js';
import { openFileStore } from '../../src/store/file/store.js';
import { historyLimits } from '../../src/store/history.js';
import type { Store } from '../../src/store/store.js';
import { update, withUnknownField } from './fixtures.js';

const [, , disk = '', prepared = '', mode = '', pages = '0'] = process.argv;
const problems: string[] = [];
const counts = { opened: 0, refused: 0, made: 0, compactionFailed: 0, compacted: 0, unsaved: 0 };
const log = pino(
  { level: 'debug' },
  {
    write: (line: string) => {
      if (line.includes('could not be compacted')) counts.compactionFailed++;
      if (line.includes('log compacted')) counts.compacted++;
      if (line.includes('cannot be moved away yet')) counts.unsaved++;
    },
  },
);

for (let free = 0; free <= Number(pages); free++) await scenario(free);
console.log(JSON.stringify({ problems, counts }));

async function scenario(free: number): Promise<void> {
  const directory = join(disk, 'data');
  const filler = join(disk, 'filler');
  await rm(directory, { recursive: true, force: true });
  await cp(prepared, directory, { recursive: true });
  const { bavail, bsize } = await statfs(disk);
  await writeFile(filler, Buffer.alloc((bavail - free) * bsize));
  const complain = (text: string) => problems.push(`${free} free pages: ${text}`);
  const acknowledged: bigint[] = [];
  try {
    // A history of three changes: most of the log is then what a compaction leaves out.
    const options = {
      log,
      compactAbove: mode === 'compaction' ? 20_000 : 100_000_000,
      history: historyLimits(3),
    };
    const store = await openFileStore(directory, options);
    counts.opened++;
    const first = (await store.version(1n)) ?? -1n;
    if (first < 200n) complain(`the store opened at version ${first}`);
    for (let i = 0; i < 12; i++) await attempt(store, acknowledged, 3_000);
    await check(store, acknowledged, complain);
    await rm(filler);
    await attemptUntilMade(store, acknowledged, complain);
    if (mode === 'compaction') await settle(directory);
    await check(store, acknowledged, complain);
    await store.close();
    const left = (await readdir(directory)).filter((name) => /new|probe|lock/.test(name));
    if (left.length > 0) complain(`left behind: ${left.join()}`);
    const again = await openFileStore(directory, { log });
    await check(again, acknowledged, complain);
    await again.close();
  } catch (error) {
    complain(messageOf(error));
  } finally {
    await rm(filler, { force: true });
  }
}

/** A commit of about so many bytes; it may fail, but only cleanly. */
async function attempt(store: Store, acknowledged: bigint[], bytes: number): Promise<boolean> {
  const version = (await store.version(1n)) ?? 0n;
  const config = withUnknownField(version + 1n, `flag-${version % 5n}`, new Uint8Array(bytes));
  const outcome = await store
    .commit(update(1n, version, [config]))
    .catch((error: unknown) => messageOf(error));
  if (typeof outcome === 'object' && outcome.kind === 'committed') {
    acknowledged.push(version + 1n);
    counts.made++;
    return true;
  }
  counts.refused++;
  if (typeof outcome !== 'string' || !outcome.includes('nothing was changed')) {
    throw new Error(`a commit failed with ${JSON.stringify(outcome)}`);
  }
  if (store.writable().state !== 'refusing') throw new Error('the store does not say that it refuses writes');
  return false;
}

async function attemptUntilMade(
  store: Store,
  acknowledged: bigint[],
  complain: (text: string) => void,
): Promise<void> {
  if (!(await attempt(store, acknowledged, 100))) complain('no commit is made although there is room again');
  if (store.writable().state !== 'ok') complain('the store still says that it refuses writes');
}

async function check(store: Store, acknowledged: bigint[], complain: (text: string) => void): Promise<void> {
  const version = await store.version(1n);
  const last = acknowledged.at(-1);
  if (last !== undefined && version !== last) complain(`at version ${version}, acknowledged was ${last}`);
  if ((await store.read(1n))?.configs.length !== 5) complain('configs are missing');
}

/** Waits for a compaction that is under way. */
async function settle(directory: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const names = await readdir(directory);
    if (!names.some((name) => name.endsWith('.new'))) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the compaction does not end');
}
