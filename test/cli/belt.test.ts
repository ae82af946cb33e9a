/** `belt verify` and `restore --from`, on a real store and folders. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snapshotName } from '../../src/belt/format/names.js';
import { FileBucket } from '../../src/bucket/file.js';
import { openFileStore } from '../../src/store/file/store.js';
import type { Store } from '../../src/store/store.js';
import { encodeContextSet } from '../../src/ruleset/codec.js';
import {
  apiKey,
  changeOf,
  creation,
  flag,
  removeDirectory,
  silent,
  temporaryDirectory,
  tombstone,
  update,
} from '../store/fixtures.js';
import { startWriter, versionIn } from '../support/belt.js';
import { until } from '../support/until.js';
import { run } from './run.js';
import { TESTER } from '../support/commits.js';

const NOW = Date.parse('2025-11-21T12:00:00Z');
/** Microseconds; so that ids say when they were committed. */
const AGO = (seconds: number) => BigInt(NOW - seconds * 1000) * 1000n;

let directory: string;
let bucket: FileBucket;
let env: Record<string, string>;

beforeEach(async () => {
  directory = await temporaryDirectory();
  bucket = new FileBucket(join(directory, 'copies'));
  env = { HOLDFAST_STORE: `file:${directory}/store`, HOLDFAST_BELT: `file:${directory}/copies` };
});

afterEach(() => removeDirectory(directory));

