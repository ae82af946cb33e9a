/**
 * The port to the place where rulesets live. Two implementations, redis/ and file/, pass one
 * contract suite (test/store/contract.ts).
 *
 * Promises:
 * - A commit is all or nothing, and happens only if the environment still is at the version that it
 *   was planned against. No reader sees half of one. When `commit` resolves, it is durable to the
 *   degree that the store is configured for.
 * - Every commit and every created or revoked key is one entry of one ordered log, the feed.
 * - A follower of the feed gets each entry in order, or a signal that there is a gap. Never
 *   neither.
 *
 * Every method rejects with HoldfastError `store_unavailable` when the store cannot be reached in
 * time.
 */
import type { EncodedConfig } from '../ruleset/codec.js';
import type { Change } from '../ruleset/ruleset.js';
import type { Attribution, HistoryPage, HistoryQuery } from './history.js';
import type { AuditLog } from './audit.js';
import type { Inbox, Standing } from './inbox.js';
import type { KeyUse } from './key-use.js';
import type { NodeReports } from './node-reports.js';
import type { OperatorRecords } from './operators.js';
import type { SessionRecords } from './sessions.js';
import type { WriteState } from './write-state.js';

/** The settings of an environment, as an administrator makes them. */
export interface Environment {
  readonly id: bigint;
  readonly projectId: bigint;
  readonly name: string;
  /** An encoded ContextSet. */
  readonly defaultContext?: Uint8Array | undefined;
}

/** An environment as it stands in the store, without its configs. */
export interface StoredEnvironment extends Environment {
  /** 0 for an environment that was just created. */
  readonly version: bigint;
  /**
   * As `Change.clientVersion`. Environments that were written before it was kept have none: it
   * counts as `version`, which costs a needless fetch at most.
   */
  readonly clientVersion: bigint;
  /**
   * The time at which that version was committed: microseconds since 1970 by the store's clock. 0
   * at version 0.
   */
  readonly at: bigint;
  /** The number of configs that are not deleted. */
  readonly live: number;
}

/** An environment with all of its configs, as of one moment. */
export interface StoredRuleset extends StoredEnvironment {
  /** In any order, each key once, tombstones included. */
  readonly configs: readonly EncodedConfig[];
}

/** The kind of an API key: a server may read rules, a client only what they come to. */
export type KeyKind = 'server' | 'client';

/** An API key; never its text. */
export interface Key {
  /** Public, safe in logs and channel names: letters, digits and dashes. */
  readonly id: string;
  readonly environment: bigint;
  readonly kind: KeyKind;
  readonly name: string;
  /** SHA-256 of the key's text, lower-case hex. */
  readonly hash: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The key is refused from then on; absent: it does not expire. Never changed. */
  readonly expiresAt?: number | undefined;
  /** A key that expired has the time of its `expiresAt`. */
  readonly revokedAt?: number | undefined;
}

/** A place in the feed: opaque text, meaningful to the store that gave it. */
export type FeedPosition = string;

/**
 * What is left of a deleted environment: the version at which it was deleted, above which it goes on
 * should it be created again, and the tombstones of its configs, which readers of that time need.
 */
export interface DeletedEnvironment {
  readonly id: bigint;
  readonly version: bigint;
  /** The time of the deletion: microseconds since 1970 by the store's clock. */
  readonly at: bigint;
}

/** An environment of which the store holds what Holdfast did not write. */
export interface DamagedEnvironment {
  /** `undefined`: what stands in the place of an id is none. */
  readonly id: bigint | undefined;
  /** As far as it can be read; may be empty, and contain anything. */
  readonly name: string;
  /** A sentence with the remedy. */
  readonly problem: string;
}

/** All environments but that of the canary. */
export interface EnvironmentList {
  /** Ascending by id. */
  readonly environments: readonly StoredEnvironment[];
  readonly damaged: readonly DamagedEnvironment[];
}

