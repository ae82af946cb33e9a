/** The file store on a disk that is full, or that takes no writes. */
import { execFileSync } from 'node:child_process';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../../src/store/file/store.js';
import { lines } from './file-fixtures.js';
import { runsIsolated, unshare } from './isolation.js';
import {
  contents,
  creation,
  flag,
  recordingLog,
  removeDirectory,
  silent,
  temporaryDirectory,
  update,
  withUnknownField,
} from './fixtures.js';

let directory: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

interface Outcome {
  readonly problems: readonly string[];
  readonly counts: Readonly<
    Record<'opened' | 'refused' | 'made' | 'compactionFailed' | 'compacted' | 'unsaved', number>
  >;
}

/** Runs full-disk.ts on a file system of 16 MiB, which exists for it alone. */
async function onFullDisk(mode: 'start' | 'compaction', pages: number): Promise<Outcome> {
  const disk = await temporaryDirectory();
  try {
    const script = `mount -t tmpfs -o size=16m tmpfs "$1" && exec "$0" --import tsx "$2" "$1" "$3" "$4" "$5"`;
    const file = join(import.meta.dirname, 'full-disk.ts');
    const [command = '', ...rest] = unshare('--mount');
    const args = [...rest, 'sh', '-c', script, process.execPath, disk, file, directory, mode, `${pages}`];
    const output = execFileSync(command, args, { encoding: 'utf8' });
    return JSON.parse(output) as Outcome;
  } finally {
    await removeDirectory(disk);
  }
}

/** A log of 200 versions, of which the last five count, and a torn end. */
async function prepare(): Promise<void> {
  const store = await openFileStore(directory, { log: silent });
  await store.commit(creation(1n));
  for (let version = 0n; version < 200n; version++) {
    const config = withUnknownField(version + 1n, `flag-${version % 5n}`, new Uint8Array(4_000));
    await store.commit(update(1n, version, [config]));
  }
  await store.close();
  await appendFile(join(directory, 'log'), '01234567 {"sequence":202,"rec');
}

const fullDisk = () => {
  describe('a full disk', () => {
    it('a full disk stops no start, fails commits cleanly, and takes them again when there is room', async () => {
      await prepare();
      const { problems, counts } = await onFullDisk('start', 20);
      expect(problems).toEqual([]);
      expect(counts.opened).toBe(21);
      // Each step has met a full disk at least once, and has worked at least once.
      expect(counts.refused).toBeGreaterThan(50);
      expect(counts.made).toBeGreaterThan(50);
      expect(counts.unsaved).toBeGreaterThan(0);
    });

    it('a full disk at any write of a compaction leaves the log as it is, and loses no acknowledged commit', async () => {
      await prepare();
      const { problems, counts } = await onFullDisk('compaction', 40);
      expect(problems).toEqual([]);
      expect(counts.opened).toBe(41);
      expect(counts.compactionFailed).toBeGreaterThan(5);
      expect(counts.compacted).toBeGreaterThan(5);
      expect(counts.refused).toBeGreaterThan(20);
    });
  });
};
if (runsIsolated) fullDisk();

describe('the disk', () => {
  it('the disk fails one commit when it is full, and the next one that fits is made and lasts', async () => {
    const script = join(import.meta.dirname, 'limited-disk.ts');
    const limited = `ulimit -f 512; exec "$0" --import tsx "$1" "$2"`; // 512 blocks: 256 or 512 KiB
    const output = execFileSync('sh', ['-c', limited, process.execPath, script, directory], {
      encoding: 'utf8',
    });
    const { results, keys, seen } = JSON.parse(output) as {
      results: string[];
      keys: string[];
      seen: string[];
    };
    expect(results).toEqual([
      'committed',
      expect.stringMatching(/^store_unavailable: .*nothing was changed: EFBIG/),
      'committed',
    ]);
    expect(keys).toEqual(['before', 'after']);
    expect(seen).toEqual(['2,3']);
    const store = await openFileStore(directory, { log: silent });
    const configs = (await store.read(1n))!.configs;
    expect(contents(configs)).toEqual(contents([flag(1n, 'before'), flag(3n, 'after')]));
    await store.close();
  });

  it('the disk is synced once for many commits that are made together', async () => {
    const store = await openFileStore(directory, { log: silent });
    await Promise.all(Array.from({ length: 200 }, (_, i) => store.commit(creation(BigInt(i + 1)))));
    expect((await lines(directory)).length).toBeLessThan(10);
    expect(await store.environments()).toHaveLength(200);
    await store.close();
  });

  it('the disk is refused when it cannot be written at all', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(openFileStore(join(directory, 'file'), { log: silent })).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining('cannot be used'),
    });
  });
});

describe('bytes at the end of the log that are no whole record', () => {
  it('bytes at the end of the log that are no whole record are kept in a file next to it, and the log line does not claim to know what they were', async () => {
    const store = await openFileStore(directory, { log: silent });
    await store.commit(creation(1n));
    await store.commit(update(1n, 0n, [flag(1n, 'a')]));
    await store.close();
    const path = join(directory, 'log');
    const before = await readFile(path);
    const start = before.lastIndexOf('\n', before.length - 2) + 1;
    // One bit of the last record, which was acknowledged.
    before[start + 40]! ^= 1;
    await writeFile(path, before);
    const { log, lines: logged } = recordingLog();
    const reopened = await openFileStore(directory, { log });
    expect(await reopened.version(1n)).toBe(0n);
    await reopened.close();
    const [kept] = (await readdir(directory)).filter((name) => name.startsWith('log.removed-'));
    expect(await readFile(join(directory, kept!))).toEqual(before.subarray(start));
    expect(await readFile(path)).toEqual(before.subarray(0, start));
    const warnings = logged().filter(({ level }) => level === 40);
    expect(warnings).toEqual([
      expect.objectContaining({ offset: start, bytes: before.length - start, kept: join(directory, kept!) }),
    ]);
    expect(warnings[0]!.msg).toMatch(/cut off, or the last record, damaged since/);
    expect(warnings[0]!.msg).not.toMatch(/acknowledged/);
  });

  it('bytes at the end of the log that are no whole record are kept of the last ten starts', async () => {
    for (let i = 0; i < 14; i++) {
      const store = await openFileStore(directory, { log: silent });
      await store.close();
      await appendFile(join(directory, 'log'), `torn ${i}`);
    }
    const kept = (await readdir(directory)).filter((name) => name.startsWith('log.removed-')).sort();
    expect(kept).toHaveLength(10);
    expect(await readFile(join(directory, kept.at(-1)!), 'utf8')).toBe('torn 12');
  });
});
