/** The contract of every store: one suite, run on each implementation and each way to reach it. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeEnvelope } from '../../src/ruleset/codec.js';
import { MAX_ID } from '../../src/ruleset/version.js';
import type { Change } from '../../src/ruleset/ruleset.js';
import type { Commit, CommitResult, FeedPosition, Store } from '../../src/store/store.js';
import { until } from '../support/until.js';
import { canaryContract } from './contract-canary.js';
import { historyContract } from './contract-history.js';
import { nameContract } from './contract-names.js';
import { keyUseContract } from './contract-key-use.js';
import { nodeReportContract } from './contract-node-reports.js';
import { operatorContract } from './contract-operators.js';
import {
  apiKey,
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
  withUnknownField,
} from './fixtures.js';

export interface StoreUnderTest {
  /** Opens a store without any data, that keeps so many changes in its histories. */
  open(changes?: number): Promise<Store>;
  /** Called once after all tests. */
  stop(): Promise<void>;
}

export function storeContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;
    let store: Store;
    const followers: Follower[] = [];

    beforeAll(async () => {
      under = await makeStore();
    });
    beforeEach(async () => {
      store = await under.open();
    });
    afterEach(async () => {
      await Promise.all(followers.splice(0).map((follower) => follower.stop()));
      await store.close();
    });
    afterAll(async () => {
      await under.stop();
    });

    const follow = (from: FeedPosition) => {
      const follower = new Follower(store, from);
      followers.push(follower);
      return follower;
    };
    const current = () => store;

    commits(current);
    contentsAreKept(current);
    idempotency(current);
    feed(current, follow);
    keys(current, follow);
    leadership(current);
    operatorContract(current);
    canaryContract(current, follow);
    nameContract(current);
    nodeReportContract(current);
    keyUseContract(current);
    historyContract(current, (changes) => under.open(changes));
  });
}

/** A commit of a change from version 9 to 10 with these client versions. */
function commitWith(client: Partial<Pick<Change, 'clientPrevious' | 'clientVersion'>>): Commit {
  return update(1n, 9n, [], { change: { ...changeOf(1n, 9n, [flag(10n, 'a')]), ...client } });
}

