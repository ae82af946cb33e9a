/** A belt server on folders: what it answers when all is well, and what it refuses. */
import { afterEach, describe, expect, it } from 'vitest';
import { MANIFEST_MAX_BYTES } from '../../src/belt/format/manifest.js';
import { manifestName, snapshotName } from '../../src/belt/format/names.js';
import { sha256 } from '../../src/belt/format/snapshot.js';
import { encodeEnvelope } from '../../src/ruleset/codec.js';
import { basic } from '../support/app.js';
import {
  gated,
  keyOf,
  keyText,
  newBucket,
  removeBuckets,
  startBeltServer,
  TIMES,
  writeBytes,
  writeCopy,
  type TestBeltServer,
  type TestSource,
} from '../support/copies.js';
import { until } from '../support/until.js';
import { flag, tombstone } from '../store/fixtures.js';

const SECOND = 1_000;
const servers: TestBeltServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await removeBuckets();
});

interface Setup {
  readonly sources?: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function start({ sources: count = 1, env = {} }: Setup = {}): Promise<{
  server: TestBeltServer;
  sources: TestSource[];
  first: TestSource;
  second: TestSource;
}> {
  const sources = await Promise.all(Array.from({ length: count }, async () => gated(await newBucket())));
  const server = await startBeltServer({ sources: sources.map(({ reader }) => reader), env });
  servers.push(server);
  return { server, sources, first: sources[0]!, second: sources[1]! };
}

/** Makes what is in memory old enough for the next request to look first. */
function later(server: TestBeltServer, seconds = 25): void {
  server.clock.ahead += seconds * SECOND;
}

describe('a belt server', () => {
  it('answers a snapshot as a node does', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket, { configs: [flag(5n, 'a'), flag(7n, 'b'), tombstone(9n, 'c')] });
    const answer = await server.snapshot().expect(200);
    expect(answer.headers.etag).toBe('"1-9-json"');
    expect(answer.body.configServicePointer).toEqual({ projectId: '3', projectEnvId: '1' });
    expect(await server.served()).toEqual(['a', 'b', 'c']);
    expect((await server.snapshot(undefined, '5')).body.configs).toHaveLength(2);
    await server.snapshot().set('if-none-match', '"1-9-json"').expect(304);
  });

