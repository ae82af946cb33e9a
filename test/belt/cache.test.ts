/** The copies that a belt server keeps on disk: bounded, tidy, and said when they cannot be kept. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CopyCache } from '../../src/belt/server/cache.js';
import { manifestName, snapshotName } from '../../src/belt/format/names.js';
import { FileBucket } from '../../src/bucket/file.js';
import {
  gated,
  keyOf,
  keyText,
  newBucket,
  removeBuckets,
  startBeltServer,
  writeBytes,
  writeCopy,
  type TestBeltServer,
  type TestSource,
} from '../support/copies.js';
import { flag, silent } from '../store/fixtures.js';
import { until } from '../support/until.js';

const SECOND = 1_000;
const servers: TestBeltServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await removeBuckets();
});

async function start(
  cache: FileBucket,
  env: Record<string, string> = {},
): Promise<{ server: TestBeltServer; source: TestSource }> {
  const source = gated(await newBucket());
  const server = await startBeltServer({ sources: [source.reader], cache, env });
  servers.push(server);
  return { server, source };
}

function directoryOf(bucket: FileBucket): string {
  return bucket.name.slice('file '.length);
}

async function namesIn(bucket: FileBucket): Promise<string[]> {
  const names = [];
  for await (const { name } of bucket.list('')) names.push(name);
  return names;
}

/** A copy of more than half a MiB. */
function large(environment: bigint): { environment: bigint; configs: ReturnType<typeof flag>[] } {
  return {
    environment,
    configs: Array.from({ length: 18_000 }, (_, i) => flag(BigInt(i + 1), `flag.number.${i}`)),
  };
}

vi.setConfig({ testTimeout: 120_000 });

describe('the size of the cache', () => {
  it('the cache is bounded: the environments that were used longest ago are removed, with their folders', async () => {
    const cache = await newBucket();
    const { server, source } = await start(cache, { HOLDFAST_CACHE_MIB: '1' });
    for (const environment of [1n, 2n, 3n]) {
      await writeCopy(source.bucket, large(environment));
      await server.snapshot(keyText(environment)).expect(200);
      await until('it is on disk', async () => (await namesIn(cache)).includes(manifestName(environment)));
    }
    await until('the oldest are gone', async () => (await namesIn(cache)).length <= 4);
    const folders = await readdir(join(directoryOf(cache), 'environments'));
    expect(folders).toContain('3');
    expect(folders).not.toContain('1');
    expect(await server.metric('holdfast_cache_removed_total')).toBeGreaterThanOrEqual(1);
    expect(await server.metric('holdfast_cache_bytes')).toBeLessThanOrEqual(1024 * 1024);
    // What is in memory is served all the same.
    await server.snapshot(keyText(1n)).expect(200);
  });

  it('the cache counts what an earlier process left, oldest first', async () => {
    const cache = await newBucket();
    for (const environment of [1n, 2n, 3n]) await writeCopy(cache, large(environment));
    const { server } = await start(cache, { HOLDFAST_CACHE_MIB: '1' });
    await until('there is room', async () => (await namesIn(cache)).length <= 2);
    expect(await server.metric('holdfast_cache_environments')).toBe(1);
  });

  it('the cache is not spent on made-up keys: one that is named by these alone goes first', async () => {
    const cache = await newBucket();
    await writeCopy(cache, large(1n));
    const { server, source } = await start(cache, { HOLDFAST_CACHE_MIB: '1' });
    await writeCopy(source.bucket, large(1n));
    await writeCopy(source.bucket, large(2n));
    await server.snapshot(keyText(2n)).expect(200);
    await server.snapshot(keyText(1n, 'SDK', 'made up')).expect(401);
    await until('there is room', async () => (await namesIn(cache)).length <= 2);
    expect(await namesIn(cache)).toContain(manifestName(2n));
  });
});

describe('what a crash left in the cache', () => {
  it('what a crash left in the cache goes at the start: snapshots that no manifest names, and temporary files', async () => {
    const cache = await newBucket();
    await writeCopy(cache, { environment: 1n, configs: [flag(5n, 'flag.a')] });
    await writeBytes(cache, snapshotName(1n, 4n), Buffer.from('older'));
    await writeBytes(cache, snapshotName(1n, 6n), Buffer.from('newer, without a manifest'));
    await writeBytes(cache, snapshotName(2n, 6n), Buffer.from('without any'));
    const temporary = join(directoryOf(cache), 'environments/1/.tmp-0123');
    await writeFile(temporary, 'half');
    await start(cache);
    await until('it is tidy', async () => (await namesIn(cache)).length === 2);
    expect(await namesIn(cache)).toEqual([snapshotName(1n, 5n), manifestName(1n)]);
    expect(await readdir(join(directoryOf(cache), 'environments'))).toEqual(['1']);
    expect(await readdir(join(directoryOf(cache), 'environments/1'))).not.toContain('.tmp-0123');
  });

  it('what a crash left in the cache goes also with the next copy of that environment', async () => {
    const cache = await newBucket();
    const { server, source } = await start(cache);
    await writeCopy(source.bucket);
    await server.snapshot().expect(200);
    await until('it is on disk', async () => (await namesIn(cache)).includes(manifestName(1n)));
    await writeBytes(cache, snapshotName(1n, 4n), Buffer.from('left'));
    await writeCopy(source.bucket, { configs: [flag(6n, 'flag.a')] });
    server.clock.ahead += 25 * SECOND;
    await server.snapshot().expect(200);
    await until('it is tidy', async () => (await namesIn(cache)).length === 2);
    expect(await namesIn(cache)).toEqual([snapshotName(1n, 6n), manifestName(1n)]);
  });
});

