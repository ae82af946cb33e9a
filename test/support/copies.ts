/**
 * Support for tests of belt servers: copies as a writer would leave them, sources that can be told
 * to fail, and the server in this process.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request, { type Test } from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';
import type { Bucket, BucketReader, BucketRead } from '../../src/bucket/bucket.js';
import type { Copies } from '../../src/belt/server/copies.js';
import { type CopyTimes } from '../../src/belt/server/times.js';
import { encodeManifest, type Manifest } from '../../src/belt/format/manifest.js';
import { manifestName, snapshotName } from '../../src/belt/format/names.js';
import { packKeys } from '../../src/belt/format/keys.js';
import { copiedKeysSteps } from '../../src/belt/format/order.js';
import { runSteps } from '../../src/core/steps.js';
import { sha256 } from '../../src/belt/format/snapshot.js';
import { FileBucket } from '../../src/bucket/file.js';
import { buildBeltServer } from '../../src/app/build/belt-server.js';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { sleep } from '../../src/core/clock.js';
import { HoldfastError } from '../../src/core/errors.js';
import { createHttpServer } from '../../src/http/server.js';
import { createLog } from '../../src/observe/log.js';
import { hashKey } from '../../src/keys/keyring.js';
import { encodeEnvelope, type EncodedConfig } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import type { Key } from '../../src/store/store.js';
import { flag } from '../store/fixtures.js';
import { basic } from './app.js';

const PROJECT = 3n;

/** The text of a key of the form that keys have. */
export function keyText(environment = 1n, kind: 'SDK' | 'CLIENT' = 'SDK', name = 'a'): string {
  return `${Buffer.from(name).toString('hex')}-P${PROJECT}-E${environment}-${kind}-0123456789abcdef`;
}

export function keyOf(text: string, revokedAt?: number): Key {
  return {
    id: hashKey(text).slice(0, 16),
    environment: BigInt(/-E(\d+)-/.exec(text)![1]!),
    kind: text.includes('-CLIENT-') ? 'client' : 'server',
    name: '',
    hash: hashKey(text),
    createdAt: 1_700_000_000_000,
    ...(revokedAt === undefined ? {} : { revokedAt }),
  };
}

export interface GivenCopy {
  readonly environment?: bigint;
  readonly configs?: readonly EncodedConfig[];
  /** Default: the highest id. */
  readonly version?: bigint;
  readonly keys?: readonly Key[];
  /** Replaces parts of the manifest. */
  readonly manifest?: Partial<Manifest>;
  /** In place of the ruleset. */
  readonly snapshot?: Uint8Array;
}

/** Writes a copy whatever is there: tests need buckets that no writer would make. */
export async function writeCopy(bucket: Bucket, given: GivenCopy = {}): Promise<Manifest> {
  const { environment = 1n, configs = [flag(5n, 'flag.a')], keys = [keyOf(keyText(environment))] } = given;
  const version = given.version ?? configs.reduce((most, { id }) => (id > most ? id : most), 0n);
  const envelope = encodeEnvelope({ id: environment, projectId: PROJECT });
  const ruleset = new Ruleset({ environment, version, at: 1_700_000_000_000_000n, envelope, configs });
  const snapshot = given.snapshot ?? ruleset.encode(0n);
  const manifest: Manifest = {
    environment,
    version,
    clientVersion: version,
    committedAt: ruleset.committedAt,
    writtenAt: 1_700_000_000_000,
    object: snapshotName(environment, version),
    bytes: snapshot.length,
    sha256: sha256(snapshot),
    projectId: PROJECT,
    name: 'Test',
    keys: runSteps(copiedKeysSteps(keys)),
    ...given.manifest,
  };
  const options = { contentType: 'application/octet-stream', cacheControl: 'no-store' };
  await bucket.write(manifest.object, snapshot, options);
  const packed = await packKeys(manifest);
  if (packed.keys !== undefined) await bucket.write(packed.keys.name, packed.keys.content, options);
  await bucket.write(manifestName(environment), encodeManifest(packed.manifest), options);
  return manifest;
}

export async function writeBytes(bucket: Bucket, name: string, bytes: Uint8Array): Promise<void> {
  await bucket.write(name, bytes, { contentType: 'application/octet-stream', cacheControl: 'no-store' });
}

