/** The part of the stores' contract that is about history and deleted environments. */
import { describe, expect, it } from 'vitest';
import { encodeConfig, encodeEnvelope, type EncodedConfig } from '../../src/ruleset/codec.js';
import { MAX_ID } from '../../src/ruleset/version.js';
import {
  HISTORY_SCAN,
  type Attribution,
  type HistoryEntry,
  type HistoryQuery,
} from '../../src/store/history.js';
import type { Change } from '../../src/ruleset/ruleset.js';
import type { Store } from '../../src/store/store.js';
import {
  by,
  changeOf,
  contents,
  creation,
  everyByte,
  flag,
  Follower,
  settings,
  tombstone,
  update,
} from './fixtures.js';

const ann: Attribution = { author: 'ann', message: 'Why: ключ 🔑\n"quoted"', source: 'http' };
const ben: Attribution = { author: 'ben', source: 'rollback' };

export function historyContract(current: () => Store, open: (changes: number) => Promise<Store>): void {
  const page = (query: Partial<HistoryQuery> = {}, environment = 1n) =>
    current().history(environment, { limit: 100, ...query });

  describe('history', () => {
    it('a history has the author, message, source and configs before and after of each change, newest first', async () => {
      await current().commit(creation(1n));
      await current().commit(update(1n, 0n, [flag(10n, 'a'), flag(11n, 'b')], { by: ann }));
      await current().commit(update(1n, 11n, [tombstone(12n, 'a'), flag(13n, 'c')], { by: ben, live: 2 }));
      const { entries, next } = await page();
      expect(next).toBeUndefined();
      expect(entries.map(shown)).toEqual([
        {
          version: 13n,
          step: 1,
          previous: 11n,
          at: 13n,
          by: ben,
          before: ['a 10'],
          after: ['-a 12', 'c 13'],
        },
        { version: 11n, step: 1, previous: 0n, at: 11n, by: ann, before: [], after: ['a 10', 'b 11'] },
        { version: 0n, step: 1, previous: 0n, at: expect.any(BigInt) as bigint, by, before: [], after: [] },
      ]);
      expect(contents(entries[0]!.configs!.before)).toEqual(contents([flag(10n, 'a')]));
      expect(entries[2]!.settings).toEqual({ after: { projectId: 7n, name: 'environment 1' } });
    });

    it('a history has the settings before and after of a commit that leaves the version as it is', async () => {
      await current().commit(creation(1n, { defaultContext: everyByte }));
      await current().commit(update(1n, 0n, [flag(MAX_ID, 'a')]));
      for (const name of ['b', 'c']) {
        const renamed = settings(1n, { name, projectId: 8n });
        await current().commit({ environment: 1n, by: ann, expect: MAX_ID, settings: renamed, live: 1 });
      }
      const { entries } = await page();
      expect(entries.map(({ version, step, previous }) => [version, step, previous])).toEqual([
        [MAX_ID, 3, MAX_ID],
        [MAX_ID, 2, MAX_ID],
        [MAX_ID, 1, 0n],
        [0n, 1, 0n],
      ]);
      expect(entries[0]!.settings).toEqual({
        before: { projectId: 8n, name: 'b' },
        after: { projectId: 8n, name: 'c' },
      });
      expect(Buffer.from(entries[1]!.settings!.before!.defaultContext!)).toEqual(Buffer.from(everyByte));
      expect(entries[1]!.settings!.after).not.toHaveProperty('defaultContext');
      expect(Number(entries[0]!.at / 1_000_000n)).toBeGreaterThan(1_600_000_000);
    });

    it('a history has no entry of a commit that was not made, and none of one without effect', async () => {
      await current().commit(creation(1n));
      await current().commit(update(1n, 5n, [flag(10n, 'a')]));
      await current().commit({
        environment: 1n,
        by,
        expect: 0n,
        live: 0,
        idempotency: { key: 'k', digest: 'd', answer: 'a' },
      });
      expect((await page()).entries).toHaveLength(1);
      expect((await page({}, 99n)).entries).toEqual([]);
    });

    it('a history is read in pages, from any place, by key and author', async () => {
      await manyChanges(current(), 30);
      const all = (await page()).entries.map(({ version }) => version);
      expect(all).toEqual(Array.from({ length: 31 }, (_, i) => BigInt(30 - i)));
      expect(await everyPage(current(), { limit: 7 })).toEqual(all);
      expect(await everyPage(current(), { limit: 2, author: 'ann' })).toEqual(
        all.filter((v) => v % 2n === 1n),
      );
      expect(await everyPage(current(), { limit: 2, key: 'key-1' })).toEqual([
        28n,
        25n,
        22n,
        19n,
        16n,
        13n,
        10n,
        7n,
        4n,
        1n,
      ]);
      // A part of a key is not the key.
      expect(await everyPage(current(), { limit: 2, key: 'key-' })).toEqual([]);
      expect(await everyPage(current(), { limit: 9, key: 'key-1', author: 'ann' })).toEqual([
        25n,
        19n,
        13n,
        7n,
        1n,
      ]);
      const one = await page({ limit: 1, before: { version: 20n, step: 2 } });
      expect(one.entries.map(({ version }) => version)).toEqual([20n]);
      expect((await page({ before: { version: 0n, step: 1 } })).entries).toEqual([]);
    });

    it('a page of history reads a bounded number of entries for a page, however few match', async () => {
      await manyChanges(current(), HISTORY_SCAN.entries + 20);
      const first = await page({ author: 'nobody' });
      expect(first).toMatchObject({ entries: [], next: { version: 21n } });
      expect(await page({ author: 'nobody', before: first.next })).toEqual({ entries: [] });
    });

    it('a page of history reads a bounded number of bytes for a page', async () => {
      await current().commit(creation(1n));
      for (let version = 1n; version <= 8n; version++) {
        await current().commit(update(1n, version - 1n, [large(version, 1_000_000)]));
      }
      const first = await page();
      expect(first.entries.length).toBeGreaterThan(0);
      expect(first.entries.length).toBeLessThan(6);
      expect(await everyPage(current(), { limit: 100 })).toEqual([8n, 7n, 6n, 5n, 4n, 3n, 2n, 1n, 0n]);
    });

    it('a history keeps as many changes as it should, and loses the oldest first', async () => {
      const store = await open(5);
      await manyChanges(store, 12);
      expect(await everyPage(store, { limit: 3 })).toEqual([12n, 11n, 10n, 9n, 8n]);
      await store.close();
    });

    it('a history keeps none when it should keep none, and commits as ever', async () => {
      const store = await open(0);
      await manyChanges(store, 3);
      expect(await store.version(1n)).toBe(3n);
      expect((await store.history(1n, { limit: 10 })).entries).toEqual([]);
      await store.close();
    });

    it('a history keeps a bounded number of bytes of an environment', async () => {
      await current().commit(creation(1n));
      for (let version = 1n; version <= 24n; version++) {
        // Each entry has it twice: before and after.
        await current().commit(update(1n, version - 1n, [large(version, 1_500_000)]));
      }
      const kept = await everyPage(current(), { limit: 1 });
      expect(kept[0]).toBe(24n);
      expect(kept.length).toBeGreaterThan(8);
      expect(kept.length).toBeLessThan(12);
    });

    it('a history keeps a change that is too large without its configs', async () => {
      await current().commit(creation(1n));
      await current().commit(update(1n, 0n, [large(1n, 12_000_000)]));
      await current().commit(update(1n, 1n, [large(2n, 24_000_000)], { by: ann }));
      await current().commit(update(1n, 2n, [flag(3n, 'small')]));
      const { entries } = await page({ limit: 2 });
      expect(entries[0]!.configs?.after).toHaveLength(1);
      expect(entries[1]).toMatchObject({ version: 2n, by: ann });
      expect(entries[1]!.configs).toBeUndefined();
    });

    it('a history is not in the feed', async () => {
      const follower = new Follower(current(), await current().head());
      await current().commit(creation(1n));
      await current().commit(update(1n, 0n, [flag(10n, 'a')], { by: ann }));
      await follower.reaches(10n);
      await follower.stop();
      const [entry] = follower.entries;
      expect(entry?.kind === 'change' && Object.keys(entry.change).sort()).toEqual([
        'at',
        'clientPrevious',
        'clientVersion',
        'configs',
        'envelope',
        'environment',
        'previous',
        'version',
      ]);
    });

    it('a history is of one environment', async () => {
      await manyChanges(current(), 3);
      await current().commit(creation(2n));
      await current().commit(update(2n, 0n, [flag(9n, 'key-1')], { by: ben }));
      expect((await page({}, 2n)).entries.map(({ version }) => version)).toEqual([9n, 0n]);
      expect((await page({ author: 'ben' })).entries).toEqual([]);
    });
  });

  describe('deleted environments', () => {
    it('deleted environments are gone for readers, who hear of it once, and their history too', async () => {
      await createdWith(current(), ['a', 'b']);
      const follower = new Follower(current(), await current().head());
      expect(
        await current().commit({ environment: 1n, by, expect: 11n, change: deletion(), live: 0 }),
      ).toEqual({
        kind: 'committed',
      });
      await follower.reaches(13n);
      await follower.stop();
      expect(follower.entries).toMatchObject([{ kind: 'change', change: { version: 13n, deletes: true } }]);
      expect(await current().version(1n)).toBeUndefined();
      expect(await current().read(1n)).toBeUndefined();
      expect(await current().environment(1n)).toBeUndefined();
      expect(await current().environments()).toEqual([]);
      expect(await current().deletion(1n)).toEqual({ id: 1n, version: 13n, at: 13n });
      expect((await page()).entries).toEqual([]);
    });

    it('deleted environments are not created again at an older version, nor as if they had never been', async () => {
      await createdWith(current(), ['a', 'b']);
      await current().commit({ environment: 1n, by, expect: 11n, change: deletion(), live: 0 });
      const older = { ...creation(1n), change: changeOf(1n, 0n, [flag(10n, 'a')]), live: 1 };
      expect(await current().commit(older)).toEqual({ kind: 'conflict', version: 13n });
      expect(await current().commit(creation(1n))).toEqual({ kind: 'conflict', version: 13n });
      expect(await current().commit(update(1n, 11n, [flag(20n, 'a')]))).toEqual({
        kind: 'conflict',
        version: 13n,
      });
      expect(await current().environment(1n)).toBeUndefined();
    });

    it('deleted environments go on above the version of the deletion when they are created again, with their tombstones', async () => {
      await createdWith(current(), ['a', 'b']);
      await current().commit({ environment: 1n, by, expect: 11n, change: deletion(), live: 0 });
      const again = settings(1n, { name: 'again' });
      const change = { ...changeOf(1n, 13n, [], 14n), envelope: encodeEnvelope(again) };
      expect(
        await current().commit({ environment: 1n, by, expect: 13n, settings: again, change, live: 0 }),
      ).toEqual({
        kind: 'committed',
      });
      expect(await current().deletion(1n)).toBeUndefined();
      const stored = await current().read(1n);
      expect(stored).toMatchObject({ ...again, version: 14n, live: 0 });
      expect(contents(stored!.configs)).toEqual(contents([tombstone(12n, 'a'), tombstone(13n, 'b')]));
      const { entries } = await page();
      expect(entries.map(({ version, previous }) => [version, previous])).toEqual([[14n, 13n]]);
      expect(entries[0]!.settings).toEqual({ after: { projectId: 7n, name: 'again' } });
      await current().commit(update(1n, 14n, [flag(15n, 'a')]));
      expect((await current().environments()).map(({ version }) => version)).toEqual([15n]);
    });

    it('environments that never were have no deletion', async () => {
      expect(await current().deletion(1n)).toBeUndefined();
      await current().commit(creation(1n));
      expect(await current().deletion(1n)).toBeUndefined();
    });
  });
}

