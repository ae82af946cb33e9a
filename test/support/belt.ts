/**
 * Support for tests of the belt: buckets as readers see them, and a writer that can be told to
 * stop.
 */
import { randomUUID } from 'node:crypto';
import type { Bucket, BucketReader } from '../../src/bucket/bucket.js';
import type { ReconcileTimes } from '../../src/belt/writer/reconcile.js';
import { decodeManifest, type Manifest } from '../../src/belt/format/manifest.js';
import { manifestName } from '../../src/belt/format/names.js';
import { checkSnapshot } from '../../src/belt/format/snapshot.js';
import type { BucketWorkerEvents } from '../../src/belt/writer/worker.js';
import { BeltWriter } from '../../src/belt/writer/writer.js';
import { splitConfigs } from '../../src/ruleset/codec.js';
import type { Logger } from '../../src/observe/log.js';
import type { Store } from '../../src/store/store.js';
import { silent } from '../store/fixtures.js';

export interface Copy {
  readonly manifest: Manifest;
  /** The keys of the configs in the snapshot, ascending by id. */
  readonly configs: readonly string[];
}

/**
 * The copy that a reader gets: manifest, then snapshot, everything checked. Rejects when they do
 * not belong together.
 */
export async function copyIn(bucket: BucketReader, environment = 1n): Promise<Copy | undefined> {
  const manifest = await manifestIn(bucket, environment);
  if (manifest === undefined) return undefined;
  const snapshot = await bucket.read(manifest.object);
  if (snapshot.kind !== 'found') throw new Error(`${manifest.object} is ${snapshot.kind}`);
  checkSnapshot(manifest, snapshot.bytes);
  return { manifest, configs: splitConfigs(snapshot.bytes).map(({ key }) => key) };
}

export async function manifestIn(bucket: BucketReader, environment = 1n): Promise<Manifest | undefined> {
  const reading = await bucket.read(manifestName(environment));
  return reading.kind === 'found' ? decodeManifest(reading.bytes, environment) : undefined;
}

export async function versionIn(bucket: BucketReader, environment = 1n): Promise<bigint | undefined> {
  return (await manifestIn(bucket, environment))?.version;
}

export async function namesIn(bucket: Bucket, prefix = ''): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of bucket.list(prefix)) names.push(name);
  return names;
}

export interface RunningWriter {
  readonly writer: BeltWriter;
  /** The reported events, by bucket. */
  readonly events: { written: number; failed: number; lags: number[] };
  stop(): Promise<void>;
}

export interface WriterSetup {
  readonly keep?: number;
  readonly drain?: number;
  readonly log?: Logger;
  readonly times?: Partial<ReconcileTimes>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
}

/** A writer at work, with the belt's lease. Comparisons are rare unless `times` says otherwise. */
export async function startWriter(
  store: Store,
  buckets: readonly Bucket[],
  { keep = 5, drain = 5_000, log = silent, times = {}, now = Date.now, ...more }: WriterSetup = {},
): Promise<RunningWriter> {
  const holder = randomUUID();
  await store.beltLeadership.acquire(holder, 600_000);
  const events = { written: 0, failed: 0, lags: [] as number[] };
  const observe = (): BucketWorkerEvents => ({
    written: () => {
      events.written++;
    },
    failed: () => {
      events.failed++;
    },
    lag: (milliseconds) => {
      events.lags.push(milliseconds);
    },
  });
  const writer = new BeltWriter({
    store,
    buckets,
    holder,
    keep,
    drain,
    observe,
    log,
    now,
    monotonic: more.monotonic ?? (() => performance.now()),
    random: Math.random,
    times: { check: 3_600_000, sweep: 3_600_000, manifestsPerSecond: 1_000, ...times },
  });
  const stopping = new AbortController();
  const done = writer.lead(stopping.signal);
  return {
    writer,
    events,
    stop: async () => {
      stopping.abort();
      await done;
      await store.beltLeadership.release(holder);
    },
  };
}
