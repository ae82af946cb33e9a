/* eslint max-lines: ['error', 515] -- one table, so that no option can be forgotten in another */
/**
 * The option table: every setting of every process. Names, defaults, checks, help, warnings about
 * unused and misspelt names, and the types of the settings are made from it. Nothing else reads the
 * environment.
 *
 * A setting is added by adding an entry. The order is that of the help.
 */
import { splitKeys } from '../grip/keys.js';
import { HISTORY_CHANGES_MAX } from '../store/history.js';
import { parseStoreLocation } from '../store/location.js';
import { oidcOptions } from './oidc-options.js';
import { option, ROLES, type Role, type RolesOf, type ValueOf } from './option.js';
import { atLeast, httpUrl, integer, networks, oneOf, several, text, token, words } from './parsers.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const HOLD_MODES = ['auto', 'grip', 'direct'] as const;

/** The characters of a token that a server checks, at least; shorter ones could be guessed. */
export const MIN_ADMIN_TOKEN = 16;
/** The characters of a key that is used in an HMAC, at least. */
export const MIN_SECRET = 32;

/** The option of each setting, by the name of the setting in the code. */
export const options = {
  /** The TCP port to listen on; 0 takes a free one. */
  port: option({
    name: 'PORT',
    roles: ROLES,
    default: '8080',
    help: 'Port to listen on. 0 takes a free one.',
    parse: integer(0, 65_535),
  }),
  /** The address to listen on. */
  host: option({
    name: 'HOST',
    roles: ROLES,
    // Not every address: a first start must not show its administration to the whole network. Not
    // "::1" either, which fails on hosts and in containers without IPv6.
    default: '127.0.0.1',
    help: 'Address to listen on. The default is this machine only; 0.0.0.0 is every IPv4 address (the default in the container image), :: is IPv4 and IPv6.',
    parse: text,
  }),
  /**
   * The port of operators; 0 takes a free one. `undefined`: they share the clients' port.
   */
  adminPort: option({
    name: 'HOLDFAST_ADMIN_PORT',
    roles: ['node', 'belt server'],
    shown: 'none',
    help: "Port of operators: administration, metrics and health, and all routes of clients too. PORT then answers clients' routes, /livez and a bare /readyz, and nothing else. Without it, PORT answers everything.",
    // Kubernetes sets the variable in each pod when a service is called holdfast-admin.
    parse: (value) => (/^(tcp|udp):/.test(value) ? undefined : integer(0, 65_535)(value)),
  }),
  /** The address of that port; `undefined`: the same as of the clients'. */
  adminHost: option({
    name: 'HOLDFAST_ADMIN_HOST',
    roles: ['node', 'belt server'],
    shown: 'as HOST',
    help: 'Address on which HOLDFAST_ADMIN_PORT listens.',
    parse: text,
  }),
  /**
   * The location of the rulesets, as store/location.ts parses it. May contain credentials: do not
   * log it.
   */
  store: option({
    name: 'HOLDFAST_STORE',
    roles: ['node', 'belt writer'],
    default: 'file:./data',
    secret: true,
    help: 'Where rulesets live: file:DIRECTORY (one process), or a redis:// or rediss:// URL (also Sentinel and Cluster) that all nodes share.',
    parse: (value) => {
      parseStoreLocation(value);
      return value;
    },
  }),
  /** Changes that the history of each environment keeps. */
  history: option({
    name: 'HOLDFAST_HISTORY',
    roles: ['node'],
    default: '1000',
    help: 'Changes that the history of each environment keeps, with the configs before and after; at most 32 MiB of each and 512 MiB of all. 0 to 100000; 0 keeps none, and then nothing can be rolled back.',
    parse: integer(0, HISTORY_CHANGES_MAX),
  }),
  /**
   * The GRIP proxies, in the form of `parseGripUri`, each valid. May contain keys: do not log them.
   */
  gripUrls: option({
    name: 'GRIP_URL',
    roles: ['node'],
    default: '',
    shown: 'none',
    secret: true,
    help: 'GRIP proxies to publish to, separated by spaces or commas, such as http://pushpin:5561?verify-iss=pushpin&verify-key=… or https://api.fastly.com/service/ID?key=TOKEN&verify-iss=fastly:ID.',
    parse: words,
  }),
  /**
   * The keys that verify `Grip-Sig` for each proxy whose URL has none of its own; each of them
   * counts.
   */
  gripVerifyKeys: option({
    name: 'GRIP_VERIFY_KEY',
    roles: ['node'],
    default: '',
    shown: 'none',
    secret: true,
    help: 'Key that verifies the Grip-Sig of each proxy whose URL has no verify-key: text, base64:…, PEM or JWK. Several, separated by spaces or commas, are all accepted.',
    parse: (value) => (value === '' ? [] : splitKeys(value)),
  }),
  /**
   * The URLs at which clients reach the proxies of GRIP_URL, in that order, without a slash at their
   * end; `undefined`: one that the canary leaves out. Empty: no canary.
   */
  canaryUrls: option({
    name: 'HOLDFAST_CANARY',
    roles: ['node'],
    default: 'off',
    help: 'Where clients reach the proxies of GRIP_URL, one URL for each in the same order, such as http://pushpin:7999; off in place of one leaves that proxy out. The leader then keeps a hold of its own through each, changes an environment of its own every 10 seconds, and measures the time from commit to arrival (holdfast_delivery_seconds).',
    parse: (value) =>
      value === 'off' ? [] : words(value).map((url) => (url === 'off' ? undefined : httpUrl(url))),
  }),
  /**
   * The port of the metrics of each proxy of GRIP_URL, in that order, or one for all; `undefined`:
   * one that is not asked. Empty: none is.
   */
  proxyMetricsPorts: option({
    name: 'HOLDFAST_PROXY_METRICS',
    roles: ['node'],
    default: 'off',
    help: "Port of Pushpin's metrics (prometheus_port, 7997 in pushpin/), on the host that items are published to: one for all proxies of GRIP_URL, or one for each in the same order, off in place of one. The leader then reads how many connections each holds (holdfast_proxy_connections, delivery).",
    parse: (value) =>
      value === 'off'
        ? []
        : words(value).map((port) => (port === 'off' ? undefined : integer(1, 65_535)(port))),
  }),
  /** Milliseconds between two publish requests to a hosted proxy, at least. */
  publishInterval: option({
    name: 'HOLDFAST_COALESCE',
    roles: ['node'],
    default: '100',
    help: 'Milliseconds between two publish requests to a hosted proxy (https), at least: changes that come in between go together. A change after a pause goes immediately. 0 to 60000; 4000 stays below 1,000 requests an hour.',
    parse: integer(0, 60_000),
  }),
  /**
   * The holder of subscriptions: `auto` a proxy if the request came through one, else this process;
   * `grip` never this process; `direct` always.
   */
  hold: option({
    name: 'HOLDFAST_HOLD',
    roles: ['node'],
    default: 'auto',
    help: 'Which process holds subscriptions. auto: a GRIP proxy when the request came through one, else this process. grip: never this process (others are answered 501). direct: always this process; it still publishes to GRIP_URL, so that the holds of proxies continue.',
    parse: oneOf(HOLD_MODES),
  }),
  /**
   * Bearer tokens of the admin interface; `undefined`: generate one and keep it in the data
   * directory (file store only).
   */
  adminTokens: option({
    name: 'HOLDFAST_ADMIN_TOKEN',
    roles: ['node'],
    secret: true,
    shown: 'generated',
    help: `Bearer token of the admin interface, at least ${MIN_ADMIN_TOKEN} characters. Several, separated by spaces or commas, are all accepted; commands send the first. Generated into the data directory of a file store; required with a shared store and in production.`,
    parse: several(token(MIN_ADMIN_TOKEN)),
  }),
  /**
   * The first signs recovery links and tokens of event streams, each is accepted; `undefined`: as
   * with the tokens.
   */
  linkSecrets: option({
    name: 'HOLDFAST_SECRET',
    roles: ['node'],
    secret: true,
    shown: 'generated',
    help: `Signs recovery links and the tokens of event streams, at least ${MIN_SECRET} characters, the same on every node. Of several, separated by spaces or commas, the first signs and all are accepted. Generated into the data directory of a file store; required with a shared store and in production.`,
    parse: several(atLeast(MIN_SECRET)),
  }),
  ...oidcOptions,
  /** T of the invariant, seconds: no hold goes unverified for longer. */
  stalenessSeconds: option({
    name: 'HOLDFAST_STALENESS',
    roles: ['node'],
    default: '60',
    help: 'Seconds after which a hold at a GRIP proxy that heard nothing is verified: the longest that a lost change can stay unseen. 5 to 3600; at least the holds per proxy / 500.',
    parse: integer(5, 3600),
  }),
  /** Seconds between the comments that keep an idle hold alive. */
  keepAliveSeconds: option({
    name: 'HOLDFAST_KEEPALIVE',
    roles: ['node'],
    default: '20',
    help: 'Seconds between the comments that keep an idle hold alive. 5 to 29: some SDKs and networks give up after 60 without a byte.',
    parse: integer(5, 29),
  }),
  /**
   * Seconds over which the clients of event streams are notified of a change, so that they do not
   * all fetch in the same moment.
   */
  refetchSpreadSeconds: option({
    name: 'HOLDFAST_REFETCH_SPREAD',
    roles: ['node'],
    default: '2',
    help: 'Seconds over which the clients of event streams (browsers) are notified of a change, so that they do not all fetch in the same moment. No environment notifies a client more often than that. 0 to 60; 0 notifies all immediately.',
    parse: integer(0, 60),
  }),
  /** Environments that stay in memory although no client uses them. */
  environmentsInMemory: option({
    name: 'HOLDFAST_IN_MEMORY',
    roles: ['node', 'belt server'],
    default: '1000',
    help: 'Environments that stay in memory although no client uses them, so that they are served while the store is unavailable. Beyond these, one that was not used for two times HOLDFAST_STALENESS (on a belt server: for 10 minutes) is dropped, and read again when it is. 0 to 1000000.',
    parse: integer(0, 1_000_000),
  }),
  /** Seconds that a direct hold lives at most. */
  maxAgeSeconds: option({
    name: 'HOLDFAST_MAX_AGE',
    roles: ['node'],
    default: '3600',
    help: 'Seconds that a direct hold lives at most, less a random part; the client reconnects and resumes. 60 to 86400.',
    parse: integer(60, 86_400),
  }),
  /** Direct holds at a time, at most. */
  maxHolds: option({
    name: 'HOLDFAST_MAX_HOLDS',
    roles: ['node'],
    default: '10000',
    help: 'Direct holds that this process has at a time, at most; further ones are answered 503. 1 to 1000000. Each takes an open file and some 11 KiB.',
    parse: integer(1, 1_000_000),
  }),
  /** Proxies whose X-Forwarded-For names the client; empty: none is trusted. */
  trustedProxies: option({
    name: 'HOLDFAST_TRUSTED_PROXIES',
    roles: ['node', 'belt server'],
    default: '',
    shown: 'none',
    help: 'Proxies whose X-Forwarded-For is believed when the address of a client counts (HOLDFAST_RATE_ADDRESS, shares of direct holds): addresses, CIDR ranges, loopback, linklocal, uniquelocal, separated by spaces or commas. Without them it is the address of the connection.',
    parse: networks,
  }),
  /** Requests of one API key a second; `undefined`: any number. */
  ratePerKey: option({
    name: 'HOLDFAST_RATE_KEY',
    roles: ['node', 'belt server'],
    default: 'off',
    help: 'Requests that clients may make with one API key at this process, a second on average; ten seconds of them may come together. Further ones are answered 429, streams 503, with Retry-After. 1 to 100000.',
    parse: (value) => (value === 'off' ? undefined : integer(1, 100_000)(value)),
  }),
  /** The same from one address. */
  ratePerAddress: option({
    name: 'HOLDFAST_RATE_ADDRESS',
    roles: ['node', 'belt server'],
    default: 'off',
    help: 'The same from one address, of IPv6 from one /64. Behind proxies it needs HOLDFAST_TRUSTED_PROXIES, else all their clients count as one.',
    parse: (value) => (value === 'off' ? undefined : integer(1, 100_000)(value)),
  }),
  /**
   * The part of a URL before the path of event streams, without a slash at its end; `undefined`:
   * the origin that is asked for values.
   */
  streamUrl: option({
    name: 'HOLDFAST_STREAM_URL',
    roles: ['node'],
    shown: 'none',
    help: 'Where OpenFeature providers find event streams (/ofrep/v1/streams/…), when that is another origin than the one that they ask for values, or below a path: such as https://streams.example.com.',
    parse: httpUrl,
  }),
  /**
   * Seconds over which direct holds are closed at shutdown; a belt writer writes what waits for at
   * most so long.
   */
  drainSeconds: option({
    name: 'HOLDFAST_DRAIN',
    roles: ['node', 'belt writer'],
    default: '10',
    help: 'Seconds over which direct holds are closed at shutdown, so that their clients do not all reconnect in the same moment; also the time that the belt has to write what waits. 0 to 600.',
    parse: integer(0, 600),
  }),
  /**
   * The service at a CDN where copies are purged, without the `/purge` of its API; `undefined`:
   * none.
   */
  purgeUrl: option({
    name: 'HOLDFAST_PURGE_URL',
    roles: ['node'],
    shown: 'none',
    help: 'Service at a CDN whose copies of snapshots and values are purged when an environment changes, such as https://api.fastly.com/service/ID (docs/fastly.md).',
    parse: (value) => httpUrl(value).replace(/\/purge$/, ''),
  }),
  /** The API token of that service. A secret: do not log it. */
  purgeToken: option({
    name: 'HOLDFAST_PURGE_TOKEN',
    roles: ['node'],
    secret: true,
    shown: 'none',
    help: 'API token for that, with the scope purge_select.',
    parse: token(1),
  }),
  /** Milliseconds from a change to the purge. */
  purgeDelay: option({
    name: 'HOLDFAST_PURGE_DELAY',
    roles: ['node'],
    default: '500',
    help: 'Milliseconds from a change to its purge: the time that nodes may take to follow. Each is purged once more 5 seconds later. 0 to 60000.',
    parse: integer(0, 60_000),
  }),
  /**
   * The buckets that copies are written to, as bucket/location.ts parses them, each valid. May
   * contain credentials: do not log them.
   */
  beltUrls: option({
    name: 'HOLDFAST_BELT',
    roles: ['node', 'belt writer'],
    default: '',
    shown: 'none',
    secret: true,
    help: 'Buckets that every environment is copied to, separated by spaces or commas: file:DIRECTORY, or s3://BUCKET/PREFIX with the options endpoint, region and path-style (docs/belt.md).',
    parse: words,
  }),
  /** Snapshots of an environment that stay in a bucket, the newest included. */
  beltKeep: option({
    name: 'HOLDFAST_BELT_KEEP',
    roles: ['node', 'belt writer'],
    default: '5',
    help: 'Snapshots of each environment that stay in a bucket, the newest included. 1 to 1000.',
    parse: integer(1, 1000),
  }),
  /** The default credentials and region of buckets in S3. Secrets: do not log them. */
  awsAccessKeyId: option({
    name: 'AWS_ACCESS_KEY_ID',
    roles: ROLES,
    help: 'Key id for s3: buckets whose URL has none; without either, credentials of a role or profile are used (docs/belt.md).',
    secret: true,
    parse: text,
  }),
  awsSecretAccessKey: option({
    name: 'AWS_SECRET_ACCESS_KEY',
    roles: ROLES,
    help: 'Its secret.',
    secret: true,
    parse: text,
  }),
  awsSessionToken: option({
    name: 'AWS_SESSION_TOKEN',
    roles: ROLES,
    help: 'Its session token, if it is temporary. It is read at the start only.',
    secret: true,
    parse: text,
  }),
  awsRegion: option({
    name: 'AWS_REGION',
    roles: ROLES,
    help: 'Region of s3: buckets whose URL has none; without either us-east-1.',
    parse: text,
  }),
  /** The name of this process in logs and traces; `undefined`: the host name. */
  nodeName: option({
    name: 'HOLDFAST_NODE_NAME',
    roles: ROLES,
    shown: 'the host name',
    help: 'Name of this process in log lines and traces.',
    parse: text,
  }),
  logLevel: option({
    name: 'LOG_LEVEL',
    roles: ROLES,
    default: 'info',
    help: `Least severe log line that is written: ${LOG_LEVELS.join(', ')}.`,
    parse: oneOf(LOG_LEVELS),
  }),
  /** Where traces go; `undefined` both: no traces are made. OpenTelemetry itself reads the values. */
  traceEndpoint: option({
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    roles: ['node', 'belt server'],
    shown: 'none',
    help: 'Receiver of traces by OTLP over HTTP in protobuf, such as http://collector:4318. Without it no traces are made. Other OTEL_ variables count as OpenTelemetry defines them (docs/operations/traces.md).',
    parse: httpUrl,
  }),
  tracesEndpoint: option({
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    roles: ['node', 'belt server'],
    shown: 'none',
    help: 'The same with the whole path, such as http://collector:4318/v1/traces.',
    parse: httpUrl,
  }),
  traceProtocol: option({
    name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    roles: ['node', 'belt server'],
    default: 'http/protobuf',
    help: 'Protocol of that receiver; there is only this one.',
    parse: oneOf(['http/protobuf']),
  }),
  tracesOff: option({
    name: 'OTEL_SDK_DISABLED',
    roles: ['node', 'belt server'],
    default: 'false',
    help: 'true: no traces are made, whatever the endpoints.',
    parse: (value) => value.toLowerCase() === 'true',
  }),
  /** NODE_ENV=production: nothing is generated that an installation must know. */
  production: option({
    name: 'NODE_ENV',
    // Read by nodes alone, and set everywhere: it is no surprise that it has no effect elsewhere.
    roles: ROLES,
    default: '',
    shown: 'none',
    help: 'production: the admin token and the secret must be given, with any store.',
    parse: (value) => value === 'production',
  }),
  /** Creates environment 1 with example configs in an empty file store. */
  examples: option({
    name: 'HOLDFAST_EXAMPLES',
    roles: ['node'],
    default: 'on',
    help: 'on: an empty file store gets environment 1 with a key and a few example configs, outside of production. off: it stays empty, for a restore.',
    parse: oneOf(['on', 'off']),
  }),
  /**
   * The locations of the copies, as bucket/sources.ts parses them, each valid; at least one. May
   * contain credentials: do not log them.
   */
  sources: option({
    name: 'HOLDFAST_SOURCE',
    roles: ['belt server'],
    default: '',
    shown: 'none',
    secret: true,
    help: 'Makes serve answer from copies alone, without a store, and says where they are, separated by spaces or commas: file:DIRECTORY, s3://BUCKET/PREFIX as for HOLDFAST_BELT, or https://HOST/PATH (docs/belt.md). The same as serve --source.',
    parse: words,
  }),
  /** Seconds between two reads of an environment that is used. */
  revalidateSeconds: option({
    name: 'HOLDFAST_REVALIDATE',
    roles: ['belt server'],
    default: '10',
    help: 'Seconds after which a belt server reads an environment that is used again. 1 to 3600.',
    parse: integer(1, 3600),
  }),
  /** The directory of the last good copies; `undefined`: they are kept in memory only. */
  cacheDirectory: option({
    name: 'HOLDFAST_CACHE',
    roles: ['belt server'],
    shown: 'none',
    help: 'Directory in which a belt server keeps the last good copies, so that it starts while every source is down. Its own: no two processes share one.',
    parse: text,
  }),
  /** The size of that directory beyond which environments are removed from it, MiB. */
  cacheMebibytes: option({
    name: 'HOLDFAST_CACHE_MIB',
    roles: ['belt server'],
    default: '4096',
    help: 'Size of HOLDFAST_CACHE in MiB, about. Beyond it, the environments that were used longest ago are removed. 1 to 1048576.',
    parse: integer(1, 1_048_576),
  }),
};

type Options = typeof options;

/**
 * The settings of one kind of process: those options of the table that have its role, by their
 * names in the code.
 */
export type SettingsOf<R extends Role> = {
  readonly [K in keyof Options as R extends RolesOf<Options[K]> ? K : never]: ValueOf<Options[K]>;
} & {
  /** Sentences about settings that are accepted but probably not meant; to be logged at start. */
  readonly warnings: readonly string[];
};

/** The settings of a node (`holdfast serve`). */
export type NodeSettings = SettingsOf<'node'>;

/** The settings of a belt writer (`holdfast belt`); a node has them too. */
export type BeltWriterSettings = SettingsOf<'belt writer'>;

/** The settings of a belt server (`holdfast serve --source`). */
export type BeltServerSettings = SettingsOf<'belt server'>;

/** The settings that every process has. */
export type CommonSettings = Pick<
  NodeSettings,
  keyof NodeSettings & keyof BeltWriterSettings & keyof BeltServerSettings
>;