/** The deletion of what `createdWith` makes of two keys. */
function deletion(): Change {
  return { ...changeOf(1n, 11n, [tombstone(12n, 'a'), tombstone(13n, 'b')]), deletes: true };
}

async function createdWith(store: Store, keys: readonly string[]): Promise<void> {
  const configs = keys.map((key, i) => flag(BigInt(10 + i), key));
  await store.commit({ ...creation(1n), change: changeOf(1n, 0n, configs), live: keys.length });
}

/** Environment 1, and a change of one of three keys to each version from 1 on, by ann and others in turn. */
async function manyChanges(store: Store, count: number): Promise<void> {
  await store.commit(creation(1n));
  for (let version = 1n; version <= BigInt(count); version++) {
    const author = version % 2n === 1n ? ann : by;
    await store.commit(update(1n, version - 1n, [flag(version, `key-${version % 3n}`)], { by: author }));
  }
}

async function everyPage(store: Store, query: HistoryQuery): Promise<bigint[]> {
  const versions: bigint[] = [];
  let { before } = query;
  for (;;) {
    const { entries, next } = await store.history(1n, { ...query, before });
    expect(entries.length).toBeLessThanOrEqual(query.limit);
    versions.push(...entries.map(({ version }) => version));
    if (next === undefined) return versions;
    before = next;
  }
}

/** A config of about so many bytes. */
function large(id: bigint, bytes: number): EncodedConfig {
  return encodeConfig({
    id: `${id}`,
    key: 'large',
    configType: 'CONFIG',
    valueType: 'STRING',
    rows: [{ values: [{ value: { string: 'x'.repeat(bytes) } }] }],
  });
}

function shown({ configs, settings: _, ...entry }: HistoryEntry) {
  const text = ({ deleted, key, id }: EncodedConfig) => `${deleted ? '-' : ''}${key} ${id}`;
  return { ...entry, before: configs?.before.map(text), after: configs?.after.map(text) };
}