/** One atomic change of one environment, with everything that must be true for it to happen. */
export interface Commit {
  readonly environment: bigint;
  /** The author of the change, its reason and its way, kept in the same step as the change. */
  readonly by: Attribution;
  /**
   * The version that the commit was planned against; `undefined`: the environment must never have
   * existed. A commit at the version of a deletion creates the environment again.
   */
  readonly expect: bigint | undefined;
  /** The name that the environment must have: a change of its name alone has no version. */
  readonly expectName?: string | undefined;
  /** The environment's settings, when they are created or changed. */
  readonly settings?: Environment | undefined;
  /**
   * True to refuse a name that another environment has taken, unless the environment has it too
   * already. What restores an environment leaves it out: it must not fail for a name.
   */
  readonly isNameUnique?: boolean | undefined;
  /**
   * Absent when only a name changed, which no client sees. Its `previous` is `expect` (0 for a new
   * environment).
   */
  readonly change?: Change | undefined;
  /** The number of configs that are not deleted, after the commit. */
  readonly live: number;
  /** Remembered for 24 hours, per environment, and within its limit in bytes. */
  readonly idempotency?: Idempotency | undefined;
  /**
   * The inbox event that this commit is: acknowledged and removed in the same step. Only of a store
   * that has an inbox.
   */
  readonly event?: string | undefined;
  /** Older undecided events that the reader passed over, because they are of other environments. */
  readonly passed?: readonly string[] | undefined;
}

/** A request under its idempotency key, and the answer that a repeat of it gets. */
export interface Idempotency {
  readonly key: string;
  /** A digest of the request, to tell a repeat from a key that was used twice. */
  readonly digest: string;
  /** The answer to the request; a repeat gets the same. */
  readonly answer: string;
}

/** The outcome of a commit. Nothing was written unless it is `committed`. */
export type CommitResult =
  | { readonly kind: 'committed' }
  /** The environment is at another version (`undefined`: it does not exist), or has another name. */
  | { readonly kind: 'conflict'; readonly version: bigint | undefined }
  /** The name of the settings is that of another environment. */
  | { readonly kind: 'name_taken'; readonly environment: bigint }
  /** The idempotency key was used before. */
  | { readonly kind: 'repeated'; readonly digest: string; readonly answer: string }
  /** The inbox event must not be committed now. */
  | { readonly kind: Standing };

/** One entry of the feed: a change of an environment, or a key that was created or revoked. */
export type FeedEntry =
  | { readonly position: FeedPosition; readonly kind: 'change'; readonly change: Change }
  | { readonly position: FeedPosition; readonly kind: 'key'; readonly key: Key };

/** One step of following the feed. */
export type FeedSignal =
  | { readonly kind: 'entries'; readonly entries: readonly FeedEntry[] }
  /**
   * The feed was read and had nothing new: the follower is current as of now. At least every two
   * seconds while the store can be reached.
   */
  | { readonly kind: 'idle' }
  /**
   * Entries after the last position cannot be had any more (trimmed, or lost by the store):
   * everything that was derived from the feed must be reloaded. The next entries follow `position`.
   */
  | { readonly kind: 'gap'; readonly position: FeedPosition }
  /**
   * The store is unavailable; the feed keeps trying. Sent once per outage; any other signal ends
   * it.
   */
  | { readonly kind: 'away'; readonly error: Error };

/** Store keeps environments, their configs, API keys and the feed of all changes. */
export interface Store {
  /** The kind and place for logs, without credentials, such as `redis 127.0.0.1:6379`. */
  readonly name: string;

  /** The store's clock: microseconds since 1970. */
  time(): Promise<bigint>;
  /** Makes a commit; see {@link CommitResult}. */
  commit(commit: Commit): Promise<CommitResult>;
  /** Looks up an idempotency key before work is spent on planning. */
  repeated(environment: bigint, key: string): Promise<{ digest: string; answer: string } | undefined>;

