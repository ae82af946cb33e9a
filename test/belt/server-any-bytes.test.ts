/**
 * A belt server whose sources have anything at all: it answers with a whole copy or with none, and
 * goes on.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestName, snapshotName } from '../../src/belt/format/names.js';
import { sha256 } from '../../src/belt/format/snapshot.js';
import {
  gated,
  newBucket,
  removeBuckets,
  startBeltServer,
  writeBytes,
  writeCopy,
  type TestBeltServer,
  type TestSource,
} from '../support/copies.js';
import { flag } from '../store/fixtures.js';
import { runs } from '../support/runs.js';

const WHOLE = [flag(5n, 'flag.a'), flag(6n, 'flag.b')];
let source: TestSource;
let manifest: Buffer;
let snapshot: Buffer;

beforeAll(async () => {
  source = gated(await newBucket());
  await writeCopy(source.bucket, { configs: WHOLE });
  manifest = await bytesOf(manifestName(1n));
  snapshot = await bytesOf(snapshotName(1n, 6n));
});
afterAll(removeBuckets);

async function bytesOf(name: string): Promise<Buffer> {
  const reading = await source.bucket.read(name);
  return Buffer.from(reading.kind === 'found' ? reading.bytes : []);
}

/** Ways to change bytes, cut them off, or put some in. */
function damages(): fc.Arbitrary<(whole: Buffer) => Buffer> {
  const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
  const at = (whole: Buffer, where: number): number => Math.floor(where * whole.length);
  return fc.oneof(
    fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([where, flip]) => (whole: Buffer) => {
      const copy = Buffer.from(whole);
      copy[at(whole, where)]! ^= flip;
      return copy;
    }),
    place.map((where) => (whole: Buffer) => whole.subarray(0, at(whole, where))),
    fc
      .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 20 }))
      .map(([where, more]) => (whole: Buffer) => {
        return Buffer.concat([whole.subarray(0, at(whole, where)), more, whole.subarray(at(whole, where))]);
      }),
    fc.uint8Array({ maxLength: 200 }).map((any) => () => Buffer.from(any)),
  );
}

/** The whole copy is served, or nothing. */
async function mustBeWhole(server: TestBeltServer): Promise<void> {
  const { status, body } = await server.snapshot();
  if (status === 200) {
    const served = (body as { configs: { key: string; id: string }[] }).configs;
    expect(served.map(({ key, id }) => `${key} ${id}`)).toEqual(['flag.a 5', 'flag.b 6']);
  } else {
    expect([401, 503]).toContain(status);
    expect((body as { error: { code: string } }).error.code).not.toBe('internal');
  }
}

describe('whatever the bytes are', () => {
  it('whatever the bytes are of a manifest, a whole copy is served or none', async () => {
    await fc.assert(
      fc.asyncProperty(damages(), async (damage) => {
        await writeBytes(source.bucket, manifestName(1n), damage(manifest));
        const server = await startBeltServer({ sources: [source.reader] });
        await mustBeWhole(server);
        await server.close();
      }),
      { numRuns: runs(150) },
    );
    await writeBytes(source.bucket, manifestName(1n), manifest);
  });

  it('whatever the bytes are of a snapshot, a whole copy is served or none', async () => {
    await fc.assert(
      fc.asyncProperty(damages(), async (damage) => {
        await writeBytes(source.bucket, snapshotName(1n, 6n), damage(snapshot));
        const server = await startBeltServer({ sources: [source.reader] });
        await mustBeWhole(server);
        await server.close();
      }),
      { numRuns: runs(150) },
    );
    await writeBytes(source.bucket, snapshotName(1n, 6n), snapshot);
  });

  it('whatever the bytes are of a snapshot that the manifest names with its checksum, nothing is answered but a status that is documented', async () => {
    await fc.assert(
      fc.asyncProperty(damages(), async (damage) => {
        const bytes = damage(snapshot);
        await writeCopy(source.bucket, {
          configs: WHOLE,
          snapshot: bytes,
          manifest: { sha256: sha256(bytes), bytes: bytes.length },
        });
        const server = await startBeltServer({ sources: [source.reader] });
        const { status, body } = await server.snapshot();
        expect([200, 503]).toContain(status);
        if (status === 200) expect(body.configServicePointer.projectEnvId).toBe('1');
        await server.close();
      }),
      { numRuns: runs(150) },
    );
  });
});
