/**
 * The settings: one table that makes names, defaults, checks and help.
 *
 * A setting is added by adding a field to `Settings` and an entry to `table`. Nothing else reads the environment. Every problem is
 * reported at once, at start, so that nobody mends them one restart at a time.
 */
import { messageOf } from '../core/errors.js';
import { parseGripUrl } from '../grip/proxies.js';
import { bucketName, parseBucketLocation } from '../bucket/location.js';
import { splitKeys } from '../grip/keys.js';
import { copyOptions } from './belt-server.js';
import { atLeast, httpUrl, integer, oneOf, several, token, wrap } from './parsers.js';
import {
  awsOf,
  clientVariables,
  common,
  readTable,
  SettingsError,
  unknownSettings,
  type CommonSettings,
  type EnvironmentVariables,
  type Option,
  type Table,
} from './option.js';
import { parseStoreLocation } from '../store/location.js';

export { awsOf, clientVariables, SettingsError, type EnvironmentVariables, type LogLevel } from './option.js';

export type HoldMode = 'auto' | 'grip' | 'direct';

const HOLD_MODES = ['auto', 'grip', 'direct'] as const;

/** Shorter ones could be guessed: 16 characters for a token that a server checks, 32 for a key that is used in an HMAC. */
const MIN_ADMIN_TOKEN = 16;
const MIN_SECRET = 32;

export interface NodeSettings extends CommonSettings {
  /** Where rulesets live, as store/location.ts reads it. May contain credentials: do not log it. */
  readonly store: string;
  /** The GRIP proxies, in the form of `parseGripUri`, each valid. May contain keys: do not log them. */
  readonly gripUrls: readonly string[];
  /** The keys that verify `Grip-Sig` for each proxy whose URL has none of its own; each of them counts. */
  readonly gripVerifyKeys: readonly string[];
  /** Milliseconds between two publish requests to a hosted proxy, at least. */
  readonly publishInterval: number;
  /** The service at a CDN where copies are purged, without the `/purge` of its API; `undefined`: none. */
  readonly purgeUrl: string | undefined;
  /** Its token. A secret: do not log it. */
  readonly purgeToken: string | undefined;
  /** Milliseconds from a change to the purge. */
  readonly purgeDelay: number;
  /**
   * Who holds subscriptions: `auto` a proxy if the request came through one, else this process; `grip` never this process; `direct`
   * always this process.
   */
  readonly hold: HoldMode;
  /** Bearer tokens of the admin interface; `undefined`: generate one and keep it in the data directory (file store only). */
  readonly adminTokens: readonly string[] | undefined;
  /** The first signs recovery links and tokens of event streams, each is accepted; `undefined`: as with the tokens. */
  readonly linkSecrets: readonly string[] | undefined;
  /** T of the invariant, seconds: no hold goes unverified for longer. */
  readonly stalenessSeconds: number;
  /** What comes before the path of event streams; `undefined`: the origin that is asked for values. Without a slash at its end. */
  readonly streamUrl: string | undefined;
  /** Seconds over which direct holds are closed at shutdown. */
  readonly drainSeconds: number;
  /** Seconds that a direct hold lives at most. */
  readonly maxAgeSeconds: number;
  /** Seconds over which the clients of event streams are told of a change, so that they do not all fetch at once. */
  readonly refetchSpreadSeconds: number;
  /** Direct holds at a time, at most. */
  readonly maxHolds: number;
  /** Seconds between the comments that keep an idle hold alive. */
  readonly keepAliveSeconds: number;
  /** The buckets that copies are written to, as belt/location.ts reads them, each valid. May contain credentials: do not log them. */
  readonly beltUrls: readonly string[];
  /** Snapshots of an environment that stay in a bucket, the newest included. */
  readonly beltKeep: number;
  /** NODE_ENV=production: nothing is generated that an installation must know. */
  readonly production: boolean;
}