function commits(current: () => Store): void {
  describe('commits', () => {
    it('knows nothing of an environment that was not created', async () => {
      expect(await current().read(1n)).toBeUndefined();
      expect(await current().version(1n)).toBeUndefined();
      expect(await current().environments()).toEqual([]);
    });

    it('creates an environment at version 0', async () => {
      expect(await current().commit(creation(1n))).toEqual({ kind: 'committed' });
      expect(await current().read(1n)).toEqual({
        ...settings(1n),
        version: 0n,
        clientVersion: 0n,
        at: 0n,
        live: 0,
        configs: [],
      });
      expect(await current().version(1n)).toBe(0n);
    });

    it('creates an environment and its first configs in one commit', async () => {
      const first = [flag(10n, 'a'), flag(11n, 'b')];
      await current().commit({ ...creation(1n), change: changeOf(1n, 0n, first), live: 2 });
      const stored = await current().read(1n);
      expect(stored).toMatchObject({ version: 11n, at: 11n, live: 2 });
      expect(contents(stored!.configs)).toEqual(contents(first));
    });

    it('does not create an environment that exists', async () => {
      await current().commit(creation(1n));
      const again = await current().commit(creation(1n, { name: 'other' }));
      expect(again).toEqual({ kind: 'conflict', version: 0n });
      expect((await current().read(1n))?.name).toBe('environment 1');
    });

    it('does not change an environment that does not exist', async () => {
      expect(await current().commit(update(1n, 0n, [flag(1n, 'a')]))).toEqual({
        kind: 'conflict',
        version: undefined,
      });
      expect(await current().environments()).toEqual([]);
    });

    it('writes nothing of a commit that was planned against another version', async () => {
      await current().commit(creation(1n));
      await current().commit(update(1n, 0n, [flag(10n, 'a')]));
      const before = { ruleset: await current().read(1n), head: await current().head() };
      const late = update(1n, 0n, [flag(20n, 'a', false), flag(21n, 'b')], {
        settings: settings(1n, { name: 'late' }),
        idempotency: { key: 'late', digest: 'd', answer: 'a' },
      });
      expect(await current().commit(late)).toEqual({ kind: 'conflict', version: 10n });
      expect({ ruleset: await current().read(1n), head: await current().head() }).toEqual(before);
      expect(await current().repeated(1n, 'late')).toBeUndefined();
    });

    it('makes exactly one of many concurrent commits that were planned against one version', async () => {
      await current().commit(creation(1n));
      const rivals = Array.from({ length: 20 }, (_, i) => flag(BigInt(100 + i), `rival-${i}`));
      const results = await Promise.all(rivals.map((config) => current().commit(update(1n, 0n, [config]))));
      expect(results.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
      const winner = rivals[results.findIndex(({ kind }) => kind === 'committed')]!;
      expect(contents((await current().read(1n))!.configs)).toEqual(contents([winner]));
      for (const result of results.filter(({ kind }) => kind === 'conflict')) {
        expect(result).toEqual({ kind: 'conflict', version: winner.id });
      }
    });

    it('shows each reader the ruleset of one moment while commits go on', async () => {
      await current().commit(creation(1n));
      let version = 0n;
      let done = false;
      const torn: string[] = [];
      let reads = 0;
      const read = async () => {
        while (!done) {
          const seen = await current().read(1n);
          const ids = contents(seen!.configs).map(({ id }) => id);
          const whole = seen!.version === 0n ? [] : [seen!.version - 2n, seen!.version - 1n, seen!.version];
          if (ids.join() !== whole.join()) torn.push(`${seen!.version}: ${ids.join()}`);
          reads++;
          await new Promise(setImmediate);
        }
      };
      const readers = [read(), read()];
      for (let i = 0; i < 150; i++) {
        const configs = ['a', 'b', 'c'].map((key, n) => flag(version + BigInt(n + 1), key));
        await current().commit(update(1n, version, configs));
        version += 3n;
      }
      done = true;
      await Promise.all(readers);
      expect(torn).toEqual([]);
      expect(reads).toBeGreaterThan(10);
    });

    it('changes settings without moving the version or telling the followers', async () => {
      await current().commit({ ...creation(1n), change: changeOf(1n, 0n, [flag(10n, 'a')]), live: 1 });
      const head = await current().head();
      const follower = new Follower(current(), head);
      const renamed = settings(1n, { name: 'new name', projectId: 8n });
      await current().commit({ environment: 1n, by, expect: 10n, settings: renamed, live: 1 });
      await current().commit(update(1n, 10n, [flag(12n, 'a')]));
      await follower.reaches(12n);
      await follower.stop();
      expect(follower.entries).toHaveLength(1);
      expect(await current().read(1n)).toMatchObject({ ...renamed, version: 12n });
    });

    it('moves the version when only what surrounds the configs changed', async () => {
      await current().commit({ ...creation(1n), change: changeOf(1n, 0n, [flag(10n, 'a')]), live: 1 });
      const follower = new Follower(current(), await current().head());
      const changed = settings(1n, { defaultContext: everyByte });
      const change = { ...changeOf(1n, 10n, [], 15n), envelope: encodeEnvelope(changed) };
      await current().commit({ environment: 1n, by, expect: 10n, settings: changed, change, live: 1 });
      await follower.reaches(15n);
      await follower.stop();
      const [entry] = follower.entries;
      expect(entry).toMatchObject({ kind: 'change', change: { previous: 10n, version: 15n, configs: [] } });
      const stored = await current().read(1n);
      expect(stored).toMatchObject({ version: 15n, at: 15n });
      expect(contents(stored!.configs)).toEqual(contents([flag(10n, 'a')]));
    });

    it('keeps what clients see of a change next to its version, for readers and followers', async () => {
      await current().commit({ ...creation(1n), change: changeOf(1n, 0n, [flag(10n, 'a')]), live: 1 });
      expect(await current().read(1n)).toMatchObject({ version: 10n, clientVersion: 10n });
      const follower = new Follower(current(), await current().head());
      const unseen = { clientPrevious: 10n, clientVersion: 10n };
      await current().commit(
        update(1n, 10n, [], { change: { ...changeOf(1n, 10n, [flag(11n, 'b')]), ...unseen } }),
      );
      expect(await current().read(1n)).toMatchObject({ version: 11n, clientVersion: 10n });
      expect(await current().environments()).toMatchObject([{ version: 11n, clientVersion: 10n }]);
      await current().commit({
        environment: 1n,
        by,
        expect: 11n,
        settings: settings(1n, { name: 'new' }),
        live: 1,
      });
      expect(await current().environment(1n)).toMatchObject({
        name: 'new',
        version: 11n,
        clientVersion: 10n,
      });
      const seen = { clientPrevious: 10n, clientVersion: 12n };
      await current().commit(
        update(1n, 11n, [], { change: { ...changeOf(1n, 11n, [flag(12n, 'c')]), ...seen } }),
      );
      await follower.reaches(12n);
      await follower.stop();
      expect(follower.entries).toMatchObject([
        { change: { version: 11n, ...unseen } },
        { change: { version: 12n, ...seen } },
      ]);
      expect(await current().read(1n)).toMatchObject({ version: 12n, clientVersion: 12n });
    });

    it.each([
      ['creates without settings', { ...creation(1n), settings: undefined }],
      ['does not follow the version it expects', { ...update(1n, 5n, [flag(9n, 'a')]), expect: 4n }],
      ['does not move the version', update(1n, 9n, [flag(9n, 'a')])],
      ['takes the client version back', commitWith({ clientPrevious: 5n, clientVersion: 4n })],
      ['takes the client version beyond the version', commitWith({ clientVersion: 11n })],
    ])('refuses a commit that %s', async (_, commit) => {
      await expect(current().commit(commit)).rejects.toMatchObject({ code: 'internal' });
    });
  });
}

function contentsAreKept(current: () => Store): void {
  describe('contents', () => {
    it('tells neighbouring ids above 2^53 apart, up to 2^63 - 1', async () => {
      const environment = MAX_ID;
      const even = 2n ** 53n;
      await current().commit(creation(environment, { projectId: MAX_ID - 1n }));
      await current().commit(update(environment, 0n, [flag(even + 1n, 'a')]));
      // As doubles, both are 2^53.
      expect(await current().commit(update(environment, even, [flag(even + 2n, 'b')]))).toEqual({
        kind: 'conflict',
        version: even + 1n,
      });
      await current().commit(update(environment, even + 1n, [flag(MAX_ID - 1n, 'b'), flag(MAX_ID, 'c')]));
      const stored = await current().read(environment);
      expect(stored).toMatchObject({ id: MAX_ID, projectId: MAX_ID - 1n, version: MAX_ID, at: MAX_ID });
      expect(stored!.configs.map(({ id }) => id).sort()).toEqual([even + 1n, MAX_ID - 1n, MAX_ID]);
      expect(await current().version(environment)).toBe(MAX_ID);
    });

    it('keeps every byte of configs and default contexts', async () => {
      const config = withUnknownField(10n, 'binary', everyByte);
      await current().commit({
        ...creation(1n, { defaultContext: everyByte }),
        change: changeOf(1n, 0n, [config]),
        live: 1,
      });
      const stored = await current().read(1n);
      expect(contents(stored!.configs)).toEqual(contents([config]));
      expect(Buffer.from(stored!.defaultContext!)).toEqual(Buffer.from(everyByte));
    });

    it('keeps keys and names in any script', async () => {
      const texts = [
        'ключ',
        '鍵',
        '🔑',
        'a\nb',
        'a\0b',
        '"\\',
        ' ',
        '__proto__',
        'constructor',
        '0',
        'e\u0301',
      ];
      const configs = texts.map((text, i) => flag(BigInt(10 + i), text));
      const name = texts.join();
      await current().commit({
        ...creation(1n, { name }),
        change: changeOf(1n, 0n, configs),
        live: texts.length,
      });
      const stored = await current().read(1n);
      expect(contents(stored!.configs)).toEqual(contents(configs));
      expect(stored!.name).toBe(name);
    });

    it('tells an empty default context from none, and forgets one that was taken away', async () => {
      await current().commit(creation(1n, { defaultContext: new Uint8Array() }));
      expect((await current().read(1n))?.defaultContext).toHaveLength(0);
      await current().commit({ environment: 1n, by, expect: 0n, settings: settings(1n), live: 0 });
      expect((await current().read(1n))?.defaultContext).toBeUndefined();
    });

    it('keeps a deleted config as a tombstone, and its number of live configs', async () => {
      await current().commit(creation(1n));
      await current().commit(update(1n, 0n, [flag(10n, 'a'), flag(11n, 'b')]));
      await current().commit(update(1n, 11n, [tombstone(12n, 'a')], { live: 1 }));
      const stored = await current().read(1n);
      expect(contents(stored!.configs)).toEqual(contents([flag(11n, 'b'), tombstone(12n, 'a')]));
      expect(stored!.live).toBe(1);
    });

    it('takes a change of 10,000 configs', async () => {
      await current().commit(creation(1n));
      const configs = Array.from({ length: 10_000 }, (_, i) => flag(BigInt(i + 1), `flag-${i}`));
      const follower = new Follower(current(), await current().head());
      await current().commit(update(1n, 0n, configs));
      await follower.reaches(10_000n);
      await follower.stop();
      const [entry] = follower.entries;
      expect(entry?.kind === 'change' && entry.change.configs.length).toBe(10_000);
      expect((await current().read(1n))?.configs).toHaveLength(10_000);
    });

    it('lists all environments, ascending by id as numbers', async () => {
      const ids = [MAX_ID, ...Array.from({ length: 1_200 }, (_, i) => BigInt(i + 1))];
      // Not all at once: a store that waits for its replicas answers one after the other, in time.
      for (let i = 0; i < ids.length; i += 100) {
        const some = ids.slice(i, i + 100);
        const results = await Promise.all(some.map((id) => current().commit(creation(id))));
        expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['committed']));
      }
      await current().commit(update(2n, 0n, [flag(10n, 'a')]));
      const listed = await current().environments();
      for (const each of listed) expect(await current().environment(each.id)).toEqual(each);
      expect(await current().environment(999_999_999n)).toBeUndefined();
      expect(listed.map(({ id }) => id)).toEqual([...ids.slice(1), MAX_ID]);
      expect(listed[1]).toEqual({ ...settings(2n), version: 10n, clientVersion: 10n, at: 10n, live: 1 });
    });

    it('tells the time in microseconds, and never an earlier one', async () => {
      const times = [];
      for (let i = 0; i < 20; i++) times.push(await current().time());
      expect([...times].sort()).toEqual(times);
      expect(Math.abs(Number(times[0]! / 1000n) - Date.now())).toBeLessThan(60_000);
    });
  });
}

