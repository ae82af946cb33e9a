/**
 * The log of the file store while it is replaced: its size, and every place at which that can be
 * interrupted.
 */
import { copyFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFileStore, type FileStoreOptions } from '../../src/store/file/store.js';
import { quick } from '../support/runs.js';
import { until } from '../support/until.js';
import { everything, lines, wasteful } from './file-fixtures.js';
import { useFileStores } from './file-stores.js';
import { creation, flag, Follower, recordingLog, silent, update, withUnknownField } from './fixtures.js';

/** Every byte at which something can end; each seventh in a quick run. */
const STEP = quick ? 7 : 1;

/**
 * An opening of a store takes some ten milliseconds, and these tests open some thousand.
 * Milliseconds.
 */
const LONG = 180_000;

const stores = useFileStores();
let directory: string;

beforeEach(async () => {
  directory = await stores.newDirectory();
});

const open = (options: Partial<FileStoreOptions> = {}, path = directory) => stores.open(path, options);

const sizeOf = async (path = directory) => (await stat(join(path, 'log'))).size;

/** Waits until a log of many superseded records begins with a snapshot. */
async function compacted(path = directory): Promise<void> {
  await until('the log is compacted', async () => {
    const [header = ''] = await lines(path);
    return !header.includes('"sequence":0,') && !(await readdir(path)).some((name) => name.endsWith('.new'));
  });
}

describe('a log whose records are superseded', () => {
  it('a log whose records are superseded stays below twice its live data and a fixed amount while the process runs', async () => {
    const fixed = 200_000;
    const store = await open({ compactAbove: fixed });
    await store.commit(creation(1n));
    // 30 configs of 2 KB are live: 80 KB in the log.
    let version = 0n;
    let largest = 0;
    for (let round = 0; round < 1_500; round++) {
      const next = version + 1n;
      const config = withUnknownField(next, `flag-${round % 30}`, new Uint8Array(2_000).fill(round));
      await store.commit(update(1n, version, [config], { live: 30 }));
      version = next;
      largest = Math.max(largest, await sizeOf());
    }
    // In the meantime 4.3 MB were written. A compaction takes a moment, in which commits go on.
    expect(largest).toBeLessThan(2 * 85_000 + fixed + 100_000);
    const expected = await everything(store);
    await store.close();
    expect(await everything(await open())).toEqual(expected);
  });

  it('a log whose records are superseded is compacted after a start that found it so, without anything being lost', async () => {
    const before = await open();
    await wasteful(before);
    const expected = await everything(before);
    await before.close();
    const size = await sizeOf();
    const store = await open({ compactAbove: 1_000 });
    await compacted();
    expect(await everything(store)).toEqual(expected);
    expect(await sizeOf()).toBeLessThan(size / 10);
    await store.commit(update(2n, 200n, [flag(201n, 'a')]));
    await store.close();
    const after = await open();
    expect(await after.version(2n)).toBe(201n);
    expect((await everything(after)).rulesets[0]).toEqual(expected.rulesets[0]);
  });

  it('a log whose records are superseded keeps every commit that is made during compactions, in its order', async () => {
    const store = await open({ compactAbove: 3_000 });
    await store.commit(creation(1n));
    const follower = new Follower(store, await store.head());
    const commits = Array.from({ length: 20 }, async (_, index) => {
      const environment = BigInt(index + 10);
      await store.commit(creation(environment));
      for (let version = 0n; version < 50n; version++) {
        await store.commit(update(environment, version, [flag(version + 1n, `flag-${version % 3n}`)]));
      }
    });
    await Promise.all(commits);
    await until('every change to be followed', () => follower.versions.length === 20 * 50);
    await follower.stop();
    expect(follower.kinds).not.toContain('gap');
    const head = await store.head();
    await store.close();
    const after = await open();
    expect(await after.head()).toBe(head);
    for (let environment = 10n; environment < 30n; environment++) {
      expect((await after.read(environment))?.configs).toHaveLength(3);
      expect(await after.version(environment)).toBe(50n);
    }
  });

  it('a log whose records are superseded lets a follower at the head go on after a restart, and tells one before it of a gap', async () => {
    const before = await open({ compactAbove: 1_000 });
    await wasteful(before);
    await compacted();
    const head = await before.head();
    await before.close();
    const store = await open();
    const atHead = new Follower(store, head);
    const behind = new Follower(store, '1');
    await atHead.sees('idle');
    await behind.sees('gap');
    await store.commit(update(2n, 200n, [flag(201n, 'a')]));
    await Promise.all([atHead.reaches(201n), behind.reaches(201n)]);
    await Promise.all([atHead.stop(), behind.stop()]);
    expect(atHead.kinds).toEqual(['entries']);
    expect(behind.kinds[0]).toBe('gap');
  });

  it('a log whose records are superseded is not touched when it is small or mostly current', async () => {
    const store = await open();
    await store.commit(creation(1n));
    const configs = Array.from({ length: 500 }, (_, i) => flag(BigInt(i + 1), `flag-${i}`));
    await store.commit(update(1n, 0n, configs));
    await store.close();
    const before = await readFile(join(directory, 'log'));
    const again = await open({ compactAbove: 1_000 });
    await again.commit(creation(2n));
    await again.close();
    expect((await readFile(join(directory, 'log'))).subarray(0, before.length)).toEqual(before);
  });
});

