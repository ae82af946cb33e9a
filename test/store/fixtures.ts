/** Content for the tests of the stores, and a follower that watches the feed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import protobuf from 'protobufjs';
import {
  encodeConfig,
  encodeEnvelope,
  configMessageOf,
  splitConfigs,
  type EncodedConfig,
} from '../../src/ruleset/codec.js';
import type { Change } from '../../src/ruleset/ruleset.js';
import type { Attribution } from '../../src/store/history.js';
import type {
  Commit,
  Environment,
  FeedEntry,
  FeedSignal,
  Key,
  FeedPosition,
  Store,
} from '../../src/store/store.js';
import { until } from '../support/until.js';

export const silent = pino({ level: 'silent' });

/** A log that can be read. */
export function recordingLog(): { log: Logger; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void written.push(line) });
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

export async function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'holdfast-store-'));
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

export function flag(id: bigint, key: string, value = true): EncodedConfig {
  return encodeConfig({
    id: `${id}`,
    key,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    rows: [{ values: [{ value: { bool: value } }] }],
  });
}

export function tombstone(id: bigint, key: string): EncodedConfig {
  return encodeConfig({ id: `${id}`, key, configType: 'DELETED' });
}

/** A flag with a field that our schema does not know, with these bytes. */
export function withUnknownField(id: bigint, key: string, bytes: Uint8Array): EncodedConfig {
  const unknown = protobuf.Writer.create()
    .uint32((1000 << 3) | 2)
    .bytes(bytes)
    .finish();
  const message = Buffer.concat([configMessageOf(flag(id, key)), unknown]);
  const element = protobuf.Writer.create().uint32(10).bytes(message).finish();
  return splitConfigs(element)[0]!;
}

const everyByteOnce = Uint8Array.from({ length: 256 }, (_, value) => value);

/** A message, also of a default context, with every byte in a field that no schema knows. */
export const everyByte = protobuf.Writer.create()
  .uint32((1000 << 3) | 2)
  .bytes(everyByteOnce)
  .finish();

export function settings(id: bigint, more: Partial<Environment> = {}): Environment {
  return { id, projectId: 7n, name: `environment ${id}`, ...more };
}

/** The author of the commits below. */
export const by: Attribution = { author: 'tester', source: 'http' };

/** A commit that creates an environment, without configs. */
export function creation(id: bigint, more: Partial<Environment> = {}): Commit {
  return { environment: id, by, expect: undefined, settings: settings(id, more), live: 0 };
}

/** A commit of these configs, at the id of the last of them. */
export function update(
  environment: bigint,
  expect: bigint,
  configs: readonly EncodedConfig[],
  more: Partial<Commit> = {},
): Commit {
  return {
    environment,
    by,
    expect,
    change: changeOf(environment, expect, configs),
    live: configs.length,
    ...more,
  };
}

export function changeOf(
  environment: bigint,
  previous: bigint,
  configs: readonly EncodedConfig[],
  version = configs.at(-1)?.id ?? previous,
): Change {
  return {
    environment,
    previous,
    version,
    clientPrevious: previous,
    clientVersion: version,
    at: version,
    envelope: encodeEnvelope(settings(environment)),
    configs,
  };
}

export function apiKey(id: string, more: Partial<Key> = {}): Key {
  return {
    id,
    environment: 1n,
    kind: 'server',
    name: `key ${id}`,
    hash: `hash of ${id}`,
    createdAt: 1_700_000_000_000,
    ...more,
  };
}

/** Configs in a form that can be compared: bytes as hex, sorted by id. */
export function contents(
  configs: readonly EncodedConfig[],
): { id: bigint; key: string; deleted: boolean; bytes: string }[] {
  return [...configs]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, key, deleted, bytes }) => ({ id, key, deleted, bytes: Buffer.from(bytes).toString('hex') }));
}

/** Follows a feed and keeps what it says. */
export class Follower {
  readonly signals: FeedSignal[] = [];
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  hasEnded = false;

  constructor(store: Store, from: FeedPosition) {
    this.#ended = this.#run(store, from);
  }

  get entries(): FeedEntry[] {
    return this.signals.flatMap((signal) => (signal.kind === 'entries' ? signal.entries : []));
  }

  /** The versions of the changes that came, in the order in which they came. */
  get versions(): bigint[] {
    return this.entries.flatMap((entry) => (entry.kind === 'change' ? [entry.change.version] : []));
  }

  /** The signals without those that only say that nothing happened. */
  get kinds(): string[] {
    return this.signals.map(({ kind }) => kind).filter((kind) => kind !== 'idle');
  }

  count(kind: FeedSignal['kind']): number {
    return this.signals.filter((signal) => signal.kind === kind).length;
  }

  async sees(kind: FeedSignal['kind'], count = 1): Promise<void> {
    await until(`${count} × ${kind}`, () => this.count(kind) >= count, {
      context: () => this.kinds.join(' '),
    });
  }

  /** Waits until a change to that version came. */
  async reaches(version: bigint): Promise<void> {
    await until(`a change to ${version}`, () => this.versions.includes(version), {
      context: () => `${this.kinds.join(' ')}: ${this.versions.join(' ')}`,
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async ended(): Promise<void> {
    await until('the feed ends', () => this.hasEnded);
    await this.#ended;
  }

  async #run(store: Store, from: FeedPosition): Promise<void> {
    for await (const signal of store.follow(from, this.#abort.signal)) this.signals.push(signal);
    this.hasEnded = true;
  }
}