function idempotency(current: () => Store): void {
  describe('idempotency keys', () => {
    const remembered = { key: 'request 1', digest: 'digest', answer: '{"version":"10"}' };
    const repeated = { kind: 'repeated', digest: 'digest', answer: '{"version":"10"}' };

    beforeEach(async () => {
      await current().commit(creation(1n));
    });

    it('answers a repeat as before, and writes nothing', async () => {
      await current().commit(update(1n, 0n, [flag(10n, 'a')], { idempotency: remembered }));
      const head = await current().head();
      const again = { ...remembered, digest: 'other', answer: 'other' };
      expect(await current().commit(update(1n, 0n, [flag(11n, 'a')], { idempotency: again }))).toEqual(
        repeated,
      );
      expect(await current().commit(update(1n, 10n, [flag(12n, 'a')], { idempotency: again }))).toEqual(
        repeated,
      );
      expect(await current().head()).toBe(head);
      expect(await current().version(1n)).toBe(10n);
    });

    it('looks a key up, for its environment only', async () => {
      await current().commit(update(1n, 0n, [flag(10n, 'a')], { idempotency: remembered }));
      const { digest, answer } = remembered;
      expect(await current().repeated(1n, 'request 1')).toEqual({ digest, answer });
      expect(await current().repeated(1n, 'request 2')).toBeUndefined();
      expect(await current().repeated(2n, 'request 1')).toBeUndefined();
    });

    it('forgets the oldest of an environment beyond 16 MiB, and those of no other', async () => {
      await current().commit(creation(2n));
      await current().commit(update(2n, 0n, [flag(10n, 'a')], { idempotency: remembered }));
      const answers = Array.from({ length: 20 }, () => randomBytes(750_000).toString('base64'));
      for (const [i, answer] of answers.entries()) {
        const idempotency = { key: `large ${i}`, digest: 'd', answer };
        await current().commit(update(1n, BigInt(i), [flag(BigInt(i + 1), 'a')], { idempotency }));
      }
      const kept = await Promise.all(answers.map((_, i) => current().repeated(1n, `large ${i}`)));
      const first = kept.findIndex((found) => found !== undefined);
      expect(first).toBeGreaterThanOrEqual(4);
      expect(first).toBeLessThan(7);
      expect(kept.slice(first).map((found) => found?.answer)).toEqual(answers.slice(first));
      expect(await current().repeated(2n, 'request 1')).toMatchObject({ answer: remembered.answer });
      const again = { key: 'large 0', digest: 'd', answer: 'again' };
      const late = update(1n, 20n, [flag(21n, 'a')], { idempotency: again });
      expect(await current().commit(late)).toEqual({ kind: 'committed' });
      expect(await current().commit(late)).toEqual({ kind: 'repeated', digest: 'd', answer: 'again' });
    });

    it('makes one of two concurrent commits with one key, and answers the other alike', async () => {
      const commit = update(1n, 0n, [flag(10n, 'a')], { idempotency: remembered });
      const results: CommitResult[] = await Promise.all([current().commit(commit), current().commit(commit)]);
      expect(results.map(({ kind }) => kind).sort()).toEqual(['committed', 'repeated']);
      expect(results).toContainEqual(repeated);
    });
  });
}