const table: Table<NodeSettings> = {
  port: common.port,
  host: common.host,
  store: {
    name: 'HOLDFAST_STORE',
    default: 'file:./data',
    secret: true,
    help: 'Where rulesets live: file:DIRECTORY (one process), or a redis:// or rediss:// URL (also Sentinel and Cluster) that all nodes share.',
    parse: storeLocation,
  },
  gripUrls: {
    name: 'GRIP_URL',
    default: '',
    shown: 'none',
    secret: true,
    help: 'GRIP proxies to publish to, separated by spaces or commas, such as http://pushpin:5561?verify-iss=pushpin&verify-key=… or https://api.fastly.com/service/ID?key=TOKEN&verify-iss=fastly:ID.',
    parse: (value) => value.split(/[\s,]+/).filter((url) => url !== ''),
  },
  gripVerifyKeys: {
    name: 'GRIP_VERIFY_KEY',
    default: '',
    shown: 'none',
    secret: true,
    help: 'Key that verifies the Grip-Sig of each proxy whose URL has no verify-key: text, base64:…, PEM or JWK. Several, separated by spaces or commas, are all accepted.',
    parse: (value) => (value === '' ? [] : splitKeys(value)),
  },
  publishInterval: {
    name: 'HOLDFAST_COALESCE',
    default: '100',
    help: 'Milliseconds between two publish requests to a hosted proxy (https), at least: changes that come meanwhile go together. A change after a pause goes at once. 0 to 60000; 4000 stays below 1,000 requests an hour.',
    parse: integer(0, 60_000),
  },
  hold: {
    name: 'HOLDFAST_HOLD',
    default: 'auto',
    help: 'Who holds subscriptions. auto: a GRIP proxy when the request came through one, else this process. grip: never this process (others are answered 501). direct: always this process; it still publishes to GRIP_URL, so that holds which proxies have go on.',
    parse: oneOf(HOLD_MODES),
  },
  adminTokens: {
    name: 'HOLDFAST_ADMIN_TOKEN',
    secret: true,
    shown: 'generated',
    help: `Bearer token of the admin interface, at least ${MIN_ADMIN_TOKEN} characters. Several, separated by spaces or commas, are all accepted; commands send the first. Generated into the data directory of a file store; required with a shared store and in production.`,
    parse: several(token(MIN_ADMIN_TOKEN)),
  },
  linkSecrets: {
    name: 'HOLDFAST_SECRET',
    secret: true,
    shown: 'generated',
    help: `Signs recovery links and the tokens of event streams, at least ${MIN_SECRET} characters, the same on every node. Of several, separated by spaces or commas, the first signs and all are accepted. Generated into the data directory of a file store; required with a shared store and in production.`,
    parse: several(atLeast(MIN_SECRET)),
  },
  stalenessSeconds: {
    name: 'HOLDFAST_STALENESS',
    default: '60',
    help: 'Seconds after which a hold at a GRIP proxy that heard nothing is verified: the longest that a lost change can stay unseen. 5 to 3600; at least the holds per proxy / 500.',
    parse: integer(5, 3600),
  },
  keepAliveSeconds: {
    name: 'HOLDFAST_KEEPALIVE',
    default: '20',
    help: 'Seconds between the comments that keep an idle hold alive. 5 to 29: some SDKs and networks give up after 60 without a byte.',
    parse: integer(5, 29),
  },
  refetchSpreadSeconds: {
    name: 'HOLDFAST_REFETCH_SPREAD',
    default: '2',
    help: 'Seconds over which the clients of event streams (browsers) are told of a change, so that they do not all fetch at once. No environment tells each of them more often than that. 0 to 60; 0 tells all at once.',
    parse: integer(0, 60),
  },
  environmentsInMemory: common.environmentsInMemory,
  maxAgeSeconds: {
    name: 'HOLDFAST_MAX_AGE',
    default: '3600',
    help: 'Seconds that a direct hold lives at most, less a random part; the client reconnects and resumes. 60 to 86400.',
    parse: integer(60, 86_400),
  },
  maxHolds: {
    name: 'HOLDFAST_MAX_HOLDS',
    default: '10000',
    help: 'Direct holds that this process has at a time, at most; further ones are answered 503. 1 to 1000000. Each takes an open file and some 11 KiB.',
    parse: integer(1, 1_000_000),
  },
  streamUrl: {
    name: 'HOLDFAST_STREAM_URL',
    shown: 'none',
    help: 'Where OpenFeature providers find event streams (/ofrep/v1/streams/…), when that is another origin than the one that they ask for values, or below a path: such as https://streams.example.com.',
    parse: httpUrl,
  },
  drainSeconds: {
    name: 'HOLDFAST_DRAIN',
    default: '10',
    help: 'Seconds over which direct holds are closed at shutdown, so that their clients do not all reconnect at once. 0 to 600.',
    parse: integer(0, 600),
  },
  purgeUrl: {
    name: 'HOLDFAST_PURGE_URL',
    shown: 'none',
    help: 'Service at a CDN whose copies of snapshots and values are purged when an environment changes, such as https://api.fastly.com/service/ID (docs/fastly.md).',
    parse: (value) => httpUrl(value).replace(/\/purge$/, ''),
  },
  purgeToken: {
    name: 'HOLDFAST_PURGE_TOKEN',
    secret: true,
    shown: 'none',
    help: 'API token for that, with the scope purge_select.',
    parse: token(1),
  },
  purgeDelay: {
    name: 'HOLDFAST_PURGE_DELAY',
    default: '500',
    help: 'Milliseconds from a change to its purge: what nodes may take to follow. Each is purged once more 5 seconds later. 0 to 60000.',
    parse: integer(0, 60_000),
  },
  beltUrls: {
    name: 'HOLDFAST_BELT',
    default: '',
    shown: 'none',
    secret: true,
    help: 'Buckets that every environment is copied to, separated by spaces or commas: file:DIRECTORY, or s3://BUCKET/PREFIX with the options endpoint, region and path-style (docs/belt.md).',
    parse: (value) => value.split(/[\s,]+/).filter((url) => url !== ''),
  },
  beltKeep: {
    name: 'HOLDFAST_BELT_KEEP',
    default: '5',
    help: 'Snapshots of each environment that stay in a bucket, the newest included. 1 to 1000.',
    parse: integer(1, 1000),
  },
  awsAccessKeyId: common.awsAccessKeyId,
  awsSecretAccessKey: common.awsSecretAccessKey,
  awsSessionToken: common.awsSessionToken,
  awsRegion: common.awsRegion,
  logLevel: common.logLevel,
  production: {
    name: 'NODE_ENV',
    default: '',
    shown: 'none',
    help: 'production: the admin token and the secret must be given, with any store.',
    parse: (value) => value === 'production',
  },
};

