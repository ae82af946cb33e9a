/** The history in the log of the file store: compactions, restarts, and logs from before it was kept. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { frame, unframe } from '../../src/store/file/frame.js';
import { openFileStore, type FileStoreOptions } from '../../src/store/file/store.js';
import { historyLimits, type HistoryEntry } from '../../src/store/history.js';
import type { Store } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { lines } from './file-fixtures.js';
import {
  contents,
  creation,
  flag,
  removeDirectory,
  silent,
  temporaryDirectory,
  tombstone,
  update,
  withUnknownField,
} from './fixtures.js';

let directory: string;
const stores: Store[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await removeDirectory(directory);
});

async function open(options: Partial<FileStoreOptions> = {}): Promise<Store> {
  const store = await openFileStore(directory, { log: silent, ...options });
  stores.push(store);
  return store;
}

/** The whole history of an environment in a form that can be compared. */
async function historyOf(store: Store, environment: bigint) {
  const all: HistoryEntry[] = [];
  for (let before: HistoryEntry | undefined; ; before = all.at(-1)) {
    const { entries, next } = await store.history(environment, { limit: 50, before });
    all.push(...entries);
    if (next === undefined) break;
  }
  return all.map(({ configs, ...entry }) => ({
    ...entry,
    before: configs && contents(configs.before),
    after: configs && contents(configs.after),
  }));
}

const fill = (id: bigint, key: string) =>
  withUnknownField(id, key, new Uint8Array(500).fill(Number(id % 256n)));

/** Commits to several environments at a time, so that batches have several entries. */
async function commitRounds(store: Store, from: bigint, rounds: bigint): Promise<void> {
  for (let version = from + 1n; version <= from + rounds; version++) {
    await Promise.all(
      [1n, 2n, 3n].map((environment) =>
        store.commit(
          update(environment, version - 1n, [fill(version, `key-${version % 4n}`)], {
            by: { author: `author-${version}-${environment}`, source: 'inbox' },
          }),
        ),
      ),
    );
  }
}

describe('the history in the log', () => {
  it('a history is the same after a restart, a compaction, and a restart after it', async () => {
    const limits = historyLimits(20);
    const first = await open({ history: limits });
    await Promise.all([1n, 2n, 3n].map((id) => first.commit(creation(id))));
    await commitRounds(first, 0n, 60n);
    const expected = await Promise.all([1n, 2n, 3n].map((id) => historyOf(first, id)));
    expect(expected.map((history) => history.length)).toEqual([20, 20, 20]);
    expect(expected[1]![0]).toMatchObject({ version: 60n, by: { author: 'author-60-2' } });
    await first.close();

    const second = await open({ history: limits });
    expect(await Promise.all([1n, 2n, 3n].map((id) => historyOf(second, id)))).toEqual(expected);
    await second.close();

    const size = (await stat(join(directory, 'log'))).size;
    const third = await open({ history: limits, compactAbove: 100 });
    // Compacted until nothing is left to gain: it does not go on for ever.
    await until('the log is compacted', async () => (await stat(join(directory, 'log'))).size < size);
    expect(await Promise.all([1n, 2n, 3n].map((id) => historyOf(third, id)))).toEqual(expected);
    await third.close();

    const fourth = await open({ history: limits });
    expect(await Promise.all([1n, 2n, 3n].map((id) => historyOf(fourth, id)))).toEqual(expected);
  });

  it('a history can be read at any time while compactions go on next to commits', async () => {
    const store = await open({ history: historyLimits(30), compactAbove: 2_000 });
    await Promise.all([1n, 2n, 3n].map((id) => store.commit(creation(id))));
    let done = false;
    let reads = 0;
    const read = async () => {
      while (!done) {
        const history = await historyOf(store, 2n);
        const versions = history.map(({ version }) => version);
        expect(versions).toEqual(versions.map((_, i) => versions[0]! - BigInt(i)));
        for (const { version, after, by } of history.slice(0, -1)) {
          if (version === 0n) continue;
          expect(after?.[0]?.id).toBe(version);
          expect(by.author).toBe(`author-${version}-2`);
        }
        reads++;
      }
    };
    const reading = read();
    await commitRounds(store, 0n, 200n);
    done = true;
    await reading;
    expect(reads).toBeGreaterThan(5);
    const [header = ''] = await lines(directory);
    expect(header).not.toContain('"sequence":0,');
    const expected = await historyOf(store, 2n);
    await store.close();
    expect(await historyOf(await open({ history: historyLimits(30) }), 2n)).toEqual(expected);
  });

  it('a history does not keep the log from becoming small when it is bounded', async () => {
    const store = await open({ history: historyLimits(10), compactAbove: 50_000 });
    await store.commit(creation(1n));
    let largest = 0;
    for (let version = 1n; version <= 800n; version++) {
      await store.commit(update(1n, version - 1n, [fill(version, 'one')]));
      largest = Math.max(largest, (await stat(join(directory, 'log'))).size);
    }
    // 800 commits write 1.7 MB; ten entries of 1.6 KB and one config are live.
    expect(largest).toBeLessThan(200_000);
  });

  it('a history is shortened by a restart with a lower setting, and gone with 0', async () => {
    const first = await open();
    await first.commit(creation(1n));
    for (let version = 1n; version <= 9n; version++) {
      await first.commit(update(1n, version - 1n, [flag(version, 'a')]));
    }
    await first.close();
    const second = await open({ history: historyLimits(4) });
    expect((await historyOf(second, 1n)).map(({ version }) => version)).toEqual([9n, 8n, 7n, 6n]);
    await second.close();
    expect(await historyOf(await open({ history: historyLimits(0) }), 1n)).toEqual([]);
  });

  it('a history begins with the next change in a log from before it was kept', async () => {
    const first = await open();
    await first.commit(creation(1n));
    await first.commit(update(1n, 0n, [flag(1n, 'a')]));
    await first.close();
    const log = join(directory, 'log');
    const old = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
    await writeFile(
      log,
      Buffer.concat(old.map((line) => frame(withoutHistory(unframe(Buffer.from(line))!)))),
    );
    const store = await open();
    expect(await historyOf(store, 1n)).toEqual([]);
    await store.commit(update(1n, 1n, [flag(2n, 'a', false)]));
    expect(await historyOf(store, 1n)).toMatchObject([
      { version: 2n, previous: 1n, before: contents([flag(1n, 'a')]) },
    ]);
  });

  it('a history stays away with a deleted environment after a compaction and a restart, and its version stays', async () => {
    const first = await open();
    await first.commit(creation(1n));
    await first.commit(update(1n, 0n, [flag(1n, 'a')]));
    const change = { ...update(1n, 1n, [tombstone(2n, 'a')]).change!, deletes: true };
    await first.commit(update(1n, 1n, [], { change, live: 0 }));
    for (let i = 0; i < 30; i++) await first.commit(creation(BigInt(i + 2)));
    await first.close();
    for (const compactAbove of [1, undefined]) {
      const store = await open(compactAbove === undefined ? {} : { compactAbove });
      expect(await store.environment(1n)).toBeUndefined();
      expect(await store.deletion(1n)).toEqual({ id: 1n, version: 2n, at: 2n });
      expect(await historyOf(store, 1n)).toEqual([]);
      expect(await store.commit(creation(1n))).toEqual({ kind: 'conflict', version: 2n });
      await store.close();
    }
  });
});

function withoutHistory(json: string): unknown {
  const value = JSON.parse(json) as { records?: { history?: unknown }[] };
  for (const record of value.records ?? []) delete record.history;
  return value;
}