function feed(current: () => Store, follow: (from: FeedPosition) => Follower): void {
  describe('the feed', () => {
    const commit = async (versions: readonly bigint[]) => {
      for (const version of versions) {
        const previous = (await current().version(1n)) ?? 0n;
        await current().commit(update(1n, previous, [flag(version, `flag-${version}`)]));
      }
    };
    beforeEach(async () => {
      await current().commit(creation(1n));
    });

    it('the feed carries the trace of a change, and none with a change that has none', async () => {
      const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await current().commit(update(1n, 0n, [flag(10n, 'a')]));
      const follower = follow(await current().head());
      const next = update(1n, 10n, [flag(11n, 'a')]);
      await current().commit({ ...next, change: { ...next.change!, trace } });
      const last = update(1n, 11n, [flag(12n, 'a')]);
      await current().commit({ ...last, change: { ...last.change!, deletes: true } });
      await follower.reaches(12n);
      expect(follower.entries).toMatchObject([
        { kind: 'change', change: { version: 11n, trace } },
        { kind: 'change', change: { version: 12n, deletes: true } },
      ]);
      expect(follower.entries[1]).not.toHaveProperty('change.trace');
    });

    it('the feed brings every change in order, as it was committed', async () => {
      const follower = follow(await current().head());
      const configs = [withUnknownField(10n, 'ключ', everyByte), tombstone(11n, 'b')];
      const first = { ...changeOf(1n, 0n, configs), at: 1_234_567n };
      await current().commit({ environment: 1n, by, expect: 0n, change: first, live: 1 });
      await commit([12n, 13n, 14n]);
      await follower.reaches(14n);
      expect(follower.versions).toEqual([11n, 12n, 13n, 14n]);
      const [entry] = follower.entries;
      expect(entry).toMatchObject({
        kind: 'change',
        change: { environment: 1n, previous: 0n, version: 11n, at: 1_234_567n },
      });
      const { change } = entry as { change: typeof first };
      expect(contents(change.configs)).toEqual(contents(configs));
      expect(Buffer.from(change.envelope)).toEqual(Buffer.from(first.envelope));
      expect(follower.kinds).not.toContain('gap');
    });

    it('the feed brings only what comes after the head', async () => {
      await commit([10n, 11n]);
      const follower = follow(await current().head());
      await commit([12n]);
      await follower.reaches(12n);
      expect(follower.versions).toEqual([12n]);
    });

    it('the feed brings everything after an older position, without a gap', async () => {
      const start = await current().head();
      await commit([10n, 11n, 12n]);
      const first = follow(start);
      await first.reaches(12n);
      const second = follow(first.entries[0]!.position);
      await second.reaches(12n);
      expect(second.versions).toEqual([11n, 12n]);
      expect([...first.kinds, ...second.kinds]).not.toContain('gap');
    });

    it('the feed gives the position of the newest entry as its head', async () => {
      const follower = follow(await current().head());
      await commit([10n, 11n]);
      await follower.reaches(11n);
      expect(await current().head()).toBe(follower.entries.at(-1)?.position);
    });

    it('the feed says at least every two seconds that nothing is new', async () => {
      const follower = follow(await current().head());
      await follower.sees('idle', 1);
      const start = performance.now();
      await follower.sees('idle', follower.count('idle') + 1);
      expect(performance.now() - start).toBeLessThan(2_000);
    });

    it.each(['nonsense', '', '99999999999999-0', '999999999999', '0-0-0'])(
      'the feed has a gap after the position %j, which it never gave, and then goes on',
      async (position) => {
        await commit([10n]);
        const follower = follow(position);
        await follower.sees('gap');
        await follower.sees('idle');
        await commit([11n]);
        await follower.reaches(11n);
        expect(follower.versions).toEqual([11n]);
        expect(follower.count('gap')).toBe(1);
      },
    );

    it('the feed gives the position of its head in a gap', async () => {
      await commit([10n]);
      const follower = follow('nonsense');
      await follower.sees('gap');
      expect(follower.signals).toContainEqual({ kind: 'gap', position: await current().head() });
    });

    it('the feed brings the same to all who follow', async () => {
      const head = await current().head();
      const both = [follow(head), follow(head)];
      await commit([10n, 11n, 12n]);
      for (const follower of both) {
        await follower.reaches(12n);
        expect(follower.versions).toEqual([10n, 11n, 12n]);
      }
    });

    it('the feed brings the changes of each environment in order while many are committed at the same time', async () => {
      const follower = follow(await current().head());
      const environments = [2n, 3n, 4n, 5n];
      const run = async (environment: bigint) => {
        await current().commit(creation(environment));
        for (let version = 1n; version <= 25n; version++) {
          await current().commit(update(environment, version - 1n, [flag(version, 'a')]));
        }
      };
      await Promise.all(environments.map(run));
      await until('all 100 changes came', () => follower.entries.length === 100);
      const changes = follower.entries.flatMap((entry) => (entry.kind === 'change' ? [entry.change] : []));
      const expected = Array.from({ length: 25 }, (_, i) => BigInt(i + 1));
      for (const environment of environments) {
        const versions = changes
          .filter((change) => change.environment === environment)
          .map(({ version }) => version);
        expect(versions).toEqual(expected);
      }
      expect(follower.kinds).not.toContain('gap');
    });

    it('the feed ends immediately when its signal aborts', async () => {
      const follower = follow(await current().head());
      await follower.sees('idle');
      const start = performance.now();
      await follower.stop();
      expect(performance.now() - start).toBeLessThan(500);
    });

    it('the feed ends when the store is closed', async () => {
      const follower = follow(await current().head());
      await follower.sees('idle');
      await current().close();
      await follower.ended();
      expect(follower.kinds).toEqual([]);
    });

    it('the feed ends when its reader stops reading', async () => {
      await commit([10n]);
      for await (const signal of current().follow('nonsense', new AbortController().signal)) {
        expect(signal.kind).toBe('gap');
        break;
      }
    });
  });

  it('refuses everything once it is closed', async () => {
    await current().close();
    await expect(current().commit(creation(2n))).rejects.toMatchObject({ code: 'store_unavailable' });
  });
}