/**
 * Reads all settings. Pure: takes nothing but the environment it is given, opens and connects nothing.
 *
 * @param command `belt`: for a process that only copies, so what protects a server is not required, and buckets are
 * @throws SettingsError with every problem
 */
export function readNodeSettings(
  env: EnvironmentVariables,
  command: 'serve' | 'belt' = 'serve',
): NodeSettings {
  const { values, problems } = readTable(table, env);
  if (command === 'serve') problems.push(...required(values, env));
  problems.push(...beltRules(values, command));
  problems.push(...gripRules(values));
  if (values.purgeUrl !== undefined && !isGiven(table.purgeToken, env)) {
    problems.push('HOLDFAST_PURGE_URL needs the API token that may purge there: set HOLDFAST_PURGE_TOKEN.');
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return {
    ...(values as Omit<NodeSettings, 'warnings'>),
    warnings: warnings(values as Omit<NodeSettings, 'warnings'>, env),
  };
}

/** The settings as a table for `holdfast --help`: name, default, meaning. Never a value. */
export function helpText(width = 100): string {
  const rows = [
    ...Object.values<Option<unknown>>(table),
    ...Object.values<Option<unknown>>(copyOptions),
    ...Object.values<Omit<Option<unknown>, 'parse'>>(clientVariables),
  ];
  const lines = rows.flatMap((option) => {
    const head = `  ${option.name.padEnd(25)}${(option.shown ?? option.default ?? 'none').padEnd(23)}`;
    return wrap(option.help, width - head.length).map(
      (line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line,
    );
  });
  return ['Settings (environment variables; name, default, meaning):', ...lines, ''].join('\n');
}

/** Whether more than one process can use that store, so that nodes must agree on what is not in it. */
function isShared(store: string | undefined): boolean {
  return store !== undefined && parseStoreLocation(store).kind !== 'file';
}

function isGiven(option: Option<unknown>, env: EnvironmentVariables): boolean {
  return (env[option.name] ?? '').trim() !== '';
}

function required(values: Partial<NodeSettings>, env: EnvironmentVariables): string[] {
  const why = isShared(values.store)
    ? {
        when: 'with a store that nodes share',
        token: 'every node must accept the same token',
        secret: 'a recovery link that one node signs is answered by another',
      }
    : values.production === true
      ? {
          when: 'in production',
          token: 'a generated one would be known only to a file on this machine',
          secret: 'recovery links must stay valid when the data directory is replaced',
        }
      : undefined;
  if (why === undefined) return [];
  const problems: string[] = [];
  // One that is given and too short has been reported already.
  const absent = (option: Option<unknown>) => !isGiven(option, env);
  if (absent(table.adminTokens)) {
    problems.push(
      `HOLDFAST_ADMIN_TOKEN is required ${why.when}, because ${why.token}. Set it to at least ${MIN_ADMIN_TOKEN} random characters (openssl rand -hex 16).`,
    );
  }
  if (absent(table.linkSecrets)) {
    problems.push(
      `HOLDFAST_SECRET is required ${why.when}, because ${why.secret}. Set it to at least ${MIN_SECRET} random characters (openssl rand -hex 32), the same on every node.`,
    );
  }
  return problems;
}

function gripRules(values: Partial<NodeSettings>): string[] {
  const urls = values.gripUrls ?? [];
  const problems: string[] = [];
  // A key that is given and cannot be read has been reported already; that proxies lack it would be no news.
  for (const [i, url] of values.gripVerifyKeys === undefined ? [] : urls.entries()) {
    try {
      parseGripUrl(url, values.gripVerifyKeys);
    } catch (error) {
      problems.push(
        messageOf(error) + (urls.length > 1 ? ` (the URL at place ${i + 1} of ${urls.length})` : ''),
      );
    }
  }
  if (values.hold === 'grip' && urls.length === 0) {
    problems.push(
      'HOLDFAST_HOLD is grip, but GRIP_URL names no proxy, so nobody could subscribe. Set GRIP_URL, or HOLDFAST_HOLD to auto.',
    );
  }
  return problems;
}

function beltRules(values: Partial<NodeSettings>, command: 'serve' | 'belt'): string[] {
  const urls = values.beltUrls ?? [];
  const problems: string[] = [];
  if (command === 'belt' && urls.length === 0) problems.push('HOLDFAST_BELT names no bucket to copy to.');
  const names = new Set<string>();
  for (const [i, url] of urls.entries()) {
    const place = urls.length > 1 ? ` (the URL at place ${i + 1} of ${urls.length})` : '';
    try {
      const name = bucketName(parseBucketLocation(url, awsOf(values)));
      if (names.has(name)) problems.push(`HOLDFAST_BELT names one bucket twice${place}: ${name}.`);
      names.add(name);
    } catch (error) {
      problems.push(messageOf(error) + place);
    }
  }
  return problems;
}

function warnings(values: Omit<NodeSettings, 'warnings'>, env: EnvironmentVariables): string[] {
  const sentences = unknownSettings(env, allNames());
  if (values.hold === 'direct' && values.gripUrls.length > 0) {
    sentences.push(
      'HOLDFAST_HOLD is direct, so this node publishes to the proxies of GRIP_URL but gives them no new subscriptions to hold.',
    );
  }
  if (values.gripVerifyKeys.length > 0 && values.gripUrls.length === 0) {
    sentences.push('GRIP_VERIFY_KEY has no effect without GRIP_URL.');
  }
  if (values.purgeToken !== undefined && values.purgeUrl === undefined) {
    sentences.push('HOLDFAST_PURGE_TOKEN has no effect without HOLDFAST_PURGE_URL.');
  }
  return sentences;
}

/** Every name that a command reads. */
function allNames(): string[] {
  return [...Object.values(table), ...Object.values(copyOptions), ...Object.values(clientVariables)].map(
    ({ name }) => name,
  );
}

function storeLocation(value: string): string {
  parseStoreLocation(value);
  return value;
}
