/** Store locations: reads the text of HOLDFAST_STORE. Pure; knows no store. */
import { HoldfastError } from '../core/errors.js';

/** The location of a file store. */
export interface FileLocation {
  readonly kind: 'file';
  /** As written: relative to the working directory, or absolute. */
  readonly directory: string;
}

/** The location of a store in Redis, with everything that a connection needs. */
export interface RedisLocation {
  readonly kind: 'redis';
  /**
   * The way to find the node that takes writes: the one named, or asked of Sentinels or of a
   * Cluster's nodes.
   */
  readonly mode: 'single' | 'sentinel' | 'cluster';
  /** One server; or some of the Sentinels; or some of the Cluster's nodes. */
  readonly nodes: readonly HostPort[];
  /** The master's name at the Sentinels. */
  readonly masterName?: string;
  readonly db: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  /** The login of the Sentinels themselves, which is not that of the servers. */
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  /** The number of replicas that must have a write before it counts as made; 0: none. */
  readonly wait: number;
}

/** The location of a store of either kind. */
export type StoreLocation = FileLocation | RedisLocation;

/** The address of one server. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const FORMS = [
  'file:<directory>',
  'redis://[user:password@]host[:port][/db]',
  'redis+sentinel://[user:password@]host:port,host:port/<master name>[/db][?sentinel=[user]:password]',
  'redis+cluster://[user:password@]host:port,host:port',
].join(', ');

const REDIS =
  /^redis(?<tls>s?)(?:\+(?<mode>sentinel|cluster))?:\/\/(?:(?<login>[^@/?]*)@)?(?<nodes>[^@/?]+)(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/;

/**
 * Reads a store location. The redis forms also exist as rediss: TLS to the servers, and to the
 * Sentinels too. They take a query: `wait=N`, the number of replicas that must have a write before
 * it counts as made; and `sentinel=user:password`, the login of the Sentinels, without which they
 * are asked without one. User and password are percent-encoded.
 *
 * @throws HoldfastError `field_invalid`, field HOLDFAST_STORE. The text itself is not repeated: it
 * may hold a password.
 */
export function parseStoreLocation(text: string): StoreLocation {
  return text.startsWith('file:') ? parseFile(text.slice('file:'.length)) : parseRedis(text);
}

/** The name of a store in logs and health: kind and place, without credentials. */
export function storeName(location: StoreLocation): string {
  if (location.kind === 'file') return `file ${location.directory}`;
  const nodes = location.nodes.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  const kind = location.mode === 'single' ? 'redis' : `redis ${location.mode}`;
  const master = location.masterName === undefined ? '' : `/${location.masterName}`;
  return `${kind} ${nodes.join(',')}${master}${location.db === 0 ? '' : `/${location.db}`}`;
}

function parseFile(rest: string): FileLocation {
  // file:///var/lib/x is the URL form of /var/lib/x; file://data would name a host.
  const directory = rest.startsWith('///') ? rest.slice(2) : rest;
  if (directory === '' || directory.startsWith('//')) throw invalid('names no directory');
  return { kind: 'file', directory };
}

function parseRedis(text: string): RedisLocation {
  const groups = REDIS.exec(text)?.groups;
  if (groups === undefined) throw invalid('has none of the forms it may have');
  const mode = (groups.mode ?? 'single') as RedisLocation['mode'];
  const nodes = (groups.nodes ?? '')
    .split(',')
    .map((node) => parseNode(node, mode === 'sentinel' ? 26379 : 6379));
  if (mode === 'single' && nodes.length > 1) {
    throw invalid('names several servers; that needs redis+sentinel:// or redis+cluster://');
  }
  return {
    kind: 'redis',
    mode,
    nodes,
    tls: groups.tls === 's',
    ...parseLogin(groups.login),
    ...parsePath(mode, groups.path ?? ''),
    ...parseQuery(mode, groups.query),
  };
}

function parseNode(text: string, defaultPort: number): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port < 1 || port > 65_535)
    throw invalid('has a server that is not host:port, the port from 1 to 65535');
  return { host, port };
}

function parseLogin(text: string | undefined): { username?: string; password?: string } {
  if (text === undefined) return {};
  const colon = text.indexOf(':');
  if (colon < 0)
    throw invalid('has a login without a colon; write user:password@, or :password@ without a user');
  try {
    const username = decodeURIComponent(text.slice(0, colon));
    const password = decodeURIComponent(text.slice(colon + 1));
    return username === '' ? { password } : { username, password };
  } catch {
    throw invalid('has a login that is not percent-encoded; a % is written %25');
  }
}

function parsePath(mode: RedisLocation['mode'], path: string): { masterName?: string; db: number } {
  if (mode === 'cluster') {
    if (path !== '') throw invalid('has a path, and Redis Cluster has only database 0');
    return { db: 0 };
  }
  const parts = path.split('/');
  const masterName = mode === 'sentinel' ? parts.shift() : undefined;
  if (masterName === '') throw invalid('does not name the master that the Sentinels watch');
  const [db = '', ...rest] = parts;
  if (rest.length > 0 || !/^\d{0,5}$/.test(db))
    throw invalid('has a path that is not the number of a database');
  return masterName === undefined ? { db: Number(db) } : { masterName, db: Number(db) };
}

function parseQuery(
  mode: RedisLocation['mode'],
  query: string | undefined,
): Pick<RedisLocation, 'wait' | 'sentinelUsername' | 'sentinelPassword'> {
  const found = new Map<string, string>();
  for (const part of query?.split('&') ?? []) {
    const [, name = '', value = ''] = /^(wait|sentinel)=(.*)$/.exec(part) ?? [];
    if (name === '' || found.has(name)) {
      throw invalid(
        'may have the queries wait=N, a number of replicas, and sentinel=user:password, and no other',
      );
    }
    found.set(name, value);
  }
  const wait = found.get('wait') ?? '0';
  if (!/^\d{1,2}$/.test(wait)) throw invalid('may have the query wait=N, a number of replicas up to 99');
  const login = found.get('sentinel');
  if (login !== undefined && mode !== 'sentinel') {
    throw invalid('has a login of Sentinels, which only redis+sentinel:// asks');
  }
  const { username, password } = parseLogin(login);
  return {
    wait: Number(wait),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  };
}

function invalid(problem: string): HoldfastError {
  return new HoldfastError('field_invalid', `HOLDFAST_STORE ${problem}. It is one of: ${FORMS}.`, {
    field: 'HOLDFAST_STORE',
  });
}