describe('a compaction that a crash interrupts', () => {
  it(
    'a compaction that a crash interrupts leaves the old log whole, at whichever byte the new one ended',
    async () => {
      const before = await open();
      await wasteful(before);
      const expected = await everything(before);
      await before.close();
      const old = await readFile(join(directory, 'log'));
      const store = await open({ compactAbove: 1_000 });
      await compacted();
      await store.close();
      const whole = await readFile(join(directory, 'log'));
      expect(whole.length).toBeGreaterThan(500);
      const crashed = await stores.newDirectory();
      for (let size = 0; size <= whole.length; size += STEP) {
        await writeFile(join(crashed, 'log'), old);
        await copyFile(join(directory, 'cursors'), join(crashed, 'cursors'));
        await writeFile(join(crashed, 'log.0123abcdef.new'), whole.subarray(0, size));
        const reopened = await openFileStore(crashed, { log: silent });
        expect(await everything(reopened), `crashed at byte ${size}`).toEqual(expected);
        expect(await readdir(crashed)).not.toContain('log.0123abcdef.new');
        await reopened.close();
      }
    },
    LONG,
  );

  it(
    'a compaction that a crash interrupts loses no acknowledged commit after the new log took its place, wherever the next write is torn',
    async () => {
      const before = await open({ compactAbove: 1_000 });
      await wasteful(before);
      await compacted();
      const start = await sizeOf();
      const expected = await everything(before);
      await before.commit(update(2n, 200n, [flag(201n, 'torn')]));
      await before.close();
      const end = await sizeOf();
      const torn = await stores.newDirectory();
      for (let size = start; size < end; size += STEP) {
        await copyFile(join(directory, 'log'), join(torn, 'log'));
        await copyFile(join(directory, 'cursors'), join(torn, 'cursors'));
        await truncate(join(torn, 'log'), size);
        const reopened = await openFileStore(torn, { log: silent });
        expect(await everything(reopened), `torn at byte ${size}`).toEqual(expected);
        await reopened.close();
      }
    },
    LONG,
  );

  it('a compaction that a crash interrupts refuses a snapshot that is damaged, also at its end', async () => {
    const before = await open();
    await wasteful(before);
    await before.close();
    const store = await open({ compactAbove: 1_000 });
    await compacted();
    await store.close();
    const size = await sizeOf();
    await truncate(join(directory, 'log'), size - 5);
    await expect(open()).rejects.toMatchObject({ code: 'store_damaged' });
    expect(await sizeOf()).toBe(size - 5);
  });

  it('a compaction that a crash interrupts ends with the store, and leaves nothing behind', async () => {
    const before = await open();
    await wasteful(before);
    const expected = await everything(before);
    await before.close();
    const { log, lines: logged } = recordingLog();
    await (await open({ compactAbove: 1_000, log })).close();
    expect((await readdir(directory)).sort()).toEqual(['cursors', 'log']);
    expect(logged().filter(({ level }) => Number(level) >= 40)).toEqual([]);
    expect(await everything(await open())).toEqual(expected);
  });
});