describe('a cache that cannot be written to', () => {
  it('a cache that cannot be written to shows from the start in readiness, a metric and one log line, and when it can be again', async () => {
    const cache = await newBucket();
    const directory = directoryOf(cache);
    // A file where the folder should be: permissions would not stop a privileged user.
    await rm(directory, { recursive: true });
    await writeFile(directory, '');
    const { server, source } = await start(cache, { HOLDFAST_REVALIDATE: '1' });
    await writeCopy(source.bucket);
    const ready = await until('it is said', async () => {
      const { body, status } = await server.http.get('/readyz');
      return body.degraded === undefined ? undefined : { body, status };
    });
    expect(ready).toMatchObject({
      status: 200,
      body: { status: 'degraded', degraded: ['cache'], cache: { state: 'failing', error: /cannot be used/ } },
    });
    expect(await server.metric('holdfast_cache_up')).toBe(0);
    await server.snapshot().expect(200);
    const lines = (): unknown[] => server.logs.filter(({ msg }) => msg === 'copies cannot be kept on disk');
    expect(lines()).toHaveLength(1);
    await rm(directory);
    await mkdir(directory);
    await until(
      'it is kept on disk',
      async () => {
        server.clock.ahead += 11 * SECOND;
        await server.snapshot().expect(200);
        return (await server.metric('holdfast_cache_up')) === 1;
      },
      { timeout: 10_000 },
    );
    await until('it is there', async () => (await namesIn(cache)).includes(manifestName(1n)));
    expect((await server.http.get('/readyz')).body.degraded).toBeUndefined();
    expect(lines()).toHaveLength(1);
  });

  it('a cache that cannot be written to is not written to with every copy while it fails, which a full disk would be for hours', async () => {
    const directory = directoryOf(await newBucket());
    let writes = 0;
    let now = 0;
    class FullBucket extends FileBucket {
      override write(): Promise<never> {
        writes++;
        return Promise.reject(new Error('no space left on device'));
      }
    }
    const options = { maxBytes: 1e9, monotonic: () => now, log: silent, onRemoved: () => undefined };
    const cache = new CopyCache({ ...options, bucket: new FullBucket(directory) });
    const source = await newBucket();
    const manifest = await writeCopy(source);
    const ruleset = await new CopyCache({ ...options, bucket: source }).ruleset(manifest);
    for (let i = 0; i < 20; i++) expect(await cache.write(manifest, ruleset!)).toBe(false);
    expect(writes).toBe(1);
    now += 10 * SECOND;
    expect(await cache.write(manifest, ruleset!)).toBe(false);
    expect(writes).toBe(2);
    expect(cache.status()).toMatchObject({ state: 'failing', error: 'no space left on device' });
  });
});

describe('keys in the cache', () => {
  it('keys in the cache that were revoked since they were written are refused when the sources answer', async () => {
    const cache = await newBucket();
    await writeCopy(cache);
    const { server, source } = await start(cache);
    await writeCopy(source.bucket, { keys: [keyOf(keyText(), 1_700_000_000_001)] });
    await server.snapshot().expect(401);
  });

  it('keys in the cache do not settle that another is unknown while sources have only an older copy', async () => {
    const cache = await newBucket();
    await writeCopy(cache, { configs: [flag(9n, 'flag.a')] });
    const { server, source } = await start(cache);
    await writeCopy(source.bucket);
    await server.snapshot(keyText(1n, 'SDK', 'other')).expect(503);
    await writeCopy(source.bucket, { configs: [flag(9n, 'flag.a')] });
    await server.snapshot(keyText(1n, 'SDK', 'other')).expect(401);
  });

  it('keys in the cache count when all sources have lost the environment, and others are not refused then', async () => {
    const cache = await newBucket();
    await writeCopy(cache);
    const { server, source } = await start(cache);
    await writeCopy(source.bucket, { environment: 2n });
    await server.snapshot(keyText(1n, 'SDK', 'other')).expect(503);
    await server.snapshot().expect(200);
  });
});