  it('a belt server reads nothing before it is asked, and once for many clients that ask at the same time', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket);
    expect(first.asked).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => server.snapshot()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(first.asked).toEqual([manifestName(1n), snapshotName(1n, 5n)]);
  });

  it('answers values for pages and for OpenFeature, without event streams', async () => {
    const { server, first } = await start();
    const client = keyText(1n, 'CLIENT');
    await writeCopy(first.bucket, { keys: [keyOf(client)] });
    const context = encodeURIComponent(Buffer.from('{"contexts":[]}').toString('base64'));
    const values = await server.http
      .get(`/api/v2/configs/eval-with-context/${context}`)
      .set('authorization', basic(client))
      .expect(200);
    expect(values.body.evaluations['flag.a'].value).toEqual({ bool: true });
    const flags = await server.http
      .post('/ofrep/v1/evaluate/flags')
      .set('x-api-key', client)
      .send({ context: {} })
      .expect(200);
    expect(flags.body.flags).toMatchObject([{ key: 'flag.a', value: true }]);
    expect(flags.body).not.toHaveProperty('eventStreams');
    await server.http.post('/api/v1/telemetry').set('authorization', basic(client)).send({}).expect(200);
    // Kinds of keys are as on nodes.
    await server.snapshot(client).expect(401);
  });

  it('a belt server has no other routes', async () => {
    const { server } = await start();
    for (const path of ['/admin/v1/environments', '/api/v1/sse/recover/x', '/ofrep/v1/streams/x', '/']) {
      await server.http.get(path).expect(404);
    }
  });

  it('answers subscriptions so that SDKs go on trying', async () => {
    const { server } = await start();
    const answer = await server.http.get('/api/v1/sse/config').expect(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '60', 'cache-control': 'no-store' });
    expect(answer.body.error.code).toBe('no_streams');
  });

  it('a belt server says how old its answers are, and lets a CDN keep them as long as those of nodes', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket);
    const { headers } = await server.snapshot();
    expect(headers).toMatchObject({ age: '0', 'cdn-cache-control': expect.stringContaining('max-age=1,') });
    expect(headers).not.toHaveProperty('holdfast-stale');
    first.fault = () => 'down';
    later(server, 3600);
    const stale = await server.snapshot().expect(200);
    expect(Number(stale.headers.age)).toBeGreaterThanOrEqual(3600);
    expect(stale.headers['holdfast-stale']).toBe(stale.headers.age);
    expect(stale.headers['cdn-cache-control']).toContain(`max-age=${Number(stale.headers.age) + 1},`);
    const ready = await server.http.get('/readyz').expect(200);
    expect(ready.body).toMatchObject({
      status: 'degraded',
      degraded: ['source', 'copies'],
      staleEnvironments: 1,
      sources: [{ state: 'failing', error: 'The bucket is down.' }],
    });
    expect(await server.metric('holdfast_copies_age_seconds{environment="1"}')).toBeGreaterThanOrEqual(3600);
    first.fault = () => undefined;
    later(server);
    expect((await server.snapshot()).headers.age).toBe('0');
    expect((await server.http.get('/readyz')).body.status).toBe('ready');
  });

  it('a belt server looks again by ETag while an environment is used, and not while it is not', async () => {
    const { server, first } = await start({ env: { HOLDFAST_REVALIDATE: '1' } });
    await writeCopy(first.bucket);
    await writeCopy(first.bucket, { environment: 2n });
    await server.snapshot(keyText(2n)).expect(200);
    await server.snapshot().expect(200);
    await writeCopy(first.bucket, { configs: [flag(5n, 'flag.a'), flag(6n, 'flag.b')] });
    await until('the newer one is served', async () => (await server.served()).length === 2);
    const looks = (name: string) => first.asked.filter((each) => each === name).length;
    const before = looks(manifestName(1n));
    const usedUntil = (count: number) =>
      until(`${count} looks`, async () => {
        await server.served();
        return looks(manifestName(1n)) >= count;
      });
    // The unused one has had its last refresh by the time that the other had one more.
    await usedUntil(before + 1);
    const unused = looks(manifestName(2n));
    await usedUntil(before + 4);
    expect(looks(manifestName(2n))).toBe(unused);
    expect(looks(snapshotName(1n, 6n))).toBe(1);
    const unchanged = `holdfast_source_reads_total{source="${first.bucket.name}",outcome="unchanged"}`;
    expect(await server.metric(unchanged)).toBeGreaterThanOrEqual(3);
  });

  it('a belt server adds to the ruleset that it has where a copy only adds, and replaces it where not', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket);
    await server.snapshot().expect(200);
    const ruleset = await server.copies.ruleset(1n);
    await writeCopy(first.bucket, { configs: [flag(6n, 'flag.b'), flag(7n, 'flag.a', false)] });
    later(server);
    expect(await server.served()).toEqual(['flag.b', 'flag.a']);
    expect(await server.copies.ruleset(1n)).toBe(ruleset);
    await writeCopy(first.bucket, { configs: [flag(8n, 'flag.c')] });
    later(server);
    expect(await server.served()).toEqual(['flag.c']);
    expect(await server.copies.ruleset(1n)).not.toBe(ruleset);
  });

  it('a belt server drops unused environments beyond those that it keeps', async () => {
    const { server, first } = await start({ env: { HOLDFAST_IN_MEMORY: '1' } });
    for (const environment of [1n, 2n, 3n]) await writeCopy(first.bucket, { environment });
    await server.snapshot(keyText(1n)).expect(200);
    await server.snapshot(keyText(2n)).expect(200);
    expect((await server.http.get('/readyz')).body.environments).toBe(2);
    later(server, 601);
    await server.snapshot(keyText(3n)).expect(200);
    expect((await server.http.get('/readyz')).body.environments).toBe(1);
    expect(await server.metric('holdfast_copies_dropped_total')).toBe(2);
    await server.snapshot(keyText(1n)).expect(200);
  });
});

