/**
 * The belt writer on a real store and folders: what is in the buckets follows what is in the store.
 */
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileBucket } from '../../src/bucket/file.js';
import { snapshotName } from '../../src/belt/format/names.js';
import { encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Store } from '../../src/store/store.js';
import {
  apiKey,
  by,
  changeOf,
  creation,
  flag,
  recordingLog,
  removeDirectory,
  settings,
  temporaryDirectory,
  tombstone,
  update,
} from '../store/fixtures.js';
import {
  copyIn,
  namesIn,
  manifestIn,
  startWriter,
  versionIn,
  type RunningWriter,
  type WriterSetup,
} from '../support/belt.js';
import { openSlowStore, type SlowStore } from '../support/slow-store.js';
import { until } from '../support/until.js';

let slow: SlowStore;
let store: Store;
let directory: string;
let bucket: FileBucket;
let running: RunningWriter[];

beforeEach(async () => {
  slow = await openSlowStore();
  ({ store } = slow);
  directory = await temporaryDirectory();
  bucket = new FileBucket(join(directory, 'a'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await slow.close();
  await removeDirectory(directory);
});

async function start(setup: WriterSetup = {}, ...buckets: FileBucket[]): Promise<RunningWriter> {
  const writer = await startWriter(store, buckets.length > 0 ? buckets : [bucket], setup);
  running.push(writer);
  return writer;
}

/** Creates the environment if it is not there, and commits a flag of that id. */
async function commit(id: bigint, environment = 1n, key = `flag.${id}`): Promise<void> {
  const present = await slow.direct.version(environment);
  if (present === undefined) await slow.direct.commit(creation(environment));
  const result = await slow.direct.commit(update(environment, present ?? 0n, [flag(id, key)]));
  expect(result).toEqual({ kind: 'committed' });
}

/** Deletes an environment with these configs. */
async function remove(environment: bigint, expect: bigint, ...keys: string[]): Promise<void> {
  const configs = keys.map((key, i) => tombstone(expect + BigInt(i) + 1n, key));
  const version = expect + BigInt(keys.length || 1);
  const change = { ...changeOf(environment, expect, configs, version), deletes: true };
  await slow.direct.commit({ environment, by, expect, change, live: 0 });
}

/** A writer runs until every environment is copied. */
async function copied(): Promise<void> {
  const writer = await startWriter(store, [bucket]);
  for (const { id, version } of await slow.direct.environments()) await reaches(version, id);
  await until('nothing is behind', () => writer.writer.status().buckets[0]?.behind === 0);
  await until('all is compared', () => writer.writer.status().buckets[0]?.checkedAgo !== undefined);
  await writer.stop();
}

const reaches = (version: bigint, environment = 1n, where = bucket) =>
  until(
    `version ${version} is in ${where.name}`,
    async () => (await versionIn(where, environment)) === version,
  );

describe('the belt writer', () => {
  it('copies what is there when it starts, and then each change', async () => {
    await commit(10n);
    await commit(20n, 2n);
    await start();
    await reaches(10n);
    await reaches(20n, 2n);
    await commit(11n);
    await reaches(11n);
    expect(await copyIn(bucket)).toMatchObject({
      manifest: {
        environment: 1n,
        version: 11n,
        committedAt: 11n,
        object: 'environments/1/11.binpb',
        projectId: 7n,
        name: 'environment 1',
      },
      configs: ['flag.10', 'flag.11'],
    });
  });

  it('the belt writer writes the snapshot that clients get from a node, byte for byte', async () => {
    await commit(10n);
    await start();
    await reaches(10n);
    const reading = await bucket.read(snapshotName(1n, 10n));
    const expected = Buffer.concat([flag(10n, 'flag.10').bytes, encodeEnvelope(settings(1n))]);
    expect(reading.kind === 'found' && Buffer.from(reading.bytes).equals(expected)).toBe(true);
  });

  it('copies an environment without configs', async () => {
    await store.commit(creation(1n));
    await start();
    await reaches(0n);
    expect((await copyIn(bucket))?.configs).toEqual([]);
  });

  it('the belt writer brings keys and their revocation to the manifest, never a text, and no new snapshot', async () => {
    await commit(10n);
    await start();
    await reaches(10n);
    await store.addKey(apiKey('one'));
    await store.addKey(apiKey('elsewhere', { environment: 2n, hash: 'other' }));
    await until('the key is there', async () => (await manifestIn(bucket))?.keys.length === 1);
    expect((await manifestIn(bucket))?.keys).toEqual([
      { id: 'one', kind: 'server', hash: 'hash of one', createdAt: 1_700_000_000_000 },
    ]);
    await store.revokeKey('one', 1_800_000_000_000);
    await until(
      'it is revoked',
      async () => (await manifestIn(bucket))?.keys[0]?.revokedAt === 1_800_000_000_000,
    );
    expect(await namesIn(bucket)).toEqual(['environments/1/10.binpb', 'environments/1/latest.json']);
  });

  it('the belt writer goes on from its cursor: what changed while no node wrote, and nothing else', async () => {
    await commit(10n);
    await commit(20n, 2n);
    await copied();
    await commit(11n);
    const reads = slow.calls.read ?? 0;
    const { events } = await start();
    await reaches(11n);
    // A copy can be read before its writer hears that it is there.
    await until('the copy is counted', () => events.written > 0);
    expect(events.written).toBe(1);
    expect(slow.calls.read).toBe(reads + 1);
  });

  it('the belt writer writes an environment that changes all the time at most once a second, and its last state always', async () => {
    await commit(1n);
    const { events } = await start();
    await reaches(1n);
    for (let id = 2n; id <= 60n; id++) await commit(id);
    await reaches(60n);
    expect(events.written).toBeLessThanOrEqual(4);
    expect((await copyIn(bucket))?.configs).toHaveLength(60);
  });

  it('the belt writer writes as soon as before when the wall clock was set back', async () => {
    await commit(1n);
    let back = 0;
    await start({ now: () => Date.now() - back });
    await reaches(1n);
    back = 3_600_000;
    await commit(2n);
    await reaches(2n);
  });

  it('the belt writer does not let an environment wait because another changes all the time', async () => {
    await commit(1n);
    await start();
    await reaches(1n);
    await commit(2n);
    await commit(3n);
    const began = performance.now();
    await commit(20n, 2n);
    await reaches(20n, 2n);
    expect(performance.now() - began).toBeLessThan(900);
  });

  it('the belt writer compares everything after a gap in the feed', async () => {
    await commit(10n);
    await start();
    await reaches(10n);
    let gap = true;
    slow.onFeed((signal) => {
      if (signal.kind !== 'entries' || !gap) return [signal];
      gap = false;
      return [{ kind: 'gap', position: signal.entries.at(-1)!.position }];
    });
    await commit(11n);
    await reaches(11n);
    expect(gap).toBe(false);
  });

  it('the belt writer keeps the buckets apart: one that cannot be written to delays no other, and gets everything when it can', async () => {
    await mkdir(join(directory, 'broken'));
    await writeFile(join(directory, 'broken', 'environments'), 'in the way');
    const broken = new FileBucket(join(directory, 'broken'));
    await commit(10n);
    const { writer } = await start({}, broken, bucket);
    await reaches(10n);
    await commit(11n);
    await reaches(11n);
    const status = () => writer.status().buckets[0];
    await until('it is known to fail', () => status()?.state === 'failing');
    expect(status()).toMatchObject({ behind: 1, error: expect.stringContaining('cannot be used') as string });
    await rm(join(directory, 'broken', 'environments'));
    await reaches(11n, 1n, broken);
    await until('it is known to be well', () => status()?.state === 'ok' && status()?.behind === 0);
  });

  it('the belt writer writes what waits before it stops', async () => {
    await commit(10n);
    const writer = await start();
    await reaches(10n);
    await commit(11n);
    // Within the second after the first write: it waits.
    await until('the change is known', () => writer.writer.status().buckets[0]?.behind === 1);
    await writer.stop();
    expect(await versionIn(bucket)).toBe(11n);
  });

  it('the belt writer leaves what it cannot write in time to the next', async () => {
    await commit(10n);
    const writer = await start({ drain: 100 });
    await reaches(10n);
    await until('the cursor is saved', async () => (await store.beltLeadership.cursors()).size === 1);
    const gate = slow.hold('read', 'before');
    await commit(11n);
    await gate.reached;
    await writer.stop();
    expect(await versionIn(bucket)).toBe(10n);
    gate.open();
    await start();
    await reaches(11n);
  });

  it('the belt writer repairs a manifest and a snapshot that were removed from outside', async () => {
    await commit(10n);
    await commit(20n, 2n);
    await start({ times: { check: 50, sweep: 50 } });
    await reaches(10n);
    await reaches(20n, 2n);
    await bucket.remove('environments/1/latest.json');
    await bucket.remove(snapshotName(2n, 20n));
    await until(
      'both are back',
      async () => (await copyIn(bucket)) !== undefined && (await copyIn(bucket, 2n)) !== undefined,
    );
  });

  it('the belt writer replaces a manifest that is damaged', async () => {
    await commit(10n);
    await start({ times: { check: 50 } });
    await reaches(10n);
    await bucket.write('environments/1/latest.json', Buffer.from('{"format": 1, "envi'), {
      contentType: '',
      cacheControl: '',
    });
    await until('it can be read again', async () => (await copyIn(bucket))?.manifest.version === 10n);
  });

  it('the belt writer leaves a manifest of a later format alone', async () => {
    const later = Buffer.from('{"format": 3}');
    await bucket.write('environments/1/latest.json', later, { contentType: '', cacheControl: '' });
    await commit(10n);
    const { writer } = await start();
    await until(
      'it is said',
      () => writer.status().buckets[0]?.error?.includes('later version of Holdfast') === true,
    );
    expect(await bucket.read('environments/1/latest.json')).toMatchObject({ bytes: later });
  });

  it('the belt writer measures how long changes take to be copied, and how far a bucket is behind', async () => {
    await commit(BigInt(Date.now()) * 1000n);
    const { writer, events } = await start();
    await until('it is written', () => events.lags.length === 1);
    expect(events.lags[0]).toBeLessThan(10_000);
    await until('nothing is behind', () => writer.status().buckets[0]?.behind === 0);
    expect(writer.status()).toMatchObject({
      writer: true,
      buckets: [{ state: 'ok', behindFor: 0, ahead: 0 }],
    });
    await until('the comparison is over', () => writer.status().buckets[0]?.checkedAgo !== undefined);
  });
});

describe('old snapshots', () => {
  it('old snapshots are removed but for the last ones, when no reader can still be about to fetch them', async () => {
    let ahead = 0;
    const monotonic = () => performance.now() + ahead;
    await start({ keep: 2, times: { check: 50, sweep: 50 }, monotonic });
    for (const id of [10n, 11n, 12n, 13n]) {
      await commit(id);
      await reaches(id);
    }
    // All are young: a reader may be fetching any of them.
    expect(await namesIn(bucket)).toHaveLength(5);
    ahead += 11 * 60_000;
    await until('those before the last two are gone', async () => (await namesIn(bucket)).length === 3);
    expect(await namesIn(bucket)).not.toContain(snapshotName(1n, 11n));
    // 13 was superseded just now.
    await commit(14n);
    await reaches(14n);
    // It may have been seen only after the first step of the clock.
    await until('12 is gone', async () => {
      ahead += 60_000;
      return !(await namesIn(bucket)).includes(snapshotName(1n, 12n));
    });
    expect(await namesIn(bucket)).toContain(snapshotName(1n, 13n));
    expect(await copyIn(bucket)).toMatchObject({ manifest: { version: 14n } });
  });

  it('old snapshots stay although the clocks of the bucket and of the writer say that they are old', async () => {
    let sweeps = 0;
    const list = bucket.list.bind(bucket);
    bucket.list = (...args) => {
      sweeps++;
      return list(...args);
    };
    const now = () => Date.now() + 24 * 3_600_000;
    await start({ keep: 1, times: { check: 50, sweep: 50 }, now });
    for (const id of [10n, 11n, 12n]) {
      await commit(id);
      await reaches(id);
    }
    const old = new Date(Date.now() - 24 * 3_600_000);
    for (const id of [10n, 11n, 12n]) await utimes(join(directory, 'a', snapshotName(1n, id)), old, old);
    const before = sweeps;
    await until('the names were gone through', () => sweeps >= before + 3);
    expect(await namesIn(bucket)).toHaveLength(4);
  });
});

describe('an environment that cannot be copied', () => {
  it('an environment that cannot be copied delays no other, and is tried less and less often', async () => {
    const later = Buffer.from('{"format": 3}');
    await bucket.write('environments/1/latest.json', later, { contentType: '', cacheControl: '' });
    await commit(10n);
    let ahead = 0;
    const { writer, events } = await start({ monotonic: () => performance.now() + ahead });
    // However often it has failed, a change of another is written immediately.
    for (let failures = 1; failures < 8; failures++) {
      await until('it has failed', () => events.failed >= failures);
      ahead += 31_000;
      // The feed wakes the writer, which then finds that the time has come.
      await commit(10n + BigInt(failures));
    }
    await commit(20n, 2n);
    await reaches(20n, 2n);
    expect(writer.status().buckets[0]).toMatchObject({ state: 'failing', behind: 1 });
    expect(await bucket.read('environments/1/latest.json')).toMatchObject({ bytes: later });
  });
});

describe('a store that lost data', () => {
  it('a store that lost data takes no copy back to an older version, and the loss is said', async () => {
    await commit(10n);
    await commit(11n);
    await copied();
    const before = await manifestIn(bucket);
    expect(before?.version).toBe(11n);
    await otherStore();
    await commit(10n);
    const { log, lines } = recordingLog();
    const { writer } = await start({ log });
    await until('it is noticed', () => writer.status().buckets[0]?.ahead === 1);
    expect(await manifestIn(bucket)).toEqual(before);
    expect(lines()).toContainEqual(
      expect.objectContaining({ level: 50, environment: '1', copy: '11', store: '10' }),
    );
    // It goes on where the store is ahead again.
    await commit(12n);
    await reaches(12n);
    await until('nothing is ahead', () => writer.status().buckets[0]?.ahead === 0);
  });

  it('a store that lost data that has lost an environment leaves its copy as it is, and the loss is said', async () => {
    await commit(10n);
    await copied();
    await otherStore();
    await commit(20n, 2n);
    const { writer } = await start({ times: { check: 50, sweep: 50 } });
    await reaches(20n, 2n);
    await until('it is noticed', () => writer.status().buckets[0]?.ahead === 1);
    expect(await copyIn(bucket)).toMatchObject({ manifest: { version: 10n } });
  });

  it('a deleted environment leaves an empty copy that is marked as deleted, and its snapshots are removed', async () => {
    await commit(10n);
    await commit(11n, 1n, 'flag.11');
    let ahead = 0;
    await start({ keep: 5, times: { check: 50, sweep: 50 }, monotonic: () => performance.now() + ahead });
    await reaches(11n);
    await remove(1n, 11n, 'flag.10', 'flag.11');
    await reaches(13n);
    expect(await copyIn(bucket)).toMatchObject({ manifest: { version: 13n, deleted: true }, configs: [] });
    await until('the snapshot with configs is gone', async () => {
      // The older a snapshot is that superseded it, the less can a reader be about to fetch it.
      ahead += 5 * 60_000;
      const names = await namesIn(bucket, 'environments/1/');
      return !names.includes(snapshotName(1n, 11n));
    });
  });

  it('a deletion that no writer saw is copied by the next one, and never one of an environment without a copy', async () => {
    await commit(10n);
    await copied();
    await remove(1n, 10n, 'flag.10');
    await slow.direct.commit(creation(2n));
    await remove(2n, 0n);
    await start({ times: { check: 50 } });
    await reaches(11n);
    expect(await manifestIn(bucket)).toMatchObject({ deleted: true });
    expect(await manifestIn(bucket, 2n)).toBeUndefined();
  });

  it('an environment that is created again after its deletion has a copy without the mark', async () => {
    await commit(10n);
    await start();
    await reaches(10n);
    await remove(1n, 10n, 'flag.10');
    await reaches(11n);
    const again = settings(1n, { name: 'again' });
    const change = { ...changeOf(1n, 11n, [], 12n), envelope: encodeEnvelope(again) };
    await slow.direct.commit({ ...creation(1n), settings: again, expect: 11n, change });
    await reaches(12n);
    expect((await manifestIn(bucket))?.deleted).toBeUndefined();
  });

  it('a store that lost data takes no copy back either when its manifest cannot be read', async () => {
    await commit(10n);
    await commit(11n);
    await copied();
    await bucket.write('environments/1/latest.json', Buffer.from('{'), { contentType: '', cacheControl: '' });
    await otherStore();
    await commit(10n);
    const { writer } = await start();
    await until('it is noticed', () => writer.status().buckets[0]?.ahead === 1);
    expect(await bucket.read('environments/1/latest.json')).toMatchObject({ bytes: Buffer.from('{') });
  });

  it('a store that lost data that has other content at a copied version leaves the copy as it is', async () => {
    await commit(10n);
    await copied();
    const before = await copyIn(bucket);
    await otherStore();
    await commit(10n, 1n, 'another.flag');
    const { writer } = await start();
    await store.addKey(apiKey('one'));
    await until('it is noticed', () => writer.status().buckets[0]?.ahead === 1);
    expect(await copyIn(bucket)).toEqual(before);
  });

  it('a store that lost data that has lost a revocation and a key takes neither from the copy', async () => {
    await commit(10n);
    await store.addKey(apiKey('one'));
    await store.addKey(apiKey('two'));
    await store.revokeKey('one', 5);
    await copied();
    await otherStore();
    await commit(10n);
    await store.addKey(apiKey('one'));
    await start();
    await commit(11n);
    await reaches(11n);
    expect((await manifestIn(bucket))?.keys).toMatchObject([{ id: 'one', revokedAt: 5 }, { id: 'two' }]);
  });

  async function otherStore(): Promise<void> {
    await slow.close();
    slow = await openSlowStore();
    ({ store } = slow);
  }
});
