/**
 * The names of everything that Holdfast keeps in Redis. All carry one hash tag, so that in a
 * Cluster they are in one slot and a script may touch any of them together.
 */
const TAG = '{holdfast}';

/** The names of all keys in Redis, each with the type of its value. */
export const names = {
  /** Set: the ids of all environments. */
  environments: `${TAG}:environments`,
  /** Hash: settings, version, client version, at and live of one environment. */
  environment: (id: bigint) => `${TAG}:environment:${id}`,
  /**
   * Hash: name → the ids of the environments that have it, separated by spaces. What counts is the
   * name in the hash of the environment; see environment-names.ts.
   */
  environmentNames: `${TAG}:environment-names`,
  /** Hash: config key → one encoded element of `Configs.configs`. */
  configs: (id: bigint) => `${TAG}:configs:${id}`,
  /** Stream: the changes of one environment, with what they replaced. */
  history: (id: bigint) => `${TAG}:history:${id}`,
  /** String: the bytes of all histories together. */
  historyBytes: `${TAG}:history:bytes`,
  /** Hash: key id → JSON. */
  keys: `${TAG}:keys`,
  /** Hash: SHA-256 of a key → its id. */
  keyHashes: `${TAG}:key-hashes`,
  /** Hash: key id → when the key was last used, milliseconds since 1970. */
  keyUse: `${TAG}:key-use`,
  /** Stream: every change and every change of a key. */
  feed: `${TAG}:feed`,
  /** String: the stream id of the newest entry of the feed. */
  head: `${TAG}:feed:head`,
  /** String with an expiry: digest and answer of a request. */
  idempotency: (environment: bigint, key: string) => `${TAG}:idempotency:${environment}:${key}`,
  /** Stream: the requests that one environment remembers by such strings, the oldest first. */
  remembered: (environment: bigint) => `${TAG}:idempotency:${environment}`,
  /** String with an expiry: the node that publishes. */
  lease: `${TAG}:lease`,
  /** String with an expiry: the node that publishes, once its subscription was seen. */
  present: `${TAG}:lease:present`,
  /** Hash: proxy → position in the feed. */
  cursors: `${TAG}:cursors`,
  /** String with an expiry: the node that writes copies to buckets. */
  beltLease: `${TAG}:belt:lease`,
  /** String with an expiry: the node that writes copies, once its subscription was seen. */
  beltPresent: `${TAG}:belt:lease:present`,
  /** Hash: bucket → position in the feed. */
  beltCursors: `${TAG}:belt:cursors`,
  /** Stream: ruleset-change events that other systems add. [protocol] #inbox */
  inbox: `${TAG}:inbox`,
  /** Stream: events that were rejected. */
  rejected: `${TAG}:rejected`,
  /** String: the approximate bytes of the rejected events together. */
  rejectedBytes: `${TAG}:rejected:bytes`,
  /** Hash: name of an operator → JSON. */
  operators: `${TAG}:operators`,
  /** Hash: id of a session → JSON. */
  sessions: `${TAG}:sessions`,
  /** Hash: id of a process → the report of its state, JSON. */
  reports: `${TAG}:reports`,
  /** Hash: id of a process → when its report was written and when it is over, milliseconds. */
  reportTimes: `${TAG}:reports:times`,
  /** String with an expiry: the time line of the last changes. */
  timeline: `${TAG}:timeline`,
  /** Stream: the audit trail. */
  audit: `${TAG}:audit`,
  /** String without meaning, written so that a WAIT has something to wait for. */
  marker: `${TAG}:marker`,
  /**
   * One key of each type, written and removed when a store is opened, to learn of missing
   * permissions.
   */
  trial: (type: 'hash' | 'set' | 'stream' | 'string') => `${TAG}:trial:${type}`,
} as const;

/** Names of the lease and the cursors of the belt writer. */
export const beltNames = {
  lease: names.beltLease,
  present: names.beltPresent,
  cursors: names.beltCursors,
} as const;

/** The consumer group of the inbox. */
export const GROUP = 'holdfast';