describe('keys at a belt server', () => {
  it('keys at a belt server are those of the environment that they name, and no others', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket);
    await writeCopy(first.bucket, { environment: 2n });
    await server.snapshot(keyText(1n, 'SDK', 'unknown')).expect(401);
    await server.snapshot('anything').expect(401);
    await server.snapshot(keyText(3n)).expect(401);
    // Known in environment 1, and says that it is of 2.
    const stray = keyText(2n, 'SDK', 'stray');
    const keys = [keyOf(keyText(1n)), keyOf(stray)];
    await writeCopy(first.bucket, { configs: [flag(6n, 'flag.a')], keys });
    later(server);
    await server.snapshot(stray).expect(401);
    expect((await server.snapshot(keyText(1n)).expect(200)).headers.etag).toBe('"1-6-json"');
  });

  it('keys at a belt server that were made a moment ago are looked for', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket);
    await server.snapshot().expect(200);
    const fresh = keyText(1n, 'SDK', 'new');
    await writeCopy(first.bucket, { keys: [keyOf(keyText()), keyOf(fresh)] });
    later(server, 2);
    await server.snapshot(fresh).expect(200);
  });

  it('keys at a belt server are not refused while no source can be asked', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket);
    await server.snapshot().expect(200);
    first.fault = () => 'down';
    later(server, 2);
    const unknown = await server.snapshot(keyText(1n, 'SDK', 'unknown')).expect(503);
    expect(unknown.body.error.code).toBe('store_unavailable');
    await server.snapshot(keyText(2n)).expect(503);
    await server.snapshot().expect(200);
  });

  it('a key at a belt server is refused from its expiry on, although no source says so', async () => {
    const { server, first } = await start({ sources: 1 });
    const expiring = keyText(1n, 'SDK', 'expiring');
    const keys = [keyOf(keyText()), { ...keyOf(expiring), expiresAt: Date.now() + 3_600_000 }];
    await writeCopy(first.bucket, { configs: [flag(9n, 'flag.a')], keys });
    await server.snapshot(expiring).expect(200);
    server.clock.set = 3_600_000;
    const refused = await server.snapshot(expiring).expect(401);
    expect(refused.body.error.message).toContain(' expired at ');
    await server.snapshot().expect(200);
  });

  it('keys at a belt server are refused when any source has them as revoked, also an older one, and whatever comes later', async () => {
    const { server, first, second } = await start({ sources: 2 });
    const revoked = keyText(1n, 'SDK', 'revoked');
    const keys = [keyOf(keyText()), keyOf(revoked)];
    await writeCopy(first.bucket, { configs: [flag(9n, 'flag.a')], keys });
    await writeCopy(second.bucket, { keys: [keyOf(keyText()), keyOf(revoked, 1_700_000_000_001)] });
    await server.snapshot(revoked).expect(401);
    await server.snapshot().expect(200);
    await writeCopy(second.bucket, { configs: [flag(10n, 'flag.a')], keys });
    later(server);
    await server.snapshot(revoked).expect(401);
    expect((await server.snapshot()).headers.etag).toBe('"1-10-json"');
  });
});

describe('the wall clock of a belt server', () => {
  for (const [name, set] of [
    ['back', -3600 * SECOND],
    ['forward', 3600 * SECOND],
  ] as const) {
    it(`the wall clock of a belt server that is set ${name} by an hour delays no look, and makes nothing younger than it is`, async () => {
      const { server, first } = await start();
      await writeCopy(first.bucket);
      await server.snapshot().expect(200);
      server.clock.set = set;
      first.fault = () => 'down';
      later(server, 60);
      const stale = await server.snapshot().expect(200);
      expect(Number(stale.headers['holdfast-stale'])).toBeGreaterThanOrEqual(60);
      first.fault = () => undefined;
      await writeCopy(first.bucket, { configs: [flag(6n, 'flag.b')] });
      later(server);
      expect(await server.served()).toEqual(['flag.b']);
      expect((await server.snapshot()).headers.age).toBe('0');
    });
  }
});

