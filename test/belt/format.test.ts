/** The manifest and the order rule. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeManifest,
  encodeManifest,
  type CopiedKey,
  type Manifest,
} from '../../src/belt/format/manifest.js';
import { parseName, manifestName, snapshotName } from '../../src/belt/format/names.js';
import { lacksKeys, decideOrder } from '../../src/belt/format/order.js';
import { checkSnapshot, obsolete, rulesetOf, sha256 } from '../../src/belt/format/snapshot.js';
import { configMessageOf, encodeEnvelope } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { flag, settings, tombstone } from '../store/fixtures.js';

const snapshot = Buffer.from('a snapshot');
const key = (id: string, revokedAt?: number): CopiedKey => ({
  id,
  kind: 'server',
  hash: `hash of ${id}`,
  createdAt: 1,
  ...(revokedAt === undefined ? {} : { revokedAt }),
});

function manifest(version: bigint, more: Partial<Manifest> = {}): Manifest {
  return {
    environment: 1n,
    version,
    clientVersion: version,
    committedAt: version,
    writtenAt: 1_700_000_000_000,
    object: snapshotName(1n, version),
    bytes: snapshot.length,
    sha256: sha256(snapshot),
    projectId: 7n,
    name: 'Production',
    keys: [],
    ...more,
  };
}

describe('a manifest', () => {
  it('a manifest is read as it was written, ids above 2^53 to the digit', () => {
    const written = manifest(9_007_199_254_740_993n, {
      clientVersion: 9_007_199_254_740_991n,
      keys: [key('one'), key('two', 5)],
    });
    expect(decodeManifest(encodeManifest(written), 1n)).toEqual(written);
  });

  it('a manifest with fields of a later writer is read', () => {
    const json = JSON.parse(Buffer.from(encodeManifest(manifest(1n))).toString()) as object;
    expect(decodeManifest(Buffer.from(JSON.stringify({ ...json, more: 1 })), 1n)).toEqual(manifest(1n));
  });

  it.each([
    ['cut off', (json: string) => json.slice(0, -20)],
    ['empty', () => ''],
    ['another type of JSON', () => '[]'],
    ['of another environment', (json: string) => json.replace('"environment":"1"', '"environment":"2"')],
    ['without a version', (json: string) => json.replace('"version":"5",', '')],
    ['with a version that is a number', (json: string) => json.replace('"version":"5"', '"version":5')],
    ['naming another object', (json: string) => json.replace('1/5.binpb', '1/4.binpb')],
    ['with a checksum that is none', (json: string) => json.replace(/"sha256":"\w/, '"sha256":"x')],
    ['with keys that are no list', (json: string) => json.replace('"keys":[]', '"keys":{}')],
    ['with a key of no kind', (json: string) => json.replace('"keys":[]', '"keys":[{"id":"a"}]')],
  ])('a manifest that is %s is damaged', (_what, damage) => {
    const json = Buffer.from(encodeManifest(manifest(5n))).toString();
    expect(() => decodeManifest(Buffer.from(damage(json)), 1n)).toThrow(
      expect.objectContaining({ code: 'copy_damaged' }),
    );
  });

  it('a manifest of a later format says to update', () => {
    expect(() => decodeManifest(Buffer.from('{"format": 3}'), 1n)).toThrow(/later version of Holdfast/);
  });

  it('a manifest accepts the snapshot that it names, and no other', () => {
    expect(() => checkSnapshot(manifest(1n), snapshot)).not.toThrow();
    for (const other of ['a snapshoT', 'a snapsho', '']) {
      expect(() => checkSnapshot(manifest(1n), Buffer.from(other))).toThrow(
        expect.objectContaining({ code: 'copy_damaged' }),
      );
    }
  });
});

describe('a snapshot', () => {
  it('a snapshot becomes the ruleset again that it was, tombstones and envelope included', () => {
    const envelope = encodeEnvelope(settings(1n));
    const configs = [flag(3n, 'a'), tombstone(5n, 'b')];
    const ruleset = new Ruleset({
      environment: 1n,
      version: 7n,
      clientVersion: 3n,
      at: 9n,
      envelope,
      configs,
    });
    const again = rulesetOf(manifest(7n, { clientVersion: 3n, committedAt: 9n }), ruleset.encode(0n));
    expect(again.encode(0n)).toEqual(ruleset.encode(0n));
    expect([again.version, again.clientVersion, again.committedAt]).toEqual([7n, 3n, 9n]);
    expect(again.get('b')?.deleted).toBe(true);
    expect(Buffer.from(again.envelope).equals(envelope)).toBe(true);
  });

  it('a snapshot with an id above its version is damaged', () => {
    const bytes = Buffer.concat([flag(8n, 'a').bytes]);
    expect(() => rulesetOf(manifest(7n), bytes)).toThrow(expect.objectContaining({ code: 'copy_damaged' }));
  });

  it('a snapshot with a malformed varint in an undeclared field is damaged', () => {
    const config = configMessageOf(flag(5n, 'a'));
    const message = Buffer.concat([config, Buffer.from('f80f8080808080808080808001', 'hex')]);
    const bytes = Buffer.concat([Buffer.from([10, message.length]), message]);
    expect(() => rulesetOf(manifest(7n), bytes)).toThrow(expect.objectContaining({ code: 'copy_damaged' }));
  });
});

describe('names', () => {
  it('names say what they are of', () => {
    expect(parseName(manifestName(12n))).toEqual({ environment: 12n, kind: 'manifest' });
    expect(parseName(snapshotName(12n, 34n))).toEqual({ environment: 12n, kind: 'snapshot', version: 34n });
    for (const other of [
      'conditions',
      'environments/x/1.binpb',
      'environments/1/01.binpb',
      'environments/1/1.txt',
    ]) {
      expect(parseName(other)).toBeUndefined();
    }
  });
});

describe('the order rule', () => {
  it('the order rule takes a first and a newer manifest', () => {
    expect(decideOrder(undefined, manifest(1n)).kind).toBe('write');
    expect(decideOrder(manifest(1n), manifest(2n, { sha256: 'f'.repeat(64) })).kind).toBe('write');
  });

  it('the order rule takes no older one, and none of the same version with other content', () => {
    expect(decideOrder(manifest(2n), manifest(1n))).toEqual({ kind: 'ahead', version: 2n });
    expect(decideOrder(manifest(2n), manifest(2n, { sha256: 'f'.repeat(64) }))).toEqual({ kind: 'forked' });
  });

  it('the order rule has nothing to write when only the time of writing differs', () => {
    expect(decideOrder(manifest(1n), manifest(1n, { writtenAt: 5 }))).toEqual({ kind: 'same' });
  });

  it('the order rule takes new keys and another name at the same version', () => {
    expect(decideOrder(manifest(1n), manifest(1n, { keys: [key('one')] })).kind).toBe('write');
    expect(decideOrder(manifest(1n), manifest(1n, { name: 'Staging' })).kind).toBe('write');
  });

  it('the order rule keeps what is revoked revoked and forgets no key, whatever the order in which manifests come', () => {
    const keys = fc.uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c'), revoked: fc.boolean() }), {
      selector: ({ id }) => id,
    });
    const manifests = fc.array(fc.record({ version: fc.bigInt({ min: 1n, max: 4n }), keys }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(manifests, (offered) => {
        let present: Manifest | undefined;
        for (const { version, keys } of offered) {
          const next = manifest(version, {
            keys: keys.map(({ id, revoked }) => key(id, revoked ? 5 : undefined)),
          });
          const decided = decideOrder(present, next);
          if (decided.kind !== 'write') continue;
          for (const before of present?.keys ?? []) {
            const after = decided.manifest.keys.find(({ id }) => id === before.id);
            if (after === undefined) return false;
            if (before.revokedAt !== undefined && after.revokedAt === undefined) return false;
          }
          if (present !== undefined && decided.manifest.version < present.version) return false;
          present = decided.manifest;
        }
        return true;
      }),
    );
  });

  it('the order rule notices a key or a revocation that a manifest lacks, and nothing that only the manifest has', () => {
    expect(lacksKeys([], [key('one')])).toBe(true);
    expect(lacksKeys([key('one')], [key('one', 5)])).toBe(true);
    expect(lacksKeys([key('one', 5), key('two')], [key('one')])).toBe(false);
  });
});

describe('old snapshots', () => {
  const grace = 10;
  const known = (times: Record<string, number>) =>
    Object.entries(times).map(([version, knownFor]) => ({ version: BigInt(version), knownFor }));

  it('old snapshots go when there are enough newer ones and the next is known for the grace time', () => {
    const snapshots = known({ 1: 100, 2: 90, 3: 80, 4: 70 });
    expect(obsolete(snapshots, 4n, { keep: 2, grace })).toEqual([2n, 1n]);
    expect(obsolete(snapshots, 4n, { keep: 3, grace })).toEqual([1n]);
  });

  it('old snapshots stay for the grace time after they were superseded, however old they are', () => {
    expect(obsolete(known({ 1: 100, 2: 5 }), 2n, { keep: 1, grace })).toEqual([]);
    expect(obsolete(known({ 1: 100, 2: 11 }), 2n, { keep: 1, grace })).toEqual([1n]);
  });

  it('old snapshots never are the one that the manifest names, or newer ones', () => {
    const snapshots = known({ 1: 100, 2: 90, 3: 80 });
    expect(obsolete(snapshots, 2n, { keep: 1, grace })).toEqual([1n]);
    expect(obsolete(snapshots, 1n, { keep: 1, grace })).toEqual([]);
  });
});