function keys(current: () => Store, follow: (from: FeedPosition) => Follower): void {
  describe('keys', () => {
    it('keeps keys, ascending by creation, and finds them by hash', async () => {
      const late = apiKey('a-late', { createdAt: 1_700_000_000_002, environment: MAX_ID, kind: 'client' });
      const early = apiKey('z-early', { createdAt: 1_700_000_000_001, name: 'Schlüssel "1"\n' });
      await current().addKey(late);
      await current().addKey(early);
      expect(await current().keys()).toEqual([early, late]);
      expect(await current().keyByHash(late.hash)).toEqual(late);
      expect(await current().keyByHash('unknown')).toBeUndefined();
    });

    it('finds the keys of one environment, revoked ones included, ascending by creation', async () => {
      const late = apiKey('a-late', { createdAt: 1_700_000_000_002, environment: MAX_ID, name: '"1"' });
      const early = apiKey('z-early', { createdAt: 1_700_000_000_001, environment: MAX_ID });
      await current().addMissingKeys([late, early, apiKey('a'), apiKey('b', { environment: 11n })]);
      const revoked = await current().revokeKey('a-late', 1_800_000_000_000);
      expect(await current().keysOf(MAX_ID)).toEqual([early, revoked]);
      expect(await current().keysOf(1n)).toEqual([apiKey('a')]);
      expect(await current().keysOf(2n)).toEqual([]);
    });

    it('refuses a key whose id or hash is not new', async () => {
      await current().addKey(apiKey('a'));
      const before = await current().head();
      for (const twin of [apiKey('a', { hash: 'other' }), apiKey('b', { hash: 'hash of a' })]) {
        await expect(current().addKey(twin)).rejects.toMatchObject({ code: 'field_invalid', field: 'hash' });
      }
      expect(await current().keys()).toEqual([apiKey('a')]);
      expect(await current().head()).toBe(before);
    });

    it('adds the keys that are missing, and leaves those alone whose id or hash it has', async () => {
      await current().addKey(apiKey('a'));
      const others = [apiKey('a', { hash: 'other' }), apiKey('b', { hash: 'hash of a' })];
      expect(await current().addMissingKeys([apiKey('a'), ...others, apiKey('c'), apiKey('d')])).toBe(2);
      expect((await current().keys()).map(({ id }) => id)).toEqual(['a', 'c', 'd']);
      expect(await current().keyByHash('hash of d')).toEqual(apiKey('d'));
      const head = await current().head();
      expect(await current().addMissingKeys([])).toBe(0);
      expect(await current().head()).toBe(head);
    });

    it('revokes a key once, and keeps the date when it is revoked again', async () => {
      await current().addKey(apiKey('a'));
      const revoked = { ...apiKey('a'), revokedAt: 1_800_000_000_000 };
      expect(await current().revokeKey('a', 1_800_000_000_000)).toEqual(revoked);
      expect(await current().revokeKey('a', 1_900_000_000_000)).toEqual(revoked);
      expect(await current().keyByHash('hash of a')).toEqual(revoked);
      expect(await current().keys()).toEqual([revoked]);
    });

    it('gives one date to revocations at the same time', async () => {
      await current().addKey(apiKey('a'));
      const dates = [1, 2, 3, 4, 5];
      const revoked = await Promise.all(dates.map((date) => current().revokeKey('a', date)));
      expect(new Set(revoked.map((key) => key?.revokedAt)).size).toBe(1);
    });

    it('does not revoke a key that does not exist', async () => {
      expect(await current().revokeKey('none', 1)).toBeUndefined();
    });

    it('tells the followers of each key that was added or revoked, once', async () => {
      const follower = follow(await current().head());
      await current().addKey(apiKey('a'));
      await current().revokeKey('a', 5);
      await current().revokeKey('a', 6);
      await current().addKey(apiKey('b'));
      await until('the last key came', () => follower.entries.length >= 3);
      const seen = follower.entries.map((entry) => (entry.kind === 'key' ? entry.key : entry));
      expect(seen).toEqual([apiKey('a'), { ...apiKey('a'), revokedAt: 5 }, apiKey('b')]);
    });
  });
}