describe('a damaged copy', () => {
  const good = { configs: [flag(5n, 'good')] };
  const newer = [flag(6n, 'bad')];
  const whole = Buffer.concat([flag(6n, 'bad').bytes, encodeEnvelope({ id: 1n, projectId: 3n })]);
  const foreign = Buffer.concat([flag(6n, 'bad').bytes, encodeEnvelope({ id: 2n, projectId: 3n })]);

  for (const [name, reason, copy] of [
    [
      'is cut',
      'checksum',
      {
        configs: newer,
        snapshot: whole.subarray(0, 9),
        manifest: { bytes: whole.length, sha256: sha256(whole) },
      },
    ],
    ['has another checksum', 'checksum', { configs: newer, manifest: { sha256: sha256(Buffer.from('x')) } }],
    ['is of another environment', 'content', { configs: newer, snapshot: foreign }],
    ['is of another project', 'content', { configs: newer, manifest: { projectId: 4n } }],
    [
      'has an id above its version',
      'content',
      {
        configs: newer,
        snapshot: Buffer.concat([flag(9n, 'bad').bytes, encodeEnvelope({ id: 1n, projectId: 3n })]),
      },
    ],
    ['does not decode', 'content', { configs: newer, snapshot: Buffer.from([10, 4, 26, 9, 1, 1]) }],
    [
      'has a key twice',
      'content',
      { configs: newer, snapshot: Buffer.concat([flag(5n, 'bad').bytes, whole]) },
    ],
    ['has a manifest of another environment', 'manifest', { configs: newer, manifest: { environment: 2n } }],
  ] as const) {
    it(`a damaged copy that ${name} is not served; the next newest is`, async () => {
      const { server, first, second } = await start({ sources: 2 });
      await writeCopy(first.bucket, copy);
      await writeCopy(second.bucket, good);
      expect(await server.served()).toEqual(['good']);
      expect(await server.metric(`holdfast_copies_refused_total{reason="${reason}"}`)).toBe(1);
    });
  }

  it('a damaged copy whose snapshot is missing is not served, and makes what is served grow old', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket, good);
    expect(await server.served()).toEqual(['good']);
    await writeCopy(first.bucket, { configs: newer });
    await first.bucket.remove(snapshotName(1n, 6n));
    later(server, 60);
    const answer = await server.snapshot();
    expect(answer.body.configs).toMatchObject([{ key: 'good' }]);
    expect(Number(answer.headers['holdfast-stale'])).toBeGreaterThanOrEqual(60);
    expect(await server.metric('holdfast_copies_refused_total{reason="missing"}')).toBe(1);
  });

  it('a damaged copy of a newer version leaves what is served unconfirmed, although another source has just that', async () => {
    const { server, first, second } = await start({ sources: 2 });
    await writeCopy(first.bucket, good);
    await writeCopy(second.bucket, good);
    expect(await server.served()).toEqual(['good']);
    await writeCopy(first.bucket, { configs: newer, manifest: { sha256: sha256(Buffer.from('x')) } });
    later(server, 60);
    const answer = await server.snapshot();
    expect(answer.headers.etag).toBe('"1-5-json"');
    expect(Number(answer.headers['holdfast-stale'])).toBeGreaterThanOrEqual(60);
  });

  it('a damaged copy with a manifest that is far too large is not read whole', async () => {
    const { server, first, second } = await start({ sources: 2 });
    await writeBytes(first.bucket, manifestName(1n), Buffer.alloc(MANIFEST_MAX_BYTES + 1, ' '));
    await writeCopy(second.bucket, good);
    expect(await server.served()).toEqual(['good']);
    expect(await server.metric('holdfast_copies_refused_total{reason="manifest"}')).toBe(1);
    expect((await server.http.get('/readyz')).body.degraded).toBeUndefined();
  });

  it('a damaged copy whose snapshot is larger than its manifest says is not read whole', async () => {
    const { server, first, second } = await start({ sources: 2 });
    const { bytes } = await writeCopy(first.bucket, { configs: newer });
    const limits: (number | undefined)[] = [];
    const { read } = first.reader;
    first.reader.read = (name, options) => {
      if (name.endsWith('.binpb')) limits.push(options?.max);
      return read(name, options);
    };
    await writeBytes(first.bucket, snapshotName(1n, 6n), Buffer.alloc(bytes + 1));
    await writeCopy(second.bucket, good);
    expect(await server.served()).toEqual(['good']);
    expect(limits).toEqual([bytes]);
    expect(await server.metric('holdfast_copies_refused_total{reason="checksum"}')).toBe(1);
  });

  it('a damaged copy does not make a client wait for ever, nor is it refused for good, when there is no other', async () => {
    const { server, first } = await start();
    await writeBytes(first.bucket, manifestName(1n), Buffer.from('{"format":1'));
    await server.snapshot().expect(503);
    await writeCopy(first.bucket, good);
    expect(await server.served()).toEqual(['good']);
  });

  it('a damaged copy of an older version never replaces what was served', async () => {
    const { server, first } = await start();
    await writeCopy(first.bucket, { configs: [flag(9n, 'flag.new')] });
    expect(await server.served()).toEqual(['flag.new']);
    await writeCopy(first.bucket, good);
    later(server, 60);
    const answer = await server.snapshot();
    expect(answer.headers.etag).toBe('"1-9-json"');
    expect(answer.headers).toHaveProperty('holdfast-stale');
    expect(await server.metric('holdfast_copies_refused_total{reason="backwards"}')).toBe(1);
  });

  it('a damaged copy with other content at the same version is not taken', async () => {
    const { server, first, second } = await start({ sources: 2 });
    await writeCopy(first.bucket, good);
    expect(await server.served()).toEqual(['good']);
    await writeCopy(second.bucket, { configs: [flag(5n, 'other')] });
    later(server);
    expect(await server.served()).toEqual(['good']);
    expect(await server.metric('holdfast_copies_refused_total{reason="forked"}')).toBe(1);
  });
});