/** Does something with the store while no command has it. */
async function withStore(work: (store: Store) => Promise<void>, name = 'store'): Promise<void> {
  const store = await openFileStore(join(directory, name), { log: silent });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

const context = encodeContextSet({
  contexts: [{ type: 'team', values: { plan: { string: 'pro' }, b: { int: '1' } } }],
});

/** Two environments, with keys, copied. */
async function copied(): Promise<void> {
  await withStore(async (store) => {
    await store.commit(creation(1n, { defaultContext: context }));
    const change = changeOf(1n, 0n, [flag(AGO(100), 'kept'), tombstone(AGO(90), 'gone')]);
    await store.commit({ environment: 1n, by: TESTER, expect: 0n, change, live: 1 });
    await store.commit(creation(2n));
    await store.addKey(apiKey('one'));
    await store.addKey(apiKey('two', { environment: 2n }));
    await store.revokeKey('two', 5);
    const writer = await startWriter(store, [bucket]);
    await until(
      'both are copied',
      async () => (await versionIn(bucket)) === AGO(90) && (await versionIn(bucket, 2n)) === 0n,
    );
    await writer.stop();
  });
}

const verify = (...options: string[]) => run(['belt', 'verify', ...options], { env, now: NOW });

describe('belt verify', () => {
  it('finds nothing wrong with copies that are as the store is', async () => {
    await copied();
    expect(await verify()).toMatchObject({ code: 0, out: '', err: `file ${directory}/copies: 2 equal\n` });
    const { out } = await verify('--all');
    expect(out.split('\n')).toMatchObject([
      expect.stringMatching(/^BUCKET +ENVIRONMENT +STATE +COPY +STORE +WRITTEN$/),
      expect.stringMatching(/copies +1 +equal +1763726310000000 +1763726310000000 +0 s ago$/),
      expect.stringMatching(/copies +2 +equal +0 +0 /),
      '',
    ]);
  });

  it('lets a copy be behind by a change that is young, and not by one that is old', async () => {
    await copied();
    await withStore(async (store) => {
      await store.commit(update(1n, AGO(90), [flag(AGO(50), 'new')]));
    });
    const young = await verify();
    expect(young.code).toBe(0);
    expect(young.out).toMatch(/ 1 +behind +1763726310000000 +1763726350000000 /);
    const old = await verify('--within', '10');
    expect(old).toMatchObject({
      code: 1,
      err: expect.stringContaining('1 are not what the store has') as string,
    });
  });

  it.each([
    ['has no copy', 'absent', () => bucket.remove('environments/1/latest.json')],
    ['has a snapshot that is missing', 'damaged', () => bucket.remove(snapshotName(1n, AGO(90)))],
    ['has a manifest that cannot be read', 'damaged', () => write('environments/1/latest.json', '{')],
    ['has a snapshot of other bytes', 'damaged', () => write(snapshotName(1n, AGO(90)), 'other bytes')],
  ] as const)('fails for an environment that %s', async (_what, state, damage) => {
    await copied();
    await damage();
    const { code, out, err } = await verify('--within', '0');
    expect(code).toBe(1);
    expect(out).toMatch(new RegExp(` 1 +${state} `));
    expect(err).toContain('1 are not what the store has');
  });

  it('fails for copies that the store is behind, or has lost', async () => {
    await copied();
    await rm(join(directory, 'store'), { recursive: true });
    await withStore(async (store) => {
      await store.commit(creation(1n));
    });
    const { code, out } = await verify();
    expect(code).toBe(1);
    expect(out).toMatch(/ 1 +ahead +1763726310000000 +0 /);
    expect(out).toMatch(/ 2 +ahead +0 +- /);
  });

  it('says of each bucket what it can, also when one cannot be read', async () => {
    await copied();
    await writeFile(join(directory, 'file'), 'in the way');
    env.HOLDFAST_BELT = `file:${directory}/file/x file:${directory}/copies`;
    const { code, err } = await verify();
    expect(code).toBe(1);
    expect(err).toContain(`${directory}/file/x cannot be used`);
    expect(err).toContain('copies: 2 equal');
  });

  it('says which setting is missing', async () => {
    expect(await run(['belt', 'verify'], { env: { HOLDFAST_STORE: 'file:x' } })).toMatchObject({
      code: 2,
      err: expect.stringContaining('HOLDFAST_BELT names no bucket') as string,
    });
    expect(await verify('--within', 'soon')).toMatchObject({ code: 2 });
  });
});

describe('restore --from', () => {
  const restore = (...more: string[]) =>
    run(['restore', '--from', `file:${directory}/copies`, ...more], { env });

  it('writes back what an empty store lost: versions, ids, tombstones, default context, keys and revocations', async () => {
    await copied();
    env.HOLDFAST_STORE = `file:${directory}/other`;
    expect(await restore()).toMatchObject({
      code: 0,
      out: 'Environment 1 is back at version 1763726310000000\nEnvironment 2 is back at version 0\nRestored 2 environments and 2 keys\n',
    });
    await withStore(async (store) => {
      const ruleset = await store.read(1n);
      expect(ruleset).toMatchObject({
        version: AGO(90),
        at: AGO(90),
        projectId: 7n,
        name: 'environment 1',
        live: 1,
      });
      expect(ruleset?.configs.map(({ id }) => id).sort()).toEqual([AGO(100), AGO(90)]);
      expect(await store.keys()).toMatchObject([
        { id: 'one', environment: 1n, hash: 'hash of one' },
        { id: 'two', environment: 2n, revokedAt: 5 },
      ]);
    }, 'other');
    // To the byte: the copies are those of the store that came back.
    expect(await verify()).toMatchObject({ code: 0, out: '' });
  });

  it('leaves alone what the store has, and says what is newer in the bucket', async () => {
    await copied();
    env.HOLDFAST_STORE = `file:${directory}/other`;
    await withStore(async (store) => {
      await store.commit(creation(1n));
    }, 'other');
    const { code, out, err } = await restore();
    expect(code).toBe(0);
    expect(out).toContain('Restored 1 environment and 2 keys');
    expect(err).toContain('Environment 1 is newer in the bucket');
  });

  it('takes a file or a bucket, not both', async () => {
    expect(await restore('file.json')).toMatchObject({ code: 2 });
  });
});

async function write(name: string, text: string): Promise<void> {
  await bucket.write(name, Buffer.from(text), { contentType: '', cacheControl: '' });
}