/**
 * The behaviour of a source at a read, by name: passes it on (`undefined`), fails, never answers,
 * or answers after that.
 */
export type SourceFault = 'down' | 'hang' | Promise<void> | undefined;

/** A folder of copies behind a gate. */
export interface TestSource {
  readonly bucket: Bucket;
  readonly reader: { -readonly [K in keyof BucketReader]: BucketReader[K] };
  /** Names that were read. */
  readonly asked: string[];
  fault: (name: string) => SourceFault;
}

export function gated(bucket: Bucket): TestSource {
  const source: TestSource = {
    bucket,
    asked: [],
    fault: () => undefined,
    reader: {
      name: bucket.name,
      read: async (name, options): Promise<BucketRead> => {
        source.asked.push(name);
        const fault = source.fault(name);
        if (fault === 'down') throw new HoldfastError('bucket_unavailable', 'The bucket is down.');
        if (fault === 'hang') return new Promise(() => undefined);
        await fault;
        return bucket.read(name, options);
      },
    },
  };
  return source;
}

export interface BeltServerSetup {
  readonly sources: readonly BucketReader[];
  readonly cache?: FileBucket | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: TIMES. */
  readonly times?: CopyTimes;
  /** True when the server's time goes on only as the test says. */
  readonly frozen?: boolean;
}

export interface TestBeltServer {
  readonly http: TestAgent<Test>;
  readonly url: string;
  readonly copies: Copies;
  /**
   * Milliseconds that the server's time is ahead, and by which its wall clock was set forward as
   * well.
   */
  readonly clock: { ahead: number; set: number };
  readonly logs: Record<string, unknown>[];
  /** GET of the snapshot. */
  snapshot(key?: string, from?: string): Test;
  /** The keys of the configs that are served. */
  served(key?: string): Promise<string[]>;
  metric(series: string): Promise<number>;
  close(): Promise<void>;
}

/** Short, so that hanging sources are given up while a test waits. Milliseconds. */
export const TIMES = { manifest: 400, snapshot: 400, grace: 150 };

export async function startBeltServer(setup: BeltServerSetup): Promise<TestBeltServer> {
  const settings = readBeltServerSettings({ HOLDFAST_SOURCE: 'file:/nowhere', ...setup.env });
  const logs: Record<string, unknown>[] = [];
  const log = createLog('trace', { write: (line) => void logs.push(JSON.parse(line)) });
  const clock = { ahead: 0, set: 0 };
  const begun = { now: Date.now(), monotonic: Math.round(performance.now()) };
  const { app, copies, enter } = buildBeltServer({
    settings,
    sources: setup.sources,
    cache: setup.cache,
    log,
    times: setup.times ?? TIMES,
    clock: {
      now: () => (setup.frozen === true ? begun.now : Date.now()) + clock.ahead + clock.set,
      monotonic: () => (setup.frozen === true ? begun.monotonic : performance.now()) + clock.ahead,
      random: Math.random,
      sleep,
    },
  });
  copies.start();
  enter('serving');
  const server = createHttpServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const http = request(url);
  const snapshot = (key = keyText(), from = '0') =>
    http.get(`/api/v1/configs/${from}?format=json`).set('authorization', basic(key));
  return {
    http,
    url,
    copies,
    clock,
    logs,
    snapshot,
    served: async (key) => {
      const { status, body } = await snapshot(key);
      if (status !== 200) throw new Error(`answered ${status}: ${JSON.stringify(body)}`);
      return (body as { configs?: { key: string }[] }).configs?.map((config) => config.key) ?? [];
    },
    metric: async (series) => {
      const { text } = await http.get('/metrics');
      const line = text.split('\n').find((each) => each.startsWith(`${series} `));
      return line === undefined ? 0 : Number(line.slice(series.length + 1));
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await copies.stop();
    },
  };
}

const folders: string[] = [];

export async function newBucket(): Promise<FileBucket> {
  const directory = await mkdtemp(join(tmpdir(), 'hf-copies-'));
  folders.push(directory);
  return new FileBucket(directory);
}

export async function removeBuckets(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}