describe('several sources', () => {
  it('several sources are compared, and the newest is served', async () => {
    const { server, first, second } = await start({ sources: 2 });
    await writeCopy(first.bucket);
    await writeCopy(second.bucket, { configs: [flag(6n, 'flag.newer')] });
    expect(await server.served()).toEqual(['flag.newer']);
    later(server, 3);
    const { sources } = (await server.http.get('/readyz')).body;
    expect(sources.map((source: { behindEnvironments: number }) => source.behindEnvironments)).toEqual([
      1, 0,
    ]);
    expect(sources[0].lagMs).toBeGreaterThanOrEqual(3 * SECOND);
  });

  it('several sources of which one hangs delay a first use by a moment, and the next ones not at all', async () => {
    const { server, first, second } = await start({ sources: 2 });
    first.fault = () => 'hang';
    for (const environment of [1n, 2n]) await writeCopy(second.bucket, { environment });
    const begun = performance.now();
    await server.snapshot(keyText(1n)).expect(200);
    expect(performance.now() - begun).toBeLessThan(TIMES.manifest);
    await until(
      'it is known to fail',
      async () => (await server.http.get('/readyz')).body.degraded !== undefined,
    );
    const again = performance.now();
    await server.snapshot(keyText(2n)).expect(200);
    expect(performance.now() - again).toBeLessThan(TIMES.grace);
  });

  it('several sources of which one is slow and newer get their turn when it has answered', async () => {
    const { server, first, second } = await start({ sources: 2, env: { HOLDFAST_REVALIDATE: '3600' } });
    let answer = (): void => undefined;
    const slow = new Promise<void>((resolve) => (answer = resolve));
    first.fault = () => slow;
    await writeCopy(first.bucket, { configs: [flag(6n, 'flag.newer')] });
    await writeCopy(second.bucket);
    expect(await server.served()).toEqual(['flag.a']);
    answer();
    await until('the newer one', async () => (await server.served())[0] === 'flag.newer');
  });

  it('several sources of which one hangs half way are passed over for the next', async () => {
    const { server, first, second } = await start({ sources: 2 });
    first.fault = (name) => (name.endsWith('.binpb') ? 'hang' : undefined);
    await writeCopy(first.bucket, { configs: [flag(6n, 'flag.newer')] });
    await writeCopy(second.bucket);
    expect(await server.served()).toEqual(['flag.a']);
  });
});

describe('the cache on disk', () => {
  it('the cache on disk lets a server start while every source is down, with the age that its copies have', async () => {
    const source = gated(await newBucket());
    const cache = await newBucket();
    const revoked = keyText(1n, 'SDK', 'revoked');
    await writeCopy(source.bucket, { keys: [keyOf(keyText()), keyOf(revoked, 1_700_000_000_001)] });
    const before = await startBeltServer({ sources: [source.reader], cache });
    await before.snapshot().expect(200);
    await before.close();
    for (const fault of ['down', 'hang'] as const) {
      source.fault = () => fault;
      const server = await startBeltServer({ sources: [source.reader], cache });
      later(server, 7200);
      const answer = await server.snapshot().expect(200);
      expect(answer.body.configs).toMatchObject([{ key: 'flag.a' }]);
      expect(Number(answer.headers['holdfast-stale'])).toBeGreaterThanOrEqual(7200);
      await server.snapshot(revoked).expect(401);
      await server.snapshot(keyText(2n)).expect(503);
      await server.close();
    }
  });

  it('the cache on disk gives way to newer copies, keeps one per environment, and never goes back', async () => {
    const source = gated(await newBucket());
    const cache = await newBucket();
    await writeCopy(source.bucket);
    const one = await startBeltServer({ sources: [source.reader], cache });
    await one.snapshot().expect(200);
    await writeCopy(source.bucket, { configs: [flag(6n, 'flag.b')] });
    later(one);
    expect(await one.served()).toEqual(['flag.b']);
    await one.close();
    const names = [];
    for await (const { name } of cache.list('')) names.push(name);
    expect(names).toEqual([snapshotName(1n, 6n), manifestName(1n)]);
    await writeCopy(source.bucket);
    const two = await startBeltServer({ sources: [source.reader], cache });
    servers.push(two);
    expect(await two.served()).toEqual(['flag.b']);
  });

  it('the cache on disk is not served when it is damaged', async () => {
    const source = gated(await newBucket());
    const cache = await newBucket();
    await writeCopy(cache, {
      configs: [flag(9n, 'damaged')],
      manifest: { sha256: sha256(Buffer.from('x')) },
    });
    source.fault = () => 'down';
    const server = await startBeltServer({ sources: [source.reader], cache });
    servers.push(server);
    await server.snapshot().expect(503);
    source.fault = () => undefined;
    await writeCopy(source.bucket);
    expect(await server.served()).toEqual(['flag.a']);
  });
});
