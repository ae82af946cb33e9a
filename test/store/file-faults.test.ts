/** The file store when its process or its file fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  copyFile,
  open as openFile,
  readdir,
  readFile,
  rename,
  stat,
  truncate,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openFileStore, type FileStoreOptions } from '../../src/store/file/store.js';
import { frame } from '../../src/store/file/frame.js';
import { until } from '../support/until.js';
import { everything, fill, HOUR, lines, wasteful } from './file-fixtures.js';
import { useFileStores } from './file-stores.js';
import { creation, flag, Follower, recordingLog, update } from './fixtures.js';

const stores = useFileStores();
let directory: string;

beforeEach(async () => {
  directory = await stores.newDirectory();
});

const open = (options: Partial<FileStoreOptions> = {}, path = directory) => stores.open(path, options);

describe('a restart', () => {
  it('a file store has everything after a restart', async () => {
    const before = await open();
    await fill(before);
    const expected = await everything(before);
    await before.close();
    expect(await everything(await open())).toEqual(expected);
  });

  it('a file store has everything that was acknowledged before its process was killed', async () => {
    const store = await open();
    await fill(store);
    const expected = { ...(await everything(store)), cursors: new Map() };
    // A kill leaves the log as it is now, and a lock of a process that is no more.
    const left = await stores.newDirectory();
    await copyFile(join(directory, 'log'), join(left, 'log'));
    await writeFile(join(left, 'lock'), `${await deadPid()} 1\n`);
    expect(await everything(await open({}, left))).toEqual(expected);
  });

  it('a log that was moved away takes no commit that a restart would not have, and takes them when it is back', async () => {
    const store = await open();
    await store.commit(creation(1n));
    const path = join(directory, 'log');
    for (const replaced of [false, true]) {
      await rename(path, `${path}.1`);
      if (replaced) await copyFile(`${path}.1`, path);
      const refused = store.commit(update(1n, 0n, [flag(5n, 'a')]));
      await expect(refused).rejects.toThrow(/moved or replaced; put it back/);
      expect(await store.version(1n)).toBe(0n);
      await rename(`${path}.1`, path);
    }
    await until(
      'it takes commits',
      async () => (await store.commit(update(1n, 0n, [flag(5n, 'a')]))).kind === 'committed',
    );
    await store.close();
    expect(await (await open()).version(1n)).toBe(5n);
  });

  it('a log that somebody cuts while a commit is written acknowledges nothing that a restart would not have', async () => {
    const store = await open();
    await store.commit(creation(1n));
    const path = join(directory, 'log');
    const { size } = await stat(path);
    const handle = await openFile(path);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const sync = vi.spyOn(prototype, 'datasync').mockImplementationOnce(() => truncate(path, size));
    try {
      const cut = store.commit(update(1n, 0n, [flag(5n, 'a')]));
      await expect(cut).rejects.toThrow(/may or may not have been made: .*changed by another process/);
    } finally {
      sync.mockRestore();
    }
    await store.close();
    expect(await (await open()).version(1n)).toBe(0n);
  });

  it('a directory whose log is gone is refused with what to do, and opens when the log is back', async () => {
    const store = await open();
    await fill(store);
    await store.close();
    const read = await open();
    const expected = await everything(read);
    await read.close();
    const path = join(directory, 'log');
    await rename(path, `${path}.1`);
    await expect(open()).rejects.toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining('Put it back, or restore it from a backup') as string,
    });
    expect(await readdir(directory)).not.toContain('log');
    await rename(`${path}.1`, path);
    expect(await everything(await open())).toEqual(expected);
  });

  it('a follower of a file store goes on after a restart without a gap', async () => {
    const before = await open();
    await fill(before);
    const position = await before.head();
    await before.close();
    const store = await open();
    const follower = new Follower(store, position);
    await store.commit(update(2n, 0n, [flag(7n, 'a')]));
    await follower.reaches(7n);
    await follower.stop();
    expect(follower.kinds).toEqual(['entries']);
  });

  it('a file store remembers a request for 24 hours, also across restarts', async () => {
    let time = 1_700_000_000_000;
    const now = () => time;
    const before = await open({ now });
    await fill(before);
    await before.close();
    time += 24 * HOUR - 1;
    const store = await open({ now });
    expect(await store.repeated(1n, 'request')).toBeDefined();
    time += 1;
    expect(await store.repeated(1n, 'request')).toBeUndefined();
    const again = update(2n, 0n, [flag(5n, 'a')], {
      idempotency: { key: 'request', digest: 'e', answer: 'b' },
    });
    expect(await store.commit(again)).toEqual({ kind: 'committed' });
  });

  it('the time of a file store is that of the machine again after a commit at a wrong one', async () => {
    let time = 1_700_000_000_000;
    const now = () => time;
    const before = await open({ now });
    const right = await before.time();
    expect(right).toBe(1_700_000_000_000_000n);
    time += 11 * 366 * 24 * HOUR;
    const ahead = await before.time();
    await before.commit({ ...creation(1n), ...update(1n, 0n, [flag(ahead, 'a')]), expect: undefined });
    time -= 11 * 366 * 24 * HOUR;
    expect(await before.time()).toBe(right);
    await before.close();
    expect(await (await open({ now })).time()).toBe(right);
  });

  it('a file store with unreadable cursors opens without them and warns', async () => {
    const before = await open();
    await fill(before);
    await before.close();
    await writeFile(join(directory, 'cursors'), '{"http');
    const { log, lines } = recordingLog();
    const store = await open({ log });
    expect(await store.leadership.cursors()).toEqual(new Map());
    expect(lines()).toContainEqual(expect.objectContaining({ level: 40, file: join(directory, 'cursors') }));
  });
});

describe('a write that was cut off', () => {
  it('a torn write is removed at start, at whichever byte it ended, and everything before it stays', async () => {
    const store = await open();
    await store.commit(creation(1n));
    await store.commit(update(1n, 0n, [flag(10n, 'a')]));
    const start = (await stat(join(directory, 'log'))).size;
    const expected = await everything(store);
    await store.commit(update(1n, 10n, [flag(11n, 'a', false)]));
    const end = (await stat(join(directory, 'log'))).size;
    await store.close();
    expect(end - start).toBeGreaterThan(100);
    const torn = await stores.newDirectory();
    for (let size = start; size < end; size++) {
      await copyFile(join(directory, 'log'), join(torn, 'log'));
      await truncate(join(torn, 'log'), size);
      const { log, lines } = recordingLog();
      const reopened = await openFileStore(torn, { log });
      expect(await everything(reopened), `cut to ${size}`).toEqual(expected);
      const warnings = lines().filter(({ level }) => level === 40);
      expect(warnings).toHaveLength(size === start ? 0 : 1);
      expect((await stat(join(torn, 'log'))).size).toBe(start);
      await reopened.close();
    }
    // Opens the store several hundred times.
  }, 120_000);

  it('commits after a torn write was removed last', async () => {
    const store = await open();
    await store.commit(creation(1n));
    await store.close();
    await appendFile(join(directory, 'log'), '01234567 {"sequence":2,"rec');
    const repaired = await open();
    await repaired.commit(update(1n, 0n, [flag(10n, 'a')]));
    await repaired.close();
    expect(await (await open()).version(1n)).toBe(10n);
  });

  it('bytes at the end that were never written as a record are removed at start', async () => {
    const store = await open();
    await store.commit(creation(1n));
    await store.close();
    const before = await readFile(join(directory, 'log'));
    await appendFile(
      join(directory, 'log'),
      Buffer.concat([Buffer.alloc(5_000), Buffer.from('\n\n'), Buffer.alloc(10)]),
    );
    expect(await (await open()).version(1n)).toBe(0n);
    expect(await readFile(join(directory, 'log'))).toEqual(before);
  });
});

describe('damage', () => {
  /** Changes the log, and expects that it is refused at that line and left as it is. */
  async function refused(change: (lines: string[]) => string[], line: number): Promise<string> {
    const store = await open();
    await fill(store);
    await store.close();
    const path = join(directory, 'log');
    const damaged = `${change(await lines(directory)).join('\n')}\n`;
    await writeFile(path, damaged);
    const offset = Buffer.byteLength(
      damaged
        .split('\n')
        .slice(0, line)
        .map((text) => `${text}\n`)
        .join(''),
    );
    const error = await open().then(
      () => new Error('it was opened'),
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({ code: 'store_damaged', details: { file: path, offset: `${offset}` } });
    expect(error.message).toContain(`${path} is damaged at byte ${offset}`);
    expect(error.message).toContain('Restore the file from a backup');
    expect(await readFile(path, 'utf8')).toBe(damaged);
    expect(await readdir(directory)).not.toContain('lock');
    return error.message;
  }

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'damage in record %i, with others after it, refuses the start and changes nothing',
    async (line) => {
      const flip = (text: string) => text.replace('"records"', '"recordz"');
      await refused((all) => all.map((text, index) => (index === line ? flip(text) : text)), line);
    },
  );

  it('damage of a checksum refuses the start', async () => {
    await refused((all) => all.map((text, index) => (index === 2 ? `00000000${text.slice(8)}` : text)), 2);
  });

  it('damage of the beginning of a log refuses the start', async () => {
    const message = await refused(([, ...rest]) => ['x', ...rest], 0);
    expect(message).toContain('inside what every log begins with');
  });

  it('a missing record refuses the start', async () => {
    await refused((all) => all.filter((_, index) => index !== 7), 7);
  });

  it('a record that is there twice refuses the start', async () => {
    await refused((all) => all.flatMap((text, index) => (index === 7 ? [text, text] : [text])), 8);
  });

  it('a record that does not fit the ones before it refuses the start', async () => {
    const stray = frame({ sequence: 2, records: [{ type: 'commit', environment: '9', live: 0 }] })
      .toString()
      .trimEnd();
    await refused((all) => [...all.slice(0, 2), stray, ...all.slice(3)], 2);
  });

  it('an empty log refuses the start', async () => {
    await writeFile(join(directory, 'log'), '');
    await expect(open()).rejects.toMatchObject({ code: 'store_damaged' });
  });

  it('a log of a newer format refuses the start', async () => {
    await writeFile(join(directory, 'log'), frame({ holdfast: 2, sequence: 0, snapshot: 0 }));
    await expect(open()).rejects.toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining('Run the version that wrote it'),
    });
  });
});