function leadership(current: () => Store): void {
  describe('leadership', () => {
    it('gives the lease to one, who may renew it, until it is released', async () => {
      const { leadership } = current();
      expect(await leadership.acquire('one', 60_000)).toBe(true);
      expect(await leadership.acquire('two', 60_000)).toBe(false);
      expect(await leadership.acquire('one', 60_000)).toBe(true);
      await leadership.release('two');
      expect(await leadership.acquire('two', 60_000)).toBe(false);
      await leadership.release('one');
      expect(await leadership.acquire('two', 60_000)).toBe(true);
    });

    it('gives the lease of one who has not renewed it in time to the next', async () => {
      const { leadership } = current();
      const start = performance.now();
      await leadership.acquire('one', 300);
      await until('the lease expires', () => leadership.acquire('two', 60_000));
      expect(performance.now() - start).toBeGreaterThan(250);
      expect(await leadership.acquire('one', 300)).toBe(false);
    });

    it('leadership of the belt is apart from that of publishing', async () => {
      const { leadership, beltLeadership } = current();
      expect(await leadership.acquire('one', 60_000)).toBe(true);
      expect(await beltLeadership.acquire('two', 60_000)).toBe(true);
      expect(await beltLeadership.saveCursors('one', new Map([['bucket', '1']]))).toBe(false);
      expect(await beltLeadership.saveCursors('two', new Map([['bucket', '2']]))).toBe(true);
      expect(await leadership.cursors()).toEqual(new Map());
      expect(await beltLeadership.cursors()).toEqual(new Map([['bucket', '2']]));
    });

    it('writes cursors for the holder of the lease only', async () => {
      const { leadership } = current();
      expect(await leadership.saveCursors('one', new Map([['proxy', '1']]))).toBe(false);
      await leadership.acquire('one', 60_000);
      expect(
        await leadership.saveCursors(
          'one',
          new Map([
            ['http://proxy:1', '5-0'],
            ['http://proxy:2', '5-0'],
          ]),
        ),
      ).toBe(true);
      expect(await leadership.saveCursors('one', new Map([['http://proxy:2', '6-0']]))).toBe(true);
      expect(await leadership.saveCursors('two', new Map([['http://proxy:1', '7-0']]))).toBe(false);
      await leadership.release('one');
      expect(await leadership.saveCursors('one', new Map([['http://proxy:1', '8-0']]))).toBe(false);
      expect(await leadership.cursors()).toEqual(
        new Map([
          ['http://proxy:1', '5-0'],
          ['http://proxy:2', '6-0'],
        ]),
      );
    });

    it('removes cursors for the holder of the lease only, and leaves the others', async () => {
      const { leadership } = current();
      await leadership.acquire('one', 60_000);
      for (const name of ['a', 'b', 'c']) await leadership.saveCursors('one', new Map([[name, '5-0']]));
      expect(await leadership.removeCursors('two', ['a'])).toBe(false);
      expect(await leadership.removeCursors('one', ['a', 'c', 'never there'])).toBe(true);
      expect(await leadership.cursors()).toEqual(new Map([['b', '5-0']]));
    });

    it('leadership has no cursors at first', async () => {
      expect(await current().leadership.cursors()).toEqual(new Map());
    });
  });
}