  /** The ruleset, its version and settings, as of one moment. */
  read(environment: bigint): Promise<StoredRuleset | undefined>;
  version(environment: bigint): Promise<bigint | undefined>;
  environment(id: bigint): Promise<StoredEnvironment | undefined>;
  /**
   * The environments that can be read, ascending by id: a damaged one is left out, so that it stands
   * in the way of no other. For decisions about what exists there is `listEnvironments`.
   */
  environments(): Promise<readonly StoredEnvironment[]>;
  /**
   * The environments of a name, ascending, found without a look at all: several may share an old
   * name, or a restored one.
   */
  environmentsNamed(name: string): Promise<readonly bigint[]>;
  /** All environments, the damaged ones too. */
  listEnvironments(): Promise<EnvironmentList>;
  /** The deletion of an environment that does not exist; `undefined` when it never did. */
  deletion(environment: bigint): Promise<DeletedEnvironment | undefined>;
  /**
   * The changes of an environment, newest first; none of one that does not exist, nor the canary's.
   * A commit under way may or may not be among them.
   */
  history(environment: bigint, query: HistoryQuery): Promise<HistoryPage>;

  /** Adds a key. Rejects with `field_invalid` when its id or hash is not new. */
  addKey(key: Key): Promise<void>;
  /**
   * Adds those keys whose id and hash are new, all in one step, so that no reader ever sees a part of
   * what is written back after a loss. Returns how many there were.
   */
  addMissingKeys(keys: readonly Key[]): Promise<number>;
  /**
   * Revokes a key and returns it; a key that was revoked before keeps its date and is returned too.
   * `undefined`: no such key.
   */
  revokeKey(id: string, at: number): Promise<Key | undefined>;
  /** All keys, revoked ones included, ascending by creation. */
  keys(): Promise<Key[]>;
  /** The keys of one environment, revoked ones included, ascending by creation. */
  keysOf(environment: bigint): Promise<Key[]>;
  keyByHash(hash: string): Promise<Key | undefined>;

  /** The position of the newest entry. */
  head(): Promise<FeedPosition>;
  /** Every entry after a position, until `signal` aborts; then it ends without error. Never throws. */
  follow(from: FeedPosition, signal: AbortSignal): AsyncIterable<FeedSignal>;

  /**
   * The state of writes as of the last one that was tried, for readiness and a metric. Reads memory
   * only, so it costs nothing and never throws.
   */
  writable(): WriteState;

  readonly leadership: Leadership;
  /**
   * Lease and cursors of the belt writer, apart from those of the publisher; cursors by name of the
   * bucket.
   */
  readonly beltLeadership: Leadership;
  /** `undefined`: other systems cannot add events to this store. */
  readonly inbox: Inbox | undefined;
  readonly operators: OperatorRecords;
  readonly sessions: SessionRecords;
  readonly audit: AuditLog;
  readonly nodeReports: NodeReports;
  readonly keyUse: KeyUse;

  close(): Promise<void>;
}

/**
 * Leadership elects the node that does work which one node is to do, and keeps the cursors from
 * which a new leader goes on.
 */
export interface Leadership {
  /**
   * Takes the lease, or renews it for the holder, for `ttl` milliseconds. False when another holds
   * it. A store may give the lease away earlier when it knows that the holder's process is gone.
   */
  acquire(holder: string, ttl: number): Promise<boolean>;
  /** Gives the lease up, if the holder has it. */
  release(holder: string): Promise<void>;
  /**
   * Feed positions up to which everything was accepted, by the name of the receiver: a proxy, a
   * bucket.
   */
  cursors(): Promise<Map<string, FeedPosition>>;
  /**
   * Writes cursors by the names of their receivers, and leaves others as they are, if the holder
   * still has the lease; false when it does not.
   */
  saveCursors(holder: string, cursors: ReadonlyMap<string, FeedPosition>): Promise<boolean>;
  /** Removes cursors, if the holder still has the lease; false when it does not. */
  removeCursors(holder: string, names: readonly string[]): Promise<boolean>;
}