describe('a log from before client versions were kept', () => {
  /** The log as it was then. */
  async function forget(): Promise<void> {
    const old = (await lines(directory)).map((line) => {
      const json = line.slice(line.indexOf(' ') + 1).replace(/"client(Previous|Version)":"\d+",/g, '');
      return frame(JSON.parse(json));
    });
    await writeFile(join(directory, 'log'), Buffer.concat(old));
  }

  it('a log without client versions is read as one in which clients saw each change', async () => {
    const before = await open();
    await before.commit(creation(1n));
    const unseen = { clientPrevious: 0n, clientVersion: 0n };
    const { change } = update(1n, 0n, [flag(10n, 'a')]);
    await before.commit(update(1n, 0n, [], { change: { ...change!, ...unseen } }));
    const head = await before.head();
    await before.close();
    await forget();
    const store = await open();
    expect(await store.read(1n)).toMatchObject({ version: 10n, clientVersion: 10n });
    const follower = new Follower(store, `${Number(head) - 1}`);
    await follower.reaches(10n);
    await follower.stop();
    expect(follower.entries).toMatchObject([{ change: { clientPrevious: 0n, clientVersion: 10n } }]);
  });

  it('a snapshot without client versions is read as one in which clients saw each change', async () => {
    const before = await open();
    await wasteful(before);
    await before.close();
    const compacting = await open({ compactAbove: 1_000 });
    await until('the log is compacted', async () => (await lines(directory)).length < 20);
    await compacting.close();
    await forget();
    expect(await (await open()).read(2n)).toMatchObject({ version: 200n, clientVersion: 200n });
  });
});

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}
